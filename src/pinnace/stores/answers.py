"""What all stores answer alike: summaries, which runs a filter or a word means, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from pinnace.base.errors import LeaseLost, NameTaken, NotFoundError, ObjectChanged, UsageError
from pinnace.engine.emissions import Definition, Emission
from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.metrics import Series
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import RunFilter, RunSummary, Submission
from pinnace.schedules.lifetimes import lifetimes

#: Candidates that an ambiguous word is answered with.
SHOWN = 5


def summarize(info: RunInfo, state: RunState, priority: int) -> RunSummary:
    """Return what lists show of a run."""
    return RunSummary(
        uid=info.uid,
        name=info.name,
        namespace=info.namespace,
        labels=printable_labels(info.labels),
        phase=state.phase,
        message=printable(state.message),
        created_at=info.created_at,
        started_at=state.started_at,
        finished_at=state.finished_at,
        shutdown=state.shutdown,
        is_suspended=state.is_suspended,
        priority=priority,
    )


def lifetimes_of(submission: Submission) -> dict[str, int]:
    """Return for each phase that the run can end in how many seconds later it expires."""
    return lifetimes(submission.workflow.spec.ttl_strategy)


def is_expired(run: RunSummary, kept_for: Mapping[str, int], now: float) -> bool:
    """Return whether the run has ended so long ago that it is kept no longer."""
    seconds = kept_for.get(run.phase)
    return seconds is not None and run.finished_at is not None and run.finished_at + seconds <= now


def printable(text: str) -> str:
    """Return the text with ``?`` for each lone surrogate, which a column of text cannot hold."""
    return text.encode("utf-8", "replace").decode()


def printable_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels without lone surrogates."""
    return {printable(key): printable(value) for key, value in labels.items()}


def matches(wanted: RunFilter, run: RunSummary) -> bool:
    """Return whether the run meets every condition but ``limit``."""
    return (
        wanted.namespace in {None, run.namespace}
        and (not wanted.phases or run.phase in wanted.phases)
        and run.name.startswith(wanted.prefix)
        and (wanted.since is None or run.created_at >= wanted.since)
        and (wanted.until is None or run.created_at < wanted.until)
        and (wanted.labels is None or wanted.labels(run.labels))
    )


def pick(text: str, namespace: str | None, candidates: Sequence[RunSummary]) -> RunSummary:
    """Return the one of ``candidates`` that ``text`` means: by its uid, its name, or the beginning of either.

    A name counts only in ``namespace``, unless that is None. Of runs that merely begin so, ``candidates`` may
    leave out those beyond ``SHOWN + 1``.

    Raises:
        NotFoundError: there is none.
        UsageError: there are several.
    """
    here = [run for run in candidates if namespace in {None, run.namespace}]
    meant = [run for run in candidates if run.uid == text] or [run for run in here if run.name == text]
    if not meant and text:
        meant = [
            run
            for run in candidates
            if run.uid.startswith(text) or (run in here and run.name.startswith(text))
        ]
    if not meant:
        message = f"There is no run {printable(text)!r}" + (f" in namespace {namespace}" if namespace else "")
        raise NotFoundError(message, remedy="`pinnace list -A` shows the runs that there are.")
    if len(meant) > 1:
        shown = ", ".join(sorted(f"{run.namespace}/{run.name}" for run in meant[:SHOWN]))
        message = f"{printable(text)!r} could mean {shown}{' and more' if len(meant) > SHOWN else ''}"
        raise UsageError(message, remedy="Give the whole name and the namespace, or the uid.")
    return meant[0]


def newest(found: Sequence[RunSummary], namespace: str | None) -> RunSummary:
    """Return the first of ``found``.

    Raises:
        NotFoundError: there is none.
    """
    if not found:
        message = "There is no run yet" + (f" in namespace {namespace}" if namespace else "")
        raise NotFoundError(message, remedy="`pinnace run FILE` makes one.")
    return found[0]


def no_run(uid: str) -> NotFoundError:
    """Return the error for a uid that no run has."""
    message = f"There is no run with the uid {printable(uid)}"
    return NotFoundError(message, remedy="`pinnace list -A` shows the runs that there are.")


def name_taken(info: RunInfo) -> NameTaken:
    """Return the error for a run whose name another has."""
    message = f"Namespace {info.namespace} has a run named {info.name} already"
    return NameTaken(message, remedy="Delete that run, or choose another name.")


def lease_lost(uid: str) -> LeaseLost:
    """Return the error for a change made under an old lease."""
    return LeaseLost(f"Run {printable(uid)} was taken over by another process, or deleted", uid=uid)


def object_taken(kept: KeptObject) -> NameTaken:
    """Return the error for an object whose name another has."""
    where = f"Namespace {kept.namespace} has a" if kept.namespace else "There is a"
    message = f"{where} {kept.kind} named {printable(kept.name)} already"
    return NameTaken(message, remedy="Update or delete that one, or choose another name.")


def object_changed(kept: KeptObject) -> ObjectChanged:
    """Return the error for a change of an object that is not what was read."""
    message = f"{kept.kind} {printable(kept.name)} was changed or deleted meanwhile"
    return ObjectChanged(message, remedy="Try again.")


def printable_emission(emission: Emission) -> Emission:
    """Return what was emitted without lone surrogates."""
    definition = Definition(emission.definition.kind, printable(emission.definition.help))
    labels = tuple((printable(key), printable(value)) for key, value in emission.labels)
    return replace(emission, definition=definition, labels=labels)


def definition_of(known: Series, emission: Emission) -> Emission | None:
    """Return what is emitted as one more series of a name; None when it contradicts what the name means."""
    if known.definition != emission.definition:
        return None
    return replace(emission, buckets=known.buckets)

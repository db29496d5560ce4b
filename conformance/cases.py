"""Cases: the rows of the suite's table, each with what ``manifests.toml`` adds to it."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
SUITE = HERE.parents[1] / "shared" / "conformance"
MANIFESTS = SUITE / "manifests"

#: Every need of which must be met: a manifest with no other need has to end as expected.
GATE = frozenset(
    {
        "images-only",
        "artifact-repo",
        "s3:explicit",
        "workflowtemplate-store",
        "configmap",
        "cron",
        "user-action",
        "pvc",
    }
)


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a user does to the run, when its time has come."""

    do: str
    """``resume``, ``stop``, ``terminate``, ``set`` or ``retry``."""
    when: str
    """``suspended``: a step waits. ``running``: a task runs. ``ended``: the run has. Or NODE=PHASE."""
    selector: str = ""
    message: str = ""
    parameters: tuple[str, ...] = ()
    """Output parameters, NAME=VALUE each, for ``set``."""


class Knowledge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``manifests.toml`` says of a manifest."""

    expect: str = ""
    """The end to expect here, in place of the table's."""
    because: str = ""
    """Why: where Argo's source shows it, or what a cluster has that no single machine has."""
    actions: tuple[Action, ...] = ()
    parameters: tuple[str, ...] = ()
    """Arguments, NAME=VALUE each."""
    is_lenient: bool = False
    """True: the suite's test reads it without strictness."""
    objects: dict[str, str] = {}
    """What lies in S3 before: ``bucket/key`` → text."""
    semaphores: dict[str, int] = {}
    """Limits that ``pinnace sync create`` has set before: name of the semaphore → how many."""
    limit: float = 0.0
    """Seconds after which it is ended, if not the usual ones."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One manifest and what is to come of it."""

    path: str
    kind: str
    needs: str
    listed: str
    """The end that the table lists, with its remarks."""
    remarks: str
    known: Knowledge

    @property
    def file(self) -> Path:
        """Return where the manifest lies."""
        return MANIFESTS / self.path

    @property
    def needed(self) -> frozenset[str]:
        """Return what it needs, a word each."""
        return frozenset(self.needs.split())

    @property
    def is_gated(self) -> bool:
        """Whether it has to end as expected."""
        return self.needed <= GATE

    @property
    def expected(self) -> str:
        """Return the end to expect: a phase, or rejected, refused, accepted, ends, never."""
        if self.known.expect:
            return self.known.expect
        first = self.listed.replace(";", " ").replace(",", " ").split()[0]
        if first == "n/a":
            if "Succeeded" in self.listed or self.kind == "CronWorkflow":
                return "Succeeded"
            return "accepted"
        return {"random": "ends", "uncertain": "ends", "completes": "ends"}.get(first, first)


def read_cases() -> list[Case]:
    """Return every case of the table, in its order.

    Raises:
        FileNotFoundError: the suite is not beside this clone.
    """
    text = (HERE / "manifests.toml").read_text(encoding="utf-8")
    known = msgspec.convert(tomllib.loads(text), dict[str, Knowledge])
    with (SUITE / "manifests.csv").open(encoding="utf-8", newline="") as table:
        cases = [
            Case(
                path=row["path"],
                kind=row["kind"],
                needs=row["needs"],
                listed=row["expected_phase"],
                remarks=row["notes"],
                known=known.pop(row["path"], Knowledge()),
            )
            for row in csv.DictReader(table)
        ]
    if known:
        message = f"manifests.toml tells of what is not in the table: {', '.join(known)}"
        raise ValueError(message)
    return cases

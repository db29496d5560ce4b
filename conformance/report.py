"""The table of a conformance run, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.verdicts import Outcome, Verdict

_HEAD = """# Conformance

What becomes of Argo's own manifests here: each is read, checked and run in the process executor, with
isolation, by `make conformance`, which wrote this file. *Class* is what a manifest needs, *expected* the end
that Argo's tests assert or that follows from Argo's source, *actual* what happened here.

| verdict | meaning |
|---|---|
| as expected | it ended as on a cluster; where that says *rejected*, *accepted* or *runs on*: as Argo does |
| refused | something in it is not run here: nothing was started, and the reason was told |
| differs | it ended in another phase |
| too late | it had not ended when its time was up |
| unmet need | it ended in another phase because something that it needs, as the network, was not there |

*ends*: the manifest throws dice, any phase is right. A CronWorkflow is checked and becomes one run of its
spec; a template is run where the suite submits it. Ends are what is compared: what of a manifest was not
honoured on the way (a node selector, an `artifactRepositoryRef`, a cache) is told at each node.
"""


def document(outcomes: Sequence[Outcome]) -> str:
    """Return the whole document."""
    parts = [_HEAD, "## Totals\n", totals(outcomes), "## Manifests\n", rows(outcomes)]
    corrected = [outcome for outcome in outcomes if outcome.case.known.because]
    if corrected:
        parts += [_CORRECTIONS, _corrections(corrected)]
    return "\n".join(parts)


_CORRECTIONS = """## Where the expected end is not the table's

The table of the suite says one thing and the manifest, run here, has to do another.
"""


def totals(outcomes: Iterable[Outcome]) -> str:
    """Return a table with a line for each class, those that must hold first."""
    by_class: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_class.setdefault(outcome.case.needs, []).append(outcome)
    verdicts = [verdict for verdict in Verdict if verdict is not Verdict.DEFECT]
    lines = [
        "| class | must hold | manifests | " + " | ".join(verdicts) + " |",
        "|---|---|---" + "|---" * len(verdicts) + "|",
    ]
    whole = [outcome for group in by_class.values() for outcome in group]
    gated = [outcome for outcome in whole if outcome.case.is_gated]
    ordered = sorted(by_class.items(), key=lambda item: (not item[1][0].case.is_gated, item[0]))
    for name, group in [*ordered, ("**all that must hold**", gated), ("**all**", whole)]:
        mark = "yes" if group and all(outcome.case.is_gated for outcome in group) else ""
        counts = [sum(outcome.verdict is verdict for outcome in group) for verdict in verdicts]
        lines.append(f"| {name} | {mark} | {len(group)} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def rows(outcomes: Iterable[Outcome]) -> str:
    """Return a table with a line for each manifest."""
    lines = ["| manifest | class | expected | actual | verdict | reason |", "|---|---|---|---|---|---|"]
    for outcome in outcomes:
        case = outcome.case
        cells = (case.path, case.needs, case.expected, outcome.actual, outcome.verdict, outcome.reason)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def _corrections(outcomes: Iterable[Outcome]) -> str:
    lines = ["| manifest | the table | here | because |", "|---|---|---|---|"]
    for outcome in outcomes:
        case = outcome.case
        cells = (case.path, case.listed, case.expected, case.known.because)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Return ``text`` as one cell: one line, not longer than is read."""
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= 240 else f"{line[:239]}…"


def gate(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return what fails: cases of the classes that must hold, and defects."""
    return [outcome for outcome in outcomes if not outcome.is_good]

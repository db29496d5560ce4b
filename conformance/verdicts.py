"""What the end of a case means."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from conformance.cases import Case
from conformance.plan import UNSUPPORTED, Plan
from conformance.running import End

#: Needs that a machine without a network, without a cluster and with one kernel does not meet.
_ABSENT = frozenset(
    {
        "network",
        "network:artifactory",
        "cloud:azure",
        "cloud:gcs",
        "cloud:oss",
        "otel-collector",
        "privileged",
        "windows",
        "k8s-dra",
    }
)
#: Ends that a run can come to.
_ENDS = ("Succeeded", "Failed", "Error")


class Verdict(StrEnum):
    """How a case stands."""

    HOLDS = "as expected"
    REFUSED = "refused"
    """Something in it is not run here; nothing was started, and the reason was told."""
    DIFFERS = "differs"
    LATE = "too late"
    UNMET = "unmet need"
    """It ended otherwise because something that it needs is not on this machine."""
    DEFECT = "defect"
    """The tool or Pinnace raised what it must not."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a case."""

    case: Case
    actual: str
    verdict: Verdict
    reason: str = ""
    nodes: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the gate lets it pass."""
        if self.verdict is Verdict.DEFECT:
            return False
        return self.verdict is Verdict.HOLDS or not self.case.is_gated


def judge(case: Case, plan: Plan, ends: Sequence[End]) -> Outcome:
    """Return what came of a case whose manifest was read and, unless it has errors, run."""
    if plan.errors:
        return _judge_errors(case, plan)
    refused = next((end for end in ends if end.phase == "refused"), None)
    if refused is not None:
        return _refused(case, refused.message)
    if not ends:
        verdict = Verdict.HOLDS if case.expected == "accepted" else Verdict.DIFFERS
        reason = "" if verdict is Verdict.HOLDS else "it holds nothing that could be run"
        return Outcome(case=case, actual="accepted", verdict=verdict, reason=reason)
    late = next((end for end in ends if end.is_late), None)
    nodes = tuple(line for end in ends for line in end.nodes)
    if late is not None:
        verdict = Verdict.HOLDS if case.expected == "never" else Verdict.LATE
        return Outcome(case=case, actual="runs on", verdict=verdict, reason=late.message, nodes=nodes)
    misfit = next((end.misfit for end in ends if end.misfit), "")
    if misfit:
        return Outcome(case=case, actual="no Workflow", verdict=Verdict.DEFECT, reason=misfit, nodes=nodes)
    wrong = [end for end in ends if not _is_expected(case, end.phase)]
    actual = "ends" if case.expected == "ends" else ", ".join(dict.fromkeys(end.phase for end in ends))
    verdict = Verdict.HOLDS
    if wrong:
        verdict = Verdict.UNMET if case.needed & _ABSENT else Verdict.DIFFERS
    return Outcome(
        case=case, actual=actual, verdict=verdict, reason=wrong[0].message if wrong else "", nodes=nodes
    )


def _refused(case: Case, reason: str) -> Outcome:
    verdict = Verdict.HOLDS if case.expected == "refused" else Verdict.REFUSED
    return Outcome(case=case, actual="refused", verdict=verdict, reason=reason)


def _judge_errors(case: Case, plan: Plan) -> Outcome:
    reasons = "; ".join(dict.fromkeys(problem.message for problem in plan.errors))
    if all(problem.code == UNSUPPORTED for problem in plan.errors):
        return _refused(case, reasons)
    holds = case.expected.startswith("rejected")
    verdict = Verdict.HOLDS if holds else Verdict.DIFFERS
    return Outcome(case=case, actual="rejected", verdict=verdict, reason=reasons)


def _is_expected(case: Case, phase: str) -> bool:
    """Return whether a run may end so; what the table calls random may end in any phase."""
    if case.expected == "ends":
        return phase in _ENDS
    return phase in case.expected.split("|")

"""``depends`` of a DAG task: ``A && (B.Succeeded || C.Failed)``.

Called by the engine for every task whose dependencies have ended, and by checks. A bare name means that the
task went well enough. Source: Argo workflow/common/ancestry.go, workflow/controller/dag.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import evaluate_bool
from pinnace.language.types import BOOL, Type
from pinnace.language.values import Struct

#: A task's name with a result, or a bare name. That ``and`` is a name here too is Argo's.
_NAME = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)")
#: A conjunction of names, which needs no expression.
_CONJUNCTION = re.compile(
    r"\s*[a-zA-Z][-a-zA-Z0-9]*(?:\.[A-Z][a-zA-Z]+)?(?:\s*&&\s*[a-zA-Z][-a-zA-Z0-9]*(?:\.[A-Z][a-zA-Z]+)?)*\s*"
)
#: Names that an expression reads as something else.
_WORDS = frozenset(
    [
        "in", "or", "and", "not", "matches", "contains", "startsWith", "endsWith", "let", "if", "else",
        "true", "false", "nil",
    ]
)  # fmt: skip

#: The results that ``depends`` may ask for, as Argo writes them, with the fields that hold them.
RESULTS = {
    "Succeeded": "succeeded", "Failed": "failed", "Errored": "errored", "Skipped": "skipped",
    "Omitted": "omitted", "Daemoned": "daemoned", "AnySucceeded": "any_succeeded", "AllFailed": "all_failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskResults(Struct):
    """How a task ended. ``any_succeeded`` and ``all_failed`` are of the children of a loop."""

    succeeded: bool = False
    failed: bool = False
    errored: bool = False
    skipped: bool = False
    omitted: bool = False
    daemoned: bool = False
    any_succeeded: bool = False
    all_failed: bool = False

    go_type: ClassVar[str] = "controller.TaskResults"
    fields: ClassVar[Mapping[str, Type]] = dict.fromkeys(RESULTS, BOOL)

    def field(self, name: str) -> object:
        """Return the result of Argo's ``name``."""
        return getattr(self, RESULTS[name])


#: Of a task: whether the workflow continues on its error, and on its failure.
ContinueOn = tuple[bool, bool]
_NEVER: ContinueOn = (False, False)


class Depends:
    """The dependencies of one task.

    Attributes:
        text: as written.
        tasks: the names of tasks in it, in the order of their first mention.
        results: the task and the result of every ``name.Result`` in it.
    """

    __slots__ = ("_bare", "_terms", "results", "tasks", "text")

    def __init__(self, text: str) -> None:
        """Read ``text``; whether it is a condition at all shows when it is evaluated."""
        self.text = text
        matches = list(_NAME.finditer(text))
        pairs = [(match[0].partition(".")[0], match[0].partition(".")[2]) for match in matches]
        self.tasks = tuple(dict.fromkeys(name for name, _ in pairs))
        self.results = tuple(pair for pair in pairs if pair[1])
        #: Where bare names stand.
        self._bare = tuple((match.start(), match.end()) for match in matches if match[2])
        #: For a conjunction: the names with the fields that they ask for, or None of a bare name.
        self._terms: tuple[tuple[str, str | None], ...] | None = None
        known = all(result in RESULTS for _, result in self.results)
        if known and _WORDS.isdisjoint(self.tasks) and _CONJUNCTION.fullmatch(text):
            self._terms = tuple((name, RESULTS[result] if result else None) for name, result in pairs)

    def expand(self, continue_on: Mapping[str, ContinueOn] | None = None) -> str:
        """Return the text with every bare name written out.

        Args:
            continue_on: for tasks that have it, whether on error and on failure.
        """
        pieces: list[str] = []
        at = 0
        for start, end in self._bare:
            name = self.text[start:end]
            on_error, on_failed = (continue_on or {}).get(name, _NEVER)
            wanted = ["Succeeded", "Skipped", "Daemoned", *["Errored"] * on_error, *["Failed"] * on_failed]
            pieces += [self.text[at:start], "(", " || ".join(f"{name}.{result}" for result in wanted), ")"]
            at = end
        return "".join([*pieces, self.text[at:]])

    def evaluate(
        self, results: Mapping[str, TaskResults], continue_on: Mapping[str, ContinueOn] | None = None
    ) -> bool:
        """Return whether the task runs, given how those it depends on ended.

        Args:
            results: of every task in ``tasks``.
            continue_on: for tasks that have it, whether on error and on failure.

        Raises:
            ExpressionError: the text is no condition, or a task or result in it is unknown.
        """
        if self._terms is None:
            return self._evaluate_text(results, continue_on)
        for name, field in self._terms:
            ended = results.get(name)
            if ended is None:
                message = f"unknown name {name}"
                raise ExpressionError(message, self.text, self.text.find(name), "compile")
            if field is not None:
                if not getattr(ended, field):
                    return False
            elif not (ended.succeeded or ended.skipped or ended.daemoned):
                on_error, on_failed = (continue_on or {}).get(name, _NEVER)
                if not ((on_error and ended.errored) or (on_failed and ended.failed)):
                    return False
        return True

    def _evaluate_text(
        self, results: Mapping[str, TaskResults], continue_on: Mapping[str, ContinueOn] | None
    ) -> bool:
        """Return the same by way of an expression, in which a name cannot hold a dash."""
        env: dict[str, object] = {}
        for name in self.tasks:
            if name in results:
                env.setdefault(name.replace("-", "_"), results[name])
        return evaluate_bool(self.expand(continue_on).replace("-", "_"), env, functions=False)


@lru_cache(maxsize=4096)
def parse_depends(text: str) -> Depends:
    """Return the dependencies that ``text`` says."""
    return Depends(text)

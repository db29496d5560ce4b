"""The running of a filter: one step after the other, with a way back to every choice that is left.

A step takes a value and says what comes next: another step with its value, or ``None`` to go back to the last
choice. What is to be done with a result is handed along as a continuation, so that no step waits for another:
neither recursion nor a call in the last place uses up a stack.

    step          called with (machine, value, frame, path, then)
    frame         what names mean: pairs of a value and an outer frame; or what a continuation has kept
    path          in ``path(…)``, where the value was found, as ``Path``; elsewhere ``None``
    then          a step, its frame, and what is then
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from pinnace.language.jq.budget import Budget, Exhausted
from pinnace.language.jq.values import FilterError, Halted

#: A step, the value it gets, its frame, the path and the continuation.
State = tuple["Step", Any, Any, Any, Any]
Step = Callable[["Machine", Any, Any, Any, Any], State | None]
Then = tuple[Step, Any, Any]

#: Steps between two looks at how much memory the choices and continuations take.
_SLICE = 20_000
_MOST_CHOICES = 1_000_000
#: What an error costs.
_ERROR = 16
_DEEPEST = 300_000


class Path(NamedTuple):
    """Where a value was found: under ``key`` of what was found before, if it is not the first."""

    before: Path | None
    key: object
    value: object


class Machine:
    """A run of one filter.

    Attributes:
        choices: the states to go back to, the last one first; also marks of ``try``, which are never gone to.
        budget: the work that is left.
    """

    def __init__(self, budget: Budget) -> None:
        self.choices: list[State] = []
        self.budget = budget

    def results(self, step: Step, value: object) -> Iterator[object]:
        """Yield what the filter makes of ``value``.

        Raises:
            FilterError: an error that nothing in the filter catches.
            Exhausted: the filter costs too much.
        """
        state: State | None = (step, value, None, None, (_result, None, None))
        while True:
            try:
                state = self._until_result(state)
            except FilterError as error:
                self.budget.spend(_ERROR)
                state = self._caught(error)
                continue
            self.budget.spend(1)
            if state is None:
                return
            yield state[1]
            state = None

    def _until_result(self, state: State | None) -> State | None:
        """Go on until there is a result, or no choice is left."""
        choices = self.choices
        while True:
            done = 0
            try:
                for done in range(_SLICE):  # noqa: B007 - it tells how far the loop got, also by an error
                    if state is None:
                        if not choices:
                            return None
                        state = choices.pop()
                    step = state[0]
                    if step is _result:
                        return state
                    state = step(self, *state[1:])
            finally:
                self.budget.left -= done
            self.budget.spend(1)
            self._check_memory(state)

    def _check_memory(self, state: State | None) -> None:
        if len(self.choices) > _MOST_CHOICES:
            raise Exhausted("the filter leaves too many choices open")
        depth = 0
        for link in (state[4], state[3]) if state is not None else ():
            at = link
            while at is not None:
                depth += 1
                at = at[0] if isinstance(at, Path) else at[2]
        if depth > _DEEPEST:
            raise Exhausted("the filter recurses too deeply")

    def _caught(self, error: FilterError) -> State | None:
        """Return what catches ``error``, with all later choices given up.

        Raises:
            FilterError: nothing does.
        """
        left = 0
        while self.choices:
            mark, handler, frame, path, then = self.choices.pop()
            if mark is LEFT_TRY:
                left += 1
            elif mark is IN_TRY:
                if left:
                    left -= 1
                elif not isinstance(error, Halted):
                    return None if handler is None else (handler, error.value, frame, path, then)
            elif mark is IN_ALTERNATIVE:
                step, value = handler
                return step, value, frame, path, then
        raise error


def _result(_machine: Machine, _value: Any, _frame: Any, _path: Any, _then: Any) -> State | None:
    """Mark the end of the filter."""
    return None


def _make_mark(_meaning: str) -> Step:
    def mark(_machine: Machine, _value: Any, _frame: Any, _path: Any, _then: Any) -> State | None:
        """Go back further: a mark is no choice."""
        return None

    return mark


#: What follows is in a ``try``; the value is its handler, or ``None``.
IN_TRY: Final = _make_mark("try")
#: The body of a ``try`` has a result: errors of what is done with it are not the ``try``'s.
LEFT_TRY: Final = _make_mark("left")
#: What follows has an alternative to take on any error; the value is its step and what that gets.
IN_ALTERNATIVE: Final = _make_mark("alternative")

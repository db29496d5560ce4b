"""The state of one evaluation, and its bounds.

Made by ``compiler`` for every run of a program; closures read and set it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pinnace.language.values import MEMORY_BUDGET, Failure

#: The most times that predicates are applied in one evaluation: about a second's work.
MAX_STEPS = 2_000_000


#: Stands for an element that cannot be read: a map has a length for a loop, but no elements.
NO_ELEMENT: Final = object()


class Frame:
    """What an evaluation has: its environment, its variables, the loop it is in, what it has used.

    Attributes:
        env: the variables it may read.
        variables: those of ``let``.
        item, index, accumulated: ``#``, ``#index`` and ``#acc`` of the innermost predicate.
    """

    # Defaults of the class, because a frame is made for every evaluation and most need only ``env``.
    item: object = None
    index: int = 0
    accumulated: object = None
    _memory: int = 0
    _steps: int = 0

    def __init__(self, env: Mapping[str, object]) -> None:
        """Begin an evaluation in ``env``."""
        self.env = env
        self.variables: dict[str, object] = {}

    def grow(self, size: int) -> None:
        """Count ``size`` elements or characters made.

        Raises:
            Failure: they exceed what an evaluation may make.
        """
        self._memory += size
        if self._memory >= MEMORY_BUDGET:
            message = "memory budget exceeded"
            raise Failure(message)

    def step(self) -> None:
        """Count one application of a predicate.

        Raises:
            Failure: the evaluation would take too long.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            message = f"the expression applies predicates more than {MAX_STEPS} times"
            raise Failure(message)


def element(frame: Frame) -> object:
    """Return ``#``.

    Raises:
        Failure: the loop is over a map, which has no elements.
    """
    item = frame.item
    if item is NO_ELEMENT:
        message = "reflect: call of reflect.Value.Index on map Value"
        raise Failure(message)
    return item


#: A compiled node.
Code = Callable[[Frame], object]

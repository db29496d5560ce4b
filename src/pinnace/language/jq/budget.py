"""What a run of a filter may cost, so that no filter can hang or exhaust memory."""

from __future__ import annotations

from pinnace.language.values import Failure, check_size

#: Units of work; a step is one, and so is an element or 64 bytes copied.
MOST_WORK = 5_000_000


class Exhausted(Failure):
    """A filter has cost more than it may; no ``try`` in it can catch this."""


class Budget:
    """The work that is left."""

    def __init__(self, work: int = MOST_WORK) -> None:
        self.left = work

    def spend(self, work: int) -> None:
        """Take off work that is about to be done.

        Raises:
            Exhausted: so much is not left.
        """
        self.left -= work
        if self.left < 0:
            raise Exhausted("the filter does too much work")

    def text(self, characters: int) -> None:
        """Take off the making of a text.

        Raises:
            Exhausted: it is too long, or so much work is not left.
        """
        try:
            check_size(characters)
        except Failure as failure:
            raise Exhausted(failure.message) from None
        self.spend(characters >> 6)

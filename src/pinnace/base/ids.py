"""Names for the plain values that stand for things."""

from __future__ import annotations

from typing import NewType

#: A node's number in its run: 0 is the entry node; given in order of creation; never reused.
NodeNumber = NewType("NodeNumber", int)
#: A run's uid: a random UUID.
RunUid = NewType("RunUid", str)

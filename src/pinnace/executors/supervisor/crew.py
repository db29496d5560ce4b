"""The wardens of a supervisor: which are idle, and how new ones are made."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from typing import Any, NoReturn

from .places import HostPlace, Layout
from .processes import NotStartedError
from .warden import Warden
from .wire import Channel

#: New wardens in one turn of the supervisor's loop. Short tasks end meanwhile and their wardens are used
#: again, so that a thousand of them do not make a hundred wardens.
_NEW_PER_TURN = 4
#: Points for the kernel's choice of a victim when memory runs out: tasks go before Pinnace.
_OOM_POINTS = 500


class Crew:
    """Wardens on the host, used for one task after another, and wardens in private views, used once."""

    def __init__(self, layout: Layout, hidden: list[str], visible: list[str]) -> None:
        self._layout = layout
        self._hidden = hidden
        self._visible = visible
        self._idle: list[Channel] = []
        self._nursery: Any = None

    def has_room(self, spec: dict[str, Any], chosen: int) -> bool:
        """Tell whether one more task may start in a turn that has chosen ``chosen`` already."""
        idle = 0 if spec["isolated"] else len(self._idle)
        return chosen < idle + _NEW_PER_TURN

    def take(self, spec: dict[str, Any]) -> Channel:
        """Return the channel of a warden that waits for a task such as ``spec``.

        Raises:
            OSError: no process can be made.
            NotStartedError: a task such as ``spec`` cannot run on this machine.
        """
        if spec["isolated"]:
            return self._from_nursery()
        return self._idle.pop() if self._idle else self._fork()

    def take_back(self, channel: Channel, spec: dict[str, Any]) -> bool:
        """Keep a warden whose task has ended for the next one; False when it is of no more use."""
        if spec.get("isolated", False) or channel.closed:
            return False
        self._idle.append(channel)
        return True

    def dismiss(self, channel: Channel) -> None:
        """Forget an idle warden that is gone."""
        channel.close()
        if channel in self._idle:
            self._idle.remove(channel)

    def close(self) -> None:
        """Let every warden go."""
        for channel in self._idle:
            channel.close()
        if self._nursery is not None:
            self._nursery.close()

    def _fork(self) -> Channel:
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            serve_on_host(theirs, self._layout)
        theirs.close()
        return Channel(ours)

    def _from_nursery(self) -> Channel:
        if not sys.platform.startswith("linux"):
            message = "private views need Linux; this task can only run without isolation here"
            raise NotStartedError(message)
        if self._nursery is None:
            from .nursery import Nursery  # loads ctypes, which a run without isolation does not need

            self._nursery = Nursery(self._layout, self._hidden, self._visible)
        ours, theirs = socket.socketpair()
        self._nursery.hand(theirs)
        theirs.close()
        return Channel(ours)


def keep_only(connection: socket.socket) -> None:
    """Close every descriptor that a fork inherited except the first three and ``connection``."""
    own = connection.fileno()
    for name in os.listdir("/dev/fd"):
        descriptor = int(name)
        if descriptor > 2 and descriptor != own:  # beyond standard input, output and error
            with contextlib.suppress(OSError):  # the listing's own descriptor
                os.close(descriptor)


def serve_on_host(connection: socket.socket, layout: Layout) -> NoReturn:
    """Be a warden on the host; called in a fork of the supervisor."""
    keep_only(connection)
    if sys.platform.startswith("linux"):
        from .syscalls import become_subreaper

        become_subreaper()
        prefer_as_oom_victim()
    Warden(Channel(connection), HostPlace(layout)).serve(once=False)


def prefer_as_oom_victim() -> None:
    """Make the kernel end this process and its children before others when memory runs out."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(_OOM_POINTS))

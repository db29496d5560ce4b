"""The wardens of a supervisor: which are idle, and how new ones are made."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from . import processes, trees
from .attempts import Attempt
from .places import HostPlace, Layout
from .processes import NotStartedError
from .warden import Warden
from .wire import Channel

_SWEEPER_NICENESS = 10


class Crew:
    """Wardens for tasks on the host and for tasks in private views; each is used again and again."""

    def __init__(self, layout: Layout, hidden: list[str], visible: list[str]) -> None:
        self._layout = layout
        self._hidden = hidden
        self._visible = visible
        self._idle: dict[bool, list[Channel]] = {True: [], False: []}
        self._nursery: Any = None
        self._sweeper: Channel | None = None
        self._sweeper_pid = 0
        self._pids: set[int] = set()
        #: The process of each warden on the host.
        self._wardens: dict[Channel, int] = {}

    def take(self, spec: dict[str, Any]) -> Channel:
        """Return the channel of a warden that waits for a task such as ``spec``.

        Raises:
            OSError: no process can be made.
            NotStartedError: a task such as ``spec`` cannot run on this machine.
        """
        isolated: bool = spec["isolated"]
        if idle := self._idle[isolated]:
            return idle.pop(0)  # the one that has had the longest time to make ready
        return self._from_nursery() if isolated else self._fork()

    def take_back(self, channel: Channel, attempt: Attempt) -> bool:
        """Keep a warden whose task has ended for the next one; False when it is of no more use."""
        if attempt.is_isolated:
            self._sweep(attempt.attempt_id)
        if channel.closed:
            return False
        self._idle[attempt.is_isolated].append(channel)
        return True

    def dismiss(self, channel: Channel) -> None:
        """Forget an idle warden that is gone."""
        channel.close()
        self._wardens.pop(channel, None)
        for idle in self._idle.values():
            if channel in idle:
                idle.remove(channel)

    def end_strays(self, channel: Channel) -> None:
        """Return when nothing is left of the task of a warden that was killed: children of nobody here."""
        warden = self._wardens.pop(channel, None)
        if warden is not None:
            with contextlib.suppress(ChildProcessError):  # reaped already
                os.waitpid(warden, 0)  # its channel closes before its children become this process's
        self._pids -= processes.reap().keys()
        while strays := set(processes.children(os.getpid())) - self._pids:
            for pid in strays:
                processes.send([pid], signal.SIGSTOP)
                processes.kill_descendants(pid)
                processes.send([pid], signal.SIGKILL)
            for pid in strays:  # what it started becomes a child of this process when it has ended
                os.waitpid(pid, 0)

    def close(self) -> None:
        """Return when every warden is gone; none of them runs a task any more."""
        for channel in (*self._idle[True], *self._idle[False]):
            channel.close()
        if self._nursery is not None:
            self._nursery.close()
        if self._sweeper is not None:
            self._sweeper.close()
            if self._sweeper_pid in self._pids:  # what it has still to remove goes with all the rest now
                processes.send([self._sweeper_pid], signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # there is none left
            while True:
                os.waitpid(-1, 0)

    def _sweep(self, attempt_id: str) -> None:
        """Have the scratch folder of an ended task removed; without a sweeper the end of the run does it."""
        if self._sweeper is None or self._sweeper.closed:
            try:
                self._sweeper = self._fork_sweeper()
            except OSError:
                return
        self._sweeper.send(["remove", self._layout.scratch(attempt_id)])

    def _fork_sweeper(self) -> Channel:
        ours, theirs = socket.socketpair()
        if (pid := os.fork()) == 0:
            _serve_sweeping(theirs)
        self._sweeper_pid = pid
        self._pids.add(pid)
        theirs.close()
        return Channel(ours)

    def _fork(self) -> Channel:
        ours, theirs = socket.socketpair()
        if (pid := os.fork()) == 0:
            serve_on_host(theirs, self._layout)
        self._pids.add(pid)
        theirs.close()
        channel = Channel(ours)
        self._wardens[channel] = pid
        return channel

    def _from_nursery(self) -> Channel:
        if not sys.platform.startswith("linux"):
            message = "private views need Linux; this task can only run without isolation here"
            raise NotStartedError(message)
        if self._nursery is None:
            from .nursery import Nursery  # loads ctypes, which a run without isolation does not need

            self._nursery = Nursery(self._layout, self._hidden, self._visible)
            self._pids.add(self._nursery.pid)
        ours, theirs = socket.socketpair()
        self._nursery.hand(theirs)
        theirs.close()
        return Channel(ours)


def _serve_sweeping(connection: socket.socket) -> NoReturn:
    """Remove what is asked for, after everything that is more urgent."""
    processes.keep_only(connection)
    os.nice(_SWEEPER_NICENESS)
    channel = Channel(connection)
    while not channel.closed:
        select.select([channel], [], [])
        for _remove, path in channel.receive():
            trees.remove(path)
    os._exit(0)


def serve_on_host(connection: socket.socket, layout: Layout) -> NoReturn:
    """Be a warden on the host; called in a fork of the supervisor."""
    processes.keep_only(connection)
    if sys.platform.startswith("linux"):
        from .syscalls import become_subreaper

        become_subreaper()
        processes.prefer_as_oom_victim()
    Warden(Channel(connection), HostPlace(layout)).serve()

"""Where tasks live on the host itself (``isolated=False``), and the folders of a run."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Any, NamedTuple

from . import processes, trees
from .links import Links

#: How often a task makes the folder of a file again that another one, which made it first, has taken away.
_TRIES = 100


class Layout(NamedTuple):
    """The folders of a run below its own; every name is relative to ``root``."""

    root: str

    @property
    def logs(self) -> str:
        """Return the folder of log files; it outlives the run."""
        return f"{self.root}/logs"

    def task(self, attempt_id: str) -> str:
        """Return the folder of an attempt's staged files and captures; kept until it is released."""
        return f"{self.root}/tasks/{attempt_id}"

    def scratch(self, attempt_id: str) -> str:
        """Return the folder of what an attempt wrote to its private view; removed when it has ended."""
        return f"{self.root}/scratch/{attempt_id}"


class HostPlace:
    """The host as it is: files are put at their paths when nothing is there, and removed at the end.

    The calling process must be a subreaper for ``kill`` to reach processes that detached themselves; macOS
    has no such thing, there only the command's process group is ended.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._files: list[str] = []
        self._folders: list[str] = []
        self._held: list[str] = []
        self._volumes = Links("", "")
        self._task = ""
        self._work = ""
        self._as_made: object = None
        self.notes: tuple[str, ...] = ()
        self.captures = ""
        self.stored = ""
        self.logs = os.open(layout.logs, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def furnish(self, spec: dict[str, Any]) -> None:
        """Put the task's files at their paths and make its working directory the current folder."""
        folder = self._task = self._layout.task(spec["attempt_id"])
        self._volumes = Links(self._layout.scratch("_links"), spec["attempt_id"])
        self.notes = _unmet(spec)
        self.captures = self.stored = f"{folder}/captures"
        if spec["captures"]:
            os.makedirs(self.captures, exist_ok=True)
        for file in spec["files"]:
            self._put(file)
        if spec["working_dir"]:
            os.chdir(spec["working_dir"])
        else:
            self._enter_work_folder()

    def _enter_work_folder(self) -> None:
        """Make an empty folder the current one: the same for all tasks that leave it as they found it.

        To make and remove one for each takes longer than all else that a short task needs.
        """
        if not self._work:
            work = self._layout.scratch(f"_work{os.getpid()}")
            trees.remove(work)  # of a warden that was killed and had the same process id
            os.makedirs(work)
            self._work = work
            self._as_made = self._state_of_work()
        os.chdir(self._work)

    def _state_of_work(self) -> object:
        """Return what differs when a task has changed the folder; None when it is gone or not to be read."""
        try:
            found = os.stat(self._work)
            return found.st_ino, found.st_mode, found.st_uid, found.st_gid, os.listdir(self._work)
        except OSError:
            return None

    def _give_work_folder_away(self) -> None:
        """Leave the folder to the task that changed it: it is removed when that is released."""
        with contextlib.suppress(FileNotFoundError):  # the task has removed it
            os.makedirs(self._task, exist_ok=True)
            trees.open_up(self._work)  # a folder that its owner may not write to cannot be moved
            os.rename(self._work, f"{self._task}/work")
        self._work = ""

    def _put(self, file: dict[str, Any]) -> None:
        path = file["path"]
        is_volume = file["writable_source"] or file["live_source"]
        if (
            is_volume
            and os.path.realpath(path) == os.path.realpath(file["source"])
            and not os.path.islink(path)
        ):
            return  # it is there
        if os.path.lexists(path) and not is_volume:
            raise _taken(path)
        for tries_left in reversed(range(_TRIES)):
            try:
                self._make_parents(os.path.dirname(path))
                if is_volume:
                    if not self._volumes.hold(path, file["source"]):
                        raise _taken(path)
                    self._held.append(path)
                    return
                trees.place(file["source"], path, file["mode"], link=False)
                break
            except FileNotFoundError:
                if not tries_left:
                    raise
        self._files.append(path)

    def _make_parents(self, folder: str) -> None:
        if folder and not os.path.isdir(folder):
            self._make_parents(os.path.dirname(folder))
            try:
                os.mkdir(folder)
            except FileExistsError:
                return  # another task was faster, and will take it away
            self._folders.append(folder)

    def kill(self, leader: int) -> None:
        """Send SIGKILL to every process of the task, ``leader`` being its command."""
        if not sys.platform.startswith("linux"):
            processes.send_to_group(leader, signal.SIGKILL)
        processes.kill_descendants(os.getpid())

    def used_bytes(self, folder: str) -> int:
        """Return how much lies in a folder of the machine; nothing in a private view, for there is none."""
        return trees.used_bytes(folder) if folder else 0

    def clear(self) -> None:
        """Remove the files that ``furnish`` made, and their folders unless others use them now."""
        os.chdir("/")
        if self._work and self._state_of_work() != self._as_made:
            self._give_work_folder_away()
        for path in self._files:
            trees.remove(path)
        for path in self._held:
            self._volumes.let_go(path)
        for folder in reversed(self._folders):
            try:
                os.rmdir(folder)
            except OSError:
                break
        self._files.clear()
        self._held.clear()
        self._folders.clear()

    def renew(self) -> None:
        """Do nothing: what a task leaves on the host is gone before its end is told."""


def _taken(path: str) -> processes.NotStartedError:
    return processes.NotStartedError(
        f"{path} exists on this machine, and without isolation the task's file would replace it; "
        "run with isolation, or choose another path"
    )


def _unmet(spec: dict[str, Any]) -> tuple[str, ...]:
    notes = ["it ran without isolation: it saw and could change this machine's own files"]
    if any(file["live_source"] and not file["writable_source"] for file in spec["files"]):
        notes.append("nothing kept it from writing to volumes that can only be read")
    if not all(quota["folder"] for quota in spec["quotas"]):
        notes.append("its disk quota limited each file, not their sum")
    return tuple(notes)

"""A private view of the file system for a task: its files in place, entered by its warden.

``groundwork`` describes what a view consists of. The calling process is process 1 of a process namespace.
From ``furnish`` until ``renew`` it is in a mount namespace of its own, sees what the task sees, and reaches
the run's folders only through descriptors opened before.

A view serves one task and is then left to the kernel. To look whether the task has touched it would not do:
over an abstract socket a task can hand a descriptor of its root to a process elsewhere, which would see
whatever the next one does there. But the next view is entered when nobody waits for it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import stat
from typing import Any

from . import syscalls, trees
from .groundwork import PREPARED, VIEW, Shared, make_folder, mount_overlay, mount_stage
from .mounts import SPECIAL, is_below
from .places import Layout
from .processes import NotStartedError

#: How many processes and threads a task may have at once, so that a fork bomb ends itself.
TASK_PROCESSES = 1024
#: From here on ``kernel.pid_max`` belongs to the process namespace; before, writing it would limit the host.
_PRIVATE_PID_MAX = (6, 14)
#: Source: Docker's and containerd's default size of /dev/shm.
_SHM_OPTIONS = "mode=1777,size=64m"


class ViewPlace:
    """A view made of ``shared`` and the task's own files, another one for each task.

    The mounts of ``shared`` are those of the current mount namespace.
    """

    #: The name of the view that has been entered for whatever task comes next; empty when none has.
    _ready = ""
    #: True when the task before had no files of its own, so that the next one will have none, probably.
    _is_plain = False

    def __init__(self, layout: Layout, shared: Shared) -> None:
        self._layout = layout
        self._shared = shared
        self._origin = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self._opened: list[int] = []
        #: Where a quota counts what lies there: its folder → a descriptor.
        self._counted: dict[str, int] = {}
        self._scratches = _open_folder("scratch")
        self._tasks = _open_folder("tasks")
        self._limit_processes()
        self.notes = shared.notes
        self.captures = ""
        self.stored = ""
        self.logs = _open_folder(layout.logs)

    def furnish(self, spec: dict[str, Any]) -> None:
        """Enter the view with the task's files in place and its working directory as the current folder."""
        attempt_id, files = spec["attempt_id"], spec["files"]
        folders = {quota["folder"] for quota in spec["quotas"]}
        self._is_plain = not files and folders <= {""}
        ready, self._ready = self._ready, ""
        if ready and self._is_plain:
            os.rename(ready, attempt_id, src_dir_fd=self._scratches, dst_dir_fd=self._scratches)
        else:
            os.mkdir(attempt_id, dir_fd=self._scratches)
            if ready:
                self._leave()
                os.rename(f"scratch/{ready}", f"scratch/{attempt_id}/unused")
            self._counted = {folder: self._open(folder) for folder in folders if folder}
            self._enter(attempt_id, files)
        if spec["captures"]:
            self._make_captures(attempt_id)
        if "" in folders:
            self._counted[""] = self._open(attempt_id, self._scratches)
        if working_dir := spec["working_dir"]:
            os.makedirs(working_dir, exist_ok=True)  # Source: OCI runtimes make a missing working directory.
            os.chdir(working_dir)

    def kill(self, leader: int) -> None:
        """Send SIGKILL to every process of the task: to all in the namespace but this one."""
        del leader
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return

    def used_bytes(self, folder: str) -> int:
        """Return how much lies in a folder of a quota, or was written to the private view."""
        return trees.used_bytes(f"/proc/self/fd/{self._counted[folder]}")

    def clear(self) -> None:
        """Do nothing: no other task meets what is in a view."""

    def renew(self) -> None:
        """Leave the view, which ends it, and enter the next; the supervisor removes its scratch folder."""
        for descriptor in self._opened:
            os.close(descriptor)
        self._opened.clear()
        self._counted.clear()
        self._leave()
        if not self._is_plain:
            return
        name = f"_{os.urandom(8).hex()}"
        try:
            os.mkdir(name, dir_fd=self._scratches)
            self._enter(name, [])
            self._ready = name
        except OSError:  # the next task meets the reason itself, unless it has gone by then
            self._leave()
            trees.remove(f"scratch/{name}")

    def _enter(self, name: str, files: list[dict[str, Any]]) -> None:
        """Make a view whose scratch folder is ``name``, with ``files`` in place, and enter it."""
        syscalls.unshare(syscalls.CLONE_NEWNS)
        volumes = [file for file in files if _is_mounted(file)]
        for volume in volumes:
            volume["path"] = self._resolve(volume["path"])
        volumes.sort(key=lambda volume: str(volume["path"]))  # a volume in another comes after that
        inner = []
        for file in sorted(files, key=lambda file: str(file["path"])):
            if _is_mounted(file):
                continue
            if _is_in_volume(file, volumes):
                inner.append((file, self._held(file["source"])))
            else:
                self._stage(name, file)
        self._mount(name)
        for number, volume in enumerate(volumes):
            self._mount_volume(f"scratch/{name}/volume{number}", volume)
        os.chdir(VIEW)
        syscalls.pivot_root_here()
        for file, held in inner:
            _put_into_volume(file, held)

    def _leave(self) -> None:
        syscalls.enter(self._origin, syscalls.CLONE_NEWNS)
        os.chdir(self._layout.root)

    def _make_captures(self, attempt_id: str) -> None:
        """Make the folder of captures and open it: from the view it is reached in no other way."""
        self.stored = f"{self._layout.task(attempt_id)}/captures"
        inner = f"{attempt_id}/captures"
        for folder in (attempt_id, inner):
            with contextlib.suppress(FileExistsError):  # the first is there when the task has staged files
                os.mkdir(folder, dir_fd=self._tasks)
        self.captures = f"/proc/self/fd/{self._open(inner, self._tasks)}"

    def _open(self, path: str, folder: int | None = None) -> int:
        descriptor = _open_folder(path, folder)
        self._opened.append(descriptor)
        return descriptor

    def _resolve(self, path: str) -> str:
        """Return ``path`` with the links among its parents followed, as the task will see them."""
        if not path.startswith("/"):
            message = f"{path}: the path of a file must be absolute"
            raise NotStartedError(message)
        path = os.path.normpath(path)
        if not is_below(path, self._shared.hidden):
            path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if path == "/" or is_below(path, [*SPECIAL, *self._shared.bound]):
            message = f"{path}: no file can be put there, it is read-only in a private view on this machine"
            raise NotStartedError(message)
        return path

    def _stage(self, name: str, file: dict[str, Any]) -> None:
        path = self._resolve(file["path"])
        layer = _stage_layer(name)
        try:
            make_folder(layer, os.path.dirname(path))
            trees.place(file["source"], layer + path, file["mode"], link=True)
        except (FileExistsError, NotADirectoryError):
            message = f"{path}: no file can be put there, another input of the task is in the way"
            raise NotStartedError(message) from None

    def _mount_volume(self, place: str, volume: dict[str, Any]) -> None:
        """Mount a volume in the view, ``place`` being where it is on the way there.

        Its source was judged before, and it may lie in another volume: since then, a task that may write
        there may have changed a part of either path, so links are followed in none.
        """
        path = volume["path"]
        source = trees.open_straight(volume["source"])
        self._opened.append(source)
        is_folder = stat.S_ISDIR(os.fstat(source).st_mode)
        try:
            target = trees.make_straight(VIEW, path, is_folder=is_folder)
        except OSError as error:
            message = f"{path}: no volume can be mounted there: {error.strerror or error}"
            raise NotStartedError(message) from None
        self._opened.append(target)
        os.close(trees.make_straight(".", place, is_folder=is_folder))
        syscalls.mount(f"/proc/self/fd/{source}", place, "", syscalls.MS_BIND | syscalls.MS_REC)
        if not volume["writable_source"]:
            syscalls.make_read_only(place)
        syscalls.mount(place, f"/proc/self/fd/{target}", "", syscalls.MS_MOVE)

    def _held(self, path: str) -> str:
        """Return a path to what lies at ``path`` that leads there from the view too."""
        folder, name = os.path.split(os.path.realpath(path, strict=True))
        return f"/proc/self/fd/{self._open(folder)}/{name}"

    def _mount(self, name: str) -> None:
        if os.path.isdir(stage := f"scratch/{name}/stage"):
            mount_stage(stage)
        for number, target in enumerate(self._shared.overlays):
            mount_overlay(self._shared, name, target, number)
        locked = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        # Read-only: root's identity alone, without any capability, may write the kernel's settings there.
        syscalls.mount("proc", f"{VIEW}/proc", "proc", locked | syscalls.MS_RDONLY)
        for name in ("dev", "sys"):
            syscalls.mount(f"{PREPARED}/{name}", f"{VIEW}/{name}", "", syscalls.MS_MOVE)
        terminals = "newinstance,ptmxmode=0666,mode=0620"
        syscalls.mount(
            "devpts", f"{VIEW}/dev/pts", "devpts", syscalls.MS_NOSUID | syscalls.MS_NOEXEC, terminals
        )
        syscalls.mount("shm", f"{VIEW}/dev/shm", "tmpfs", locked, _SHM_OPTIONS)  # noqa: S108 - the task's own
        for path in self._shared.bound:
            syscalls.mount(path, VIEW + path, "", syscalls.MS_BIND | syscalls.MS_REC)
            syscalls.make_read_only(VIEW + path)

    def _limit_processes(self) -> None:
        release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
        if release >= _PRIVATE_PID_MAX:
            with open("/proc/sys/kernel/pid_max", "w", encoding="ascii") as file:
                file.write(str(TASK_PROCESSES))
        elif self._shared.is_root:
            self.notes = (*self.notes, "nothing limits how many processes it starts: that takes Linux 6.14")


def _open_folder(path: str, parent: int | None = None) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=parent)


def _is_mounted(file: dict[str, Any]) -> bool:
    """Return whether the file is there itself, and not a copy of it."""
    return bool(file["writable_source"] or file["live_source"])


def _is_in_volume(file: dict[str, Any], volumes: list[dict[str, Any]]) -> bool:
    """Return whether the file appears in one of the volumes, which are in the order of their paths.

    Raises:
        NotStartedError: that one is read-only.
    """
    volume = next((each for each in reversed(volumes) if is_below(file["path"], [each["path"]])), None)
    if volume is not None and not volume["writable_source"]:
        message = f"{file['path']}: no file can be put there, the volume is read-only"
        raise NotStartedError(message)
    return volume is not None


def _put_into_volume(file: dict[str, Any], source: str) -> None:
    """Make an input appear in a volume. Source: Argo, an input whose path lies in a volume is placed there.

    This is done in the view: links that another task has left in the volume lead no further than there.
    """
    os.makedirs(os.path.dirname(file["path"]), exist_ok=True)
    trees.remove(file["path"])
    trees.place_itself(source, file["path"], file["mode"], link=False)


def _stage_layer(name: str) -> str:
    layer = f"scratch/{name}/stage"
    os.makedirs(layer, exist_ok=True)
    return layer

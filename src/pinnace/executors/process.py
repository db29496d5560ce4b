"""The executor that runs tasks as processes of this machine, without a container engine.

It hands tasks to one small supervisor process a run (``pinnace.executors.supervisor``), which outlives it. On
disk, below ``home/runs/<run>``:

    journal         what was started and how it ended; see ``supervisor.journal``
    logs/           one file a task that said something, in the CRI format; kept
    tasks/          one folder a task with input files or captures; removed by ``release``
    scratch/        what isolated tasks wrote to their private views; removed when the run is closed
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pinnace.base.errors import EnvironmentFailure, UsageError
from pinnace.executors.link import (
    Link,
    connect,
    decode_updates,
    hidden_folders,
    launch,
    visible_folders,
)
from pinnace.executors.supervisor.start import Config
from pinnace.ports.executor import Complaint, Listener, TaskEnded, TaskSpec, TaskStarted, TaskUpdate

_ATTEMPT_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{0,239}")
#: How many supervisors are started when each ends before it can be reached.
_CONNECT_ATTEMPTS = 3
#: Seconds between attempts to replace a supervisor that ended.
_MEND_SECONDS = 1.0


class ProcessExecutor:
    """Runs tasks on this machine; implements ``pinnace.ports.executor.Executor``.

    Args:
        home: Pinnace's folder; tasks cannot look into it.
        max_tasks: how many tasks of one run are started at once, the rest waits.
            Source: Kubernetes, 110 pods a node.
        python: the interpreter of the supervisors.
        visible: folders that isolated tasks may read although they lie in a hidden one.
    """

    def __init__(
        self,
        home: Path,
        *,
        max_tasks: int = 110,
        python: str = sys.executable,
        visible: Sequence[Path] = (),
    ) -> None:
        self._home = home.resolve()
        self._max_tasks = max_tasks
        self._python = python
        self._visible = tuple(visible)
        self._listener: Listener = lambda _updates: None
        self._complain: Complaint = lambda _run_id, _trouble: None
        self._links: dict[str, Link] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        #: The run of every attempt that is not released.
        self._runs: dict[str, str] = {}
        #: What was handed over and has not ended; the specification until it has started, None from then on.
        self._open: dict[str, dict[str, Any] | None] = {}
        self._repairs: set[asyncio.Task[None]] = set()

    def listen(self, listener: Listener, complain: Complaint | None = None) -> None:
        """Tell every update to ``listener`` from now on, and to ``complain`` what a run waits for."""
        self._listener = listener
        self._complain = complain or self._complain

    def folder(self, run_id: str) -> Path:
        """Return the folder of a run on disk."""
        return self._home / "runs" / run_id

    def log_path(self, run_id: str, attempt_id: str) -> Path:
        """Return where an attempt's output is; no file is there before it says something."""
        return self.folder(run_id) / "logs" / f"{attempt_id}.log"

    async def start(self, tasks: Sequence[TaskSpec]) -> None:
        """Hand over ``tasks``; a known attempt is not started again.

        Raises:
            EnvironmentFailure: there is no supervisor, or no room on disk for the tasks' files.
            UsageError: an attempt id could not be a file's name.
        """
        by_run: dict[str, list[TaskSpec]] = {}
        for task in tasks:
            _check(task)
            by_run.setdefault(task.run_id, []).append(task)
        for run_id, members in by_run.items():
            link = await self._link(run_id)
            try:
                specs = self._stage(run_id, members)
            except OSError as error:
                message = f"{error.filename}: {error.strerror}"
                raise EnvironmentFailure(message, remedy=f"make room below {self._home}") from error
            for spec in specs:
                attempt_id = spec["attempt_id"]
                self._runs[attempt_id] = run_id
                self._open.setdefault(attempt_id, spec)
            await link.ask("start", specs)

    async def cancel(self, attempt_ids: Sequence[str], *, grace: float | None = None) -> None:
        """Ask for an end: SIGTERM, ``grace`` seconds, SIGKILL. A not yet started attempt never starts."""
        for run_id, members in self._by_run(attempt_ids).items():
            await (await self._link(run_id)).ask("cancel", members, grace)

    async def fail(self, attempt_id: str, message: str) -> None:
        """Ask for an end as of one that is unhealthy."""
        if (run_id := self._runs.get(attempt_id)) is not None:
            await (await self._link(run_id)).ask("fail", attempt_id, message)

    async def run_beside(self, attempt_id: str, argv: Sequence[str], *, seconds: float) -> int | None:
        """Run ``argv`` beside the attempt's command and return its exit code; None if that does not run."""
        if (run_id := self._runs.get(attempt_id)) is None:
            return None
        answer = await (await self._link(run_id)).ask("exec", attempt_id, list(argv), seconds)
        return msgspec.json.decode(answer, type=int | None)

    async def adopt(self, run_id: str) -> Sequence[TaskUpdate]:
        """Take over what an earlier process started, and return the last fact of each attempt."""
        if not (self.folder(run_id) / "journal").exists():
            return ()
        link = await self._link(run_id)
        facts = decode_updates(await link.ask("state"))
        for fact in facts:
            self._runs[fact.attempt_id] = run_id
            if isinstance(fact, TaskStarted):
                self._open[fact.attempt_id] = None
        return facts

    async def release(self, attempt_ids: Sequence[str]) -> None:
        """Forget attempts whose ends are saved; their staged files and captures are removed."""
        for run_id, members in self._by_run(attempt_ids).items():
            await (await self._link(run_id)).ask("release", members)
            if left := _left_behind(self.folder(run_id), members):
                await asyncio.to_thread(_remove_all, left)
            for attempt_id in members:
                self._runs.pop(attempt_id, None)

    async def close_run(self, run_id: str) -> None:
        """Leave nothing of the run running and none of its scratch files; its logs stay."""
        folder = self.folder(run_id)
        link = self._links.pop(run_id, None)
        if link is None and (connection := connect(folder)) is not None:
            link = await self._open_link(run_id, connection)
        if link is not None:
            with contextlib.suppress(EnvironmentFailure):  # gone already is what was wanted
                await link.ask("close")
            link.close()
        await asyncio.to_thread(_remove_run, folder)
        for attempt_id in [a for a, run in self._runs.items() if run == run_id]:
            del self._runs[attempt_id]
            self._open.pop(attempt_id, None)
        self._locks.pop(run_id, None)

    async def close(self) -> None:
        """Let go of everything without ending what runs."""
        for repair in self._repairs:
            repair.cancel()
        for link in self._links.values():
            link.close()
        self._links.clear()

    # -- the supervisors

    async def _link(self, run_id: str) -> Link:
        async with self._locks.setdefault(run_id, asyncio.Lock()):
            link = self._links.get(run_id)
            if link is None or not link.is_open:
                link = await self._open_link(run_id, await self._connect(run_id))
                self._links[run_id] = link
            return link

    async def _connect(self, run_id: str) -> Any:
        folder = self.folder(run_id)
        config = Config(
            root=str(folder),
            max_tasks=self._max_tasks,
            hidden=hidden_folders(self._home),
            visible=visible_folders(self._python, [*self._visible, self._home / "venvs"]),
        )
        for _ in range(_CONNECT_ATTEMPTS):
            if (connection := connect(folder)) is not None:
                return connection
            try:
                for part in ("logs", "tasks"):
                    (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                message = f"{error.filename}: {error.strerror}"
                raise EnvironmentFailure(message, remedy=f"make {self._home} writable") from error
            await asyncio.to_thread(launch, self._python, config)
        message = "the supervisor of the run's tasks ends as soon as it is started"
        raise EnvironmentFailure(message)

    async def _open_link(self, run_id: str, connection: Any) -> Link:
        loop = asyncio.get_running_loop()
        _transport, link = await loop.create_unix_connection(
            lambda: Link(self._take_in, lambda trouble: self._complain(run_id, trouble), self._mend),
            sock=connection,
        )
        return link

    def _take_in(self, updates: Sequence[TaskUpdate]) -> None:
        for update in updates:
            if isinstance(update, TaskEnded):
                self._open.pop(update.attempt_id, None)
            elif update.attempt_id in self._open:
                self._open[update.attempt_id] = None
        self._listener(updates)

    def _mend(self, link: Link) -> None:
        """A supervisor ended: have another report what became of its tasks, and start what waited."""
        for run_id, known in list(self._links.items()):
            if known is link:
                del self._links[run_id]
                repair = asyncio.get_running_loop().create_task(self._resume(run_id))
                self._repairs.add(repair)
                repair.add_done_callback(self._repairs.discard)

    async def _resume(self, run_id: str) -> None:
        while True:
            try:
                link = await self._link(run_id)
                facts = decode_updates(await link.ask("state"))
                break
            except EnvironmentFailure:
                await asyncio.sleep(_MEND_SECONDS)  # no room, no processes: the tasks' owner waits as well
        self._take_in([fact for fact in facts if fact.attempt_id in self._open])
        waiting = [spec for spec in self._open.values() if spec is not None and spec["run_id"] == run_id]
        if waiting:
            await link.ask("start", waiting)

    # -- files and names

    def _stage(self, run_id: str, tasks: Iterable[TaskSpec]) -> list[dict[str, Any]]:
        """Return the tasks as the supervisor takes them: contents of files are on disk."""
        return [self._stage_one(run_id, task) for task in tasks]

    def _stage_one(self, run_id: str, task: TaskSpec) -> dict[str, Any]:
        spec: dict[str, Any] = msgspec.to_builtins(task, builtin_types=(bytes,))
        if not spec["files"]:
            return spec
        folder = self.folder(run_id) / "tasks" / task.attempt_id / "files"
        for number, file in enumerate(spec["files"]):
            content = file.pop("content")
            if file["source"]:
                file["source"] = os.path.abspath(file["source"])  # noqa: PTH100 - a link stays a link
                continue
            target = folder / str(number)
            file["source"] = str(target)
            if not target.exists():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                target.write_bytes(content)
                target.chmod(0o644 if file["mode"] is None else file["mode"])
        return spec

    def _by_run(self, attempt_ids: Iterable[str]) -> dict[str, list[str]]:
        by_run: dict[str, list[str]] = {}
        for attempt_id in attempt_ids:
            if (run_id := self._runs.get(attempt_id)) is not None:
                by_run.setdefault(run_id, []).append(attempt_id)
        return by_run


def _check(task: TaskSpec) -> None:
    for name in (task.attempt_id, task.run_id):
        if not _ATTEMPT_ID.fullmatch(name):
            message = f"{name!r} cannot name a task's files: letters, digits, '.' and '-', at most 240"
            raise UsageError(message)


def _left_behind(folder: Path, attempt_ids: Iterable[str]) -> list[str]:
    """Return the folders that the attempts have left; most have none."""
    folders = [f"{folder}/tasks/{attempt_id}" for attempt_id in attempt_ids]
    return [each for each in folders if os.path.lexists(each)]


def _remove_all(folders: Iterable[str]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_run(folder: Path) -> None:
    for part in ("tasks", "scratch"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for name in ("journal", "supervisor.lock", "supervisor.sock", "supervisor.err"):
        (folder / name).unlink(missing_ok=True)

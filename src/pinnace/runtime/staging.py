"""From a command to a task the executor can run, and from its end to an event the engine understands.

Everything that may block (loading and saving artifacts) runs on worker threads; a task without artifacts
costs no thread at all.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from pinnace.base.errors import ArtifactNotFound, PinnaceError
from pinnace.engine.artifacts import repository_of
from pinnace.engine.commands import StartTask
from pinnace.engine.containers import MAIN, container_of, is_main, outputs_of, wants_inputs
from pinnace.engine.events import TaskEnded, TaskProblem, TaskProgressed, TaskStarted
from pinnace.engine.naming import node_id, pod_name
from pinnace.engine.progress import parse_progress
from pinnace.engine.run import Run
from pinnace.ports import executor as port
from pinnace.ports.artifacts import ArtifactKeeper
from pinnace.ports.hostfolders import HostFolder
from pinnace.ports.images import Images, Refusal
from pinnace.runtime.downward import PodFacts, pod_facts
from pinnace.runtime.environment import check_lengths, environment, expand
from pinnace.runtime.fidelity import notes_of, notes_of_workflow
from pinnace.runtime.handlers import LAST_WORDS_PATH, NOT_READ, handler
from pinnace.runtime.hosts import NOT_ISOLATED, hosts_file
from pinnace.runtime.quotas import disk_quotas
from pinnace.runtime.volumes import Volumes
from pinnace.spec.locate import kept, relocate
from pinnace.spec.parameters import Archive, Artifact, Outputs
from pinnace.spec.podpatch import grace_of
from pinnace.spec.templates import Container, ScriptTemplate

#: Seconds between SIGTERM and SIGKILL. Source: Kubernetes terminationGracePeriodSeconds.
_GRACE = 30.0

#: Where a script's source appears. Source: Argo workflow/common ExecutorScriptSourcePath.
SCRIPT_PATH = "/argo/staging/script"

#: Where a container says how far it is. Source: Argo workflow/common ArgoProgressPath.
PROGRESS_PATH = "/var/run/argo/progress"

_PROBLEMS = {
    port.EndReason.EXITED: TaskProblem.NONE,
    port.EndReason.SIGNALLED: TaskProblem.NONE,
    port.EndReason.DEADLINE: TaskProblem.DEADLINE,
    port.EndReason.CANCELLED: TaskProblem.CANCELLED,
    port.EndReason.NOT_STARTED: TaskProblem.NOT_STARTED,
    port.EndReason.UNHEALTHY: TaskProblem.NONE,
    port.EndReason.EVICTED: TaskProblem.EVICTED,
    port.EndReason.LOST: TaskProblem.LOST,
}


class Stager:
    """Prepares and collects the tasks of one run.

    Args:
        run: whose tasks they are.
        folder: the run's own, where loaded artifacts lie.
        claims: where claims lie that outlive runs.
        host_folders: what ``hostPath`` volumes may mount.
        keeper: loads and saves artifacts.
        images: finds what stands in for an image.
        extra_env: variables that every task gets beneath its own, as under the embedded world.
        isolated: whether tasks get a private view of the machine.
    """

    def __init__(
        self,
        run: Run,
        folder: Path,
        keeper: ArtifactKeeper,
        images: Images,
        *,
        claims: Path,
        host_folders: Sequence[HostFolder],
        extra_env: Mapping[str, str],
        isolated: bool,
    ) -> None:
        self._run = run
        self._folder = folder
        self._staging = folder / "staging"
        self._volumes = Volumes(run, folder, claims, host_folders)
        self._keeper = keeper
        self._repository = repository_of(run)
        self._images = images
        self._extra_env = dict(extra_env)
        self._isolated = isolated
        self._tasks: dict[str, StartTask] = {}
        self._notes: dict[str, tuple[str, ...]] = {}
        self._common_notes = notes_of_workflow(
            run.workflow.spec, has_repository=run.info.repository is not None
        )

    def clear(self) -> None:
        """Remove what was loaded for tasks, and the volumes that have served their time."""
        shutil.rmtree(self._staging, ignore_errors=True)
        self._volumes.clear()

    def forget(self, attempt_ids: Iterable[str]) -> None:
        """Remove what was loaded for tasks whose ends are saved."""
        for attempt_id in attempt_ids:
            self._tasks.pop(attempt_id, None)
            self._notes.pop(attempt_id, None)
            folder = f"{self._staging}/{attempt_id}"
            if os.path.lexists(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def know(self, command: StartTask) -> None:
        """Remember a task that an earlier process started: its end will be collected."""
        self._tasks[command.attempt_id] = command
        self._notes[command.attempt_id] = notes_of(command.template, self._common_notes, command.container)

    def command_of(self, attempt_id: str) -> StartTask | None:
        """Return the command of a known attempt."""
        return self._tasks.get(attempt_id)

    async def prepare(self, command: StartTask) -> port.TaskSpec | None:
        """Return the task, its input artifacts loaded; None if it was forgotten meanwhile.

        After a crash a start is asked for again, and the end of the first may be saved while this one loads.

        Raises:
            PinnaceError: an input, a secret or the image's stand-in is missing.
        """
        self.know(command)
        artifacts = _inputs(command)
        loaded = await asyncio.to_thread(self._load, command, artifacts) if artifacts else ()
        if command.attempt_id not in self._tasks:
            shutil.rmtree(self._staging / command.attempt_id, ignore_errors=True)
            return None
        return self._spec(command, tuple(loaded))

    def _spec(self, command: StartTask, loaded: tuple[port.StagedFile, ...]) -> port.TaskSpec:
        template = command.template
        container = container_of(template, command.container)
        files = [*loaded]
        info = self._run.info
        facts = pod_facts(command, info, self._run.workflow.spec)
        env = self._environment(command, container, facts)
        quotas = disk_quotas(container, command.container or MAIN)
        if container.volume_mounts:
            folder = self._staging / command.pod_id
            files += self._volumes.files(container, template, folder, facts, env)
            quotas += self._volumes.quotas(container, template, folder)
        if own_words := container.termination_message_path:
            if not self._isolated:
                self._notes[command.attempt_id] += (NOT_READ,)
            elif not own_words.startswith("/dev/"):
                files.append(port.StagedFile(path=own_words, mode=0o666))
        aliases = (self._run.workflow.spec.host_aliases, template.host_aliases)
        if self._isolated:
            files += hosts_file(*aliases)
        elif any(aliases):
            self._notes[command.attempt_id] += (NOT_ISOLATED,)
        args = container.args
        if isinstance(container, ScriptTemplate) and container.source:
            script = self._script_path(command)
            files.append(port.StagedFile(path=script, content=_bytes(container.source), mode=0o755))
            args = (*args, script)
        command_ = tuple(expand(each, env) for each in container.command)
        found = self._images.resolve(container.image, command_, [expand(each, env) for each in args])
        if isinstance(found, Refusal):
            raise PinnaceError(found.message, remedy="; ".join(found.remedies))
        whole = {**dict(found.env), **self._extra_env, **env}
        check_lengths(found.argv, whole)
        grace = grace_of(template)
        self._notes[command.attempt_id] += found.notes
        return port.TaskSpec(
            attempt_id=command.attempt_id,
            run_id=self._run.info.uid,
            argv=found.argv,
            env=tuple(whole.items()),
            working_dir=container.working_dir,
            files=(*found.files, *files),
            captures=captures_of(outputs_of(template, command.container)),
            want_result=command.want_result,
            deadline=command.deadline,
            timeout=command.timeout,
            grace=_GRACE if grace is None else grace,
            isolated=self._isolated,
            progress_file=env["ARGO_PROGRESS_FILE"],
            post_start=handler(container, "postStart"),
            pre_stop=handler(container, "preStop"),
            last_words=self._last_words_path(container),
            words_from_log=container.termination_message_policy == "FallbackToLogsOnError",
            quotas=tuple(quotas),
        )

    def _progress_path(self, command: StartTask) -> str:
        """Return where the task may write how far it is; without a view each needs a place of its own."""
        if self._isolated:
            return PROGRESS_PATH
        return f"{self._progress_folder}/{command.attempt_id}.progress"

    @cached_property
    def _progress_folder(self) -> Path:
        """The folder that tasks without a view write in; it is there once it was asked for."""
        self._staging.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._staging

    def _last_words_path(self, container: Container) -> str:
        """Return where the container says why it failed; nowhere without a view, for all would meet there."""
        return (container.termination_message_path or LAST_WORDS_PATH) if self._isolated else ""

    def _script_path(self, command: StartTask) -> str:
        """Return where the source appears; without a view of its own each task needs a place of its own."""
        return SCRIPT_PATH if self._isolated else str(self._staging / command.attempt_id / "script")

    def _environment(self, command: StartTask, container: Container, facts: PodFacts) -> dict[str, str]:
        info = self._run.info
        own = {
            "ARGO_CONTAINER_NAME": command.container or MAIN,
            "ARGO_NODE_ID": node_id(info.name, command.node_name),
            "ARGO_POD_NAME": self._pod_name(command),
            "ARGO_PROGRESS_FILE": self._progress_path(command),
            "ARGO_WORKFLOW_NAME": info.name,
            "PINNACE_ATTEMPT_ID": command.attempt_id,
        }
        return own | environment(container, self._run.lookup.catalogue, facts)

    def _load(self, command: StartTask, artifacts: list[Artifact]) -> list[port.StagedFile]:
        found = []
        for index, artifact in enumerate(artifacts):
            target = self._staging / command.attempt_id / "inputs" / str(index)
            try:
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    self._keeper.load(relocate(artifact, command.template.archive_location), target)
            except ArtifactNotFound:
                if artifact.optional:
                    continue
                raise
            found.append(port.StagedFile(path=artifact.path, source=str(target), mode=None))
        return found

    # From the executor -------------------------------------------------------------------------------------

    def started(self, update: port.TaskStarted) -> TaskStarted | None:
        """Return the event that a start means; None for an attempt that is not this run's."""
        command = self._tasks.get(update.attempt_id)
        if command is None:
            return None
        notes = (*self._notes.get(update.attempt_id, ()), *update.notes)
        return TaskStarted(node=command.node, attempt_id=update.attempt_id, at=update.at, notes=notes)

    def progressed(self, update: port.TaskProgressed) -> TaskProgressed | None:
        """Return the event that a report of progress means; None if it says nothing, or is not this run's."""
        command = self._tasks.get(update.attempt_id)
        if command is None or parse_progress(update.progress) is None:
            return None
        return TaskProgressed(node=command.node, attempt_id=update.attempt_id, progress=update.progress)

    def needs_loading(self, command: StartTask) -> bool:
        """Return whether preparing the task may block."""
        return bool(_inputs(command))

    def is_plain(self, update: port.TaskEnded) -> bool:
        """Return whether collecting the end cannot block: there are no artifacts to save."""
        command = self._tasks.get(update.attempt_id)
        has_artifacts = any(each.kind is port.CaptureKind.ARTIFACT for each in update.captures)
        return command is None or not (has_artifacts or wants_logs(command))

    def ended_plainly(self, update: port.TaskEnded) -> TaskEnded | None:
        """Return the event that a plain end means; None for an attempt that is not this run's."""
        command = self._tasks.get(update.attempt_id)
        return None if command is None else self._collect(command, update)

    async def ended(self, update: port.TaskEnded) -> TaskEnded | None:
        """Return the event that an end means, its output artifacts saved first."""
        command = self._tasks.get(update.attempt_id)
        return None if command is None else await asyncio.to_thread(self._collect, command, update)

    def refused(self, command: StartTask, error: PinnaceError, at: float) -> TaskEnded:
        """Return the event for a task that could not be prepared."""
        notes = self._notes.get(command.attempt_id, ())
        return TaskEnded(
            node=command.node,
            attempt_id=command.attempt_id,
            at=at,
            problem=TaskProblem.PREPARATION,
            message=_told(error),
            notes=notes,
        )

    def _collect(self, command: StartTask, update: port.TaskEnded) -> TaskEnded:
        parameters = _written(outputs_of(command.template, command.container))
        saved: list[Artifact] = []
        missing: list[str] = []
        trouble = ""
        declared = {each.name: each for each in command.template.outputs.artifacts}
        for capture in update.captures:
            if capture.kind is port.CaptureKind.PARAMETER:
                if capture.found:
                    parameters[capture.name] = _text(Path(capture.stored))
            elif not capture.found:
                missing.append(capture.name)
                if declared[capture.name].optional:
                    # Argo hands an optional output on although it is not there: its consumer forgives that.
                    saved.append(self._placed(command, declared[capture.name]))
            elif capture.error:
                trouble = trouble or f"output artifact {capture.name}: {capture.error}"
            else:
                try:
                    saved.append(self._save(command, declared[capture.name], Path(capture.stored)))
                except PinnaceError as error:
                    trouble = trouble or f"output artifact {capture.name}: {_told(error)}"
        if wants_logs(command):
            try:
                saved += self._save_log(command, has_run=update.exit_code is not None)
            except PinnaceError as error:
                trouble = trouble or f"the archived log: {_told(error)}"
        message, problem = update.message or trouble, _PROBLEMS[update.reason]
        if trouble and problem is TaskProblem.NONE:
            problem = TaskProblem.COLLECTION
        return TaskEnded(
            node=command.node,
            attempt_id=command.attempt_id,
            at=update.at,
            exit_code=update.exit_code,
            problem=problem,
            message=message,
            result=update.result,
            parameters=parameters,
            artifacts=tuple(saved),
            missing=tuple(missing),
            notes=self._notes.get(command.attempt_id, ()),
        )

    def _save(self, command: StartTask, artifact: Artifact, stored: Path) -> Artifact:
        """Store what the task left, and return the artifact with its location."""
        own = self._placed(command, artifact)
        self._keeper.save(relocate(own, command.template.archive_location), stored)
        return own

    def _placed(self, command: StartTask, artifact: Artifact) -> Artifact:
        """Return an output as its node keeps it."""
        location = command.template.archive_location or self._repository
        return kept(artifact, location, self._repository)

    def _pod_name(self, command: StartTask) -> str:
        return pod_name(self._run.info.name, command.node_name, command.template.name)

    def _save_log(self, command: StartTask, *, has_run: bool) -> list[Artifact]:
        """Save the log as Argo does with ``archiveLogs``: also an empty one, of a command that has run."""
        log = self._folder / "logs" / f"{command.attempt_id}.log"
        if not log.exists():
            if not has_run:
                return []
            log.parent.mkdir(exist_ok=True)
            log.touch()
        declared = log_artifact(command.container or MAIN)
        return [replace(self._save(command, declared, log), path="", archive=None)]


def log_artifact(container: str) -> Artifact:
    """Return what the archived log of a container is declared as. Source: Argo we/executor.go SaveLogs."""
    return Artifact(name=f"{container}-logs", path=f"{container}.log", archive=Archive(none={}))


def _inputs(command: StartTask) -> list[Artifact]:
    """Return the artifacts that the container finds at their paths."""
    if not wants_inputs(command.template, command.container):
        return []
    return [each for each in command.template.inputs.artifacts if each.path]


def _written(outputs: Outputs) -> dict[str, str | None]:
    """Return the values of output parameters that are written, or to be had where there is no file."""
    return {
        each.name: each.value if each.value_from is None else each.value_from.default
        for each in outputs.parameters
    }


def captures_of(outputs: Outputs) -> tuple[port.Capture, ...]:
    """Return what is kept of the task's view when it has ended."""
    found = [
        port.Capture(name=each.name, path=each.value_from.path, kind=port.CaptureKind.PARAMETER)
        for each in outputs.parameters
        if each.value_from is not None and each.value_from.path
    ]
    found += [
        port.Capture(name=each.name, path=each.path, kind=port.CaptureKind.ARTIFACT)
        for each in outputs.artifacts
        if each.path
    ]
    return tuple(found)


def wants_logs(command: StartTask) -> bool:
    """Return whether the task's log is kept as an artifact."""
    location = command.template.archive_location
    is_kept = location is not None and bool(location.archive_logs)
    return is_kept and is_main(command.template, command.container)


def _told(error: PinnaceError) -> str:
    """Return what a node's message says of an error: on one line, with what to do."""
    return f"{error.message}. {error.remedy}" if error.remedy else error.message


def _text(path: Path) -> str:
    """Return an output parameter's file as text, one newline at the end taken off.

    Source: Argo we/executor.go SaveParameters.
    """
    return path.read_bytes().decode("utf-8", "replace").removesuffix("\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

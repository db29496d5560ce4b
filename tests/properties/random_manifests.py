"""Random manifests for the engine: what Hypothesis draws, and what their tasks do."""

from __future__ import annotations

import re
import zlib
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec.structs import replace

from pinnace.engine.commands import DeleteArtifacts, StartTask, Work
from pinnace.engine.events import TaskProblem
from pinnace.spec.parameters import S3
from pinnace.testing.simulated import Behaviour, Script

LEAVES = ("good", "echo", "flaky", "bad", "broken", "slow", "pause", "kept")
WORK = ("http", "list", "act", "call")
PODS = ("staged", "crowd", "set", "again-in-place", "daemon", "probed", "restarted", "served")
RETRYING = ("again", "backing-off", "capped", "judged", "short-of-time")
#: How these end depends on when others do.
TIMED = ("slow", "short-of-time", *PODS[1:])

CONTAINER = {"image": "i", "command": ["c"]}
PROBE = {"tcpSocket": {"port": 1}}


def containers(*names: str) -> list[dict[str, Any]]:
    """Return containers of these names."""
    return [{"name": name, **CONTAINER} for name in names]


#: Any of these may be asked for by what runs itself. What calls others asks for a lock of its own: two that
#: call each other's holders would wait for ever, in Argo as well.
LOCKS = ("one", "two", "three")

#: What stands in every manifest. Names tell what a task does: see ``script``.
TEMPLATES: list[dict[str, Any]] = [
    {"name": "good", "container": {"image": "i", "command": ["c"]}},
    {
        "name": "echo",
        "inputs": {"parameters": [{"name": "text", "default": "none"}]},
        "script": {"image": "i", "command": ["c"], "source": "say {{inputs.parameters.text}}"},
        "outputs": {"parameters": [{"name": "said", "valueFrom": {"path": "/said", "default": "nothing"}}]},
    },
    {"name": "flaky", "container": {"image": "i", "command": ["c"]}},
    {"name": "bad", "container": {"image": "i", "command": ["c"]}},
    {"name": "broken", "container": {"image": "i", "command": ["c"]}},
    {"name": "slow", "timeout": "3s", "container": {"image": "i", "command": ["c"]}},
    {"name": "http", "http": {"url": "http://there"}},
    {"name": "list", "data": {"source": {"artifactPaths": {"name": "a", "s3": {"key": "k"}}}}},
    {
        "name": "act",
        "resource": {"action": "get", "manifest": "kind: ConfigMap"},
        "outputs": {"parameters": [{"name": "seen", "valueFrom": {"jsonPath": "{.x}", "default": "d"}}]},
    },
    {
        "name": "call",
        "retryStrategy": {"limit": 2},
        "plugin": {"hello": {}},
        "outputs": {"parameters": [{"name": "seen", "valueFrom": {"supplied": {}}}]},
    },
    {
        "name": "kept",
        "container": CONTAINER,
        "outputs": {
            "artifacts": [
                {"name": "plain", "path": "/a"},
                {"name": "done", "path": "/b", "artifactGC": {"strategy": "OnWorkflowCompletion"}},
                {"name": "never", "path": "/c", "artifactGC": {"strategy": "Never"}},
            ]
        },
    },
    {"name": "pause", "suspend": {"duration": "5s"}},
    {
        "name": "again",
        "retryStrategy": {"limit": 2, "retryPolicy": "Always"},
        "container": {"image": "i", "command": ["c"], "args": ["{{retries}}"]},
    },
    {
        "name": "backing-off",
        "retryStrategy": {"limit": "3", "backoff": {"duration": "2s", "factor": 2}},
        "container": {"image": "i", "command": ["c"]},
    },
    {
        "name": "capped",
        "retryStrategy": {
            "limit": 4,
            "retryPolicy": "OnError",
            "backoff": {"duration": "4s", "factor": 3, "cap": "6s"},
        },
        "container": {"image": "i", "command": ["c"]},
    },
    {
        "name": "judged",
        "retryStrategy": {"limit": 5, "expression": "asInt(lastRetry.exitCode) < 3"},
        "container": {"image": "i", "command": ["c"]},
    },
    {
        "name": "short-of-time",
        "retryStrategy": {"limit": 9, "backoff": {"duration": "3s", "maxDuration": "7s"}},
        "container": {"image": "i", "command": ["c"]},
    },
    {"name": "staged", "initContainers": containers("one", "two"), "container": CONTAINER},
    {
        "name": "crowd",
        "initContainers": containers("one"),
        "container": CONTAINER,
        "sidecars": containers("left", "right"),
        "outputs": {"parameters": [{"name": "p", "valueFrom": {"path": "/p", "default": "x"}}]},
    },
    {
        "name": "set",
        "retryStrategy": {"limit": 1, "retryPolicy": "Always"},
        "sidecars": containers("beside"),
        "containerSet": {
            "containers": [
                {"name": "main", "dependencies": ["a"], **CONTAINER},
                *containers("a", "b"),
                {"name": "last", "dependencies": ["main", "b"], **CONTAINER},
            ]
        },
    },
    {
        "name": "again-in-place",
        "containerSet": {
            "retryStrategy": {"retries": 3, "duration": "2s"},
            "containers": [{"name": "b", "dependencies": ["a"], **CONTAINER}, *containers("a")],
        },
    },
    {"name": "daemon", "daemon": True, "container": CONTAINER},
    {"name": "probed", "daemon": True, "container": {**CONTAINER, "readinessProbe": PROBE}},
    {
        "name": "restarted",
        "daemon": True,
        "retryStrategy": {"limit": 2, "retryPolicy": "Always"},
        "container": CONTAINER,
    },
    {
        "name": "served",
        "daemon": True,
        "container": CONTAINER,
        "sidecars": [{"name": "beside", "readinessProbe": PROBE, **CONTAINER}],
    },
]


def script(seed: int) -> Script:
    """Return what tasks do: chance, but for each attempt of each node always the same."""

    def behave(command: StartTask | Work) -> Behaviour:
        container = command.container if isinstance(command, StartTask) else ""
        roll = zlib.crc32(f"{seed} {command.node_name} {container}".encode())
        kind = command.template.name
        seconds = 1.0 + roll % 5
        if isinstance(command, DeleteArtifacts):
            some = command.artifacts[: 1 + roll % 5]
            message = "" if some == command.artifacts else "trouble"
            return Behaviour(seconds=0.0, exit_code=len(message), message=message, artifacts=some)
        if isinstance(command, Work):
            seen: dict[str, str | None] = {"seen": f"{roll % 7}"}
            code = 0 if roll // 5 % 3 else 1
            return Behaviour(seconds=seconds, exit_code=code, result=f'"{roll}"', parameters=seen)
        if kind == "kept":
            stored = tuple(
                replace(each, s3=S3(key=f"{command.node_name}/{each.name}"))
                for each in command.template.outputs.artifacts
            )
            return Behaviour(seconds=seconds, exit_code=roll // 5 % 2, artifacts=stored)
        if kind in {"good", "echo"}:
            said: dict[str, str | None] = {"said": f"{roll % 7}" if roll // 5 % 2 else None}
            return Behaviour(seconds=seconds, result=f"{roll % 100}", parameters=said)
        if command.template.daemon and roll // 5 % 5 < 3:
            return Behaviour(seconds=20.0 * seconds)
        if kind == "bad" or (kind != "broken" and roll // 5 % 5 < 2):
            return Behaviour(seconds=seconds, exit_code=1 + roll % 4)
        if kind == "broken" or roll // 5 % 5 == 2:
            problem = (TaskProblem.PREPARATION, TaskProblem.LOST, TaskProblem.COLLECTION)[roll // 25 % 3]
            return Behaviour(seconds=seconds, exit_code=None, problem=problem, message="trouble")
        return Behaviour(seconds=seconds)

    return behave


@st.composite
def manifests(draw: DrawFn, *, timeless: bool = False) -> dict[str, Any]:
    """Draw a workflow's spec.

    Args:
        draw: Hypothesis's.
        timeless: only what ends the same in whatever order its tasks end: nothing that fails fast or has a
            limit of time, and no hook that depends on being seen running.
    """
    names = [f"t{place}" for place in range(draw(st.integers(1, 4)))]
    templates = list(TEMPLATES)
    given = [name for name in (*LEAVES, *WORK, *PODS, *RETRYING) if not timeless or name not in TIMED]
    for place, name in enumerate(names):
        callable_ = [*given, *names[place + 1 :]]
        body = draw(steps(callable_, timeless) if draw(st.booleans()) else dags(callable_, timeless))
        if draw(st.integers(0, 3)) == 0:
            body["parallelism"] = draw(st.integers(1, 3))
        if not timeless and draw(st.integers(0, 3)) == 0:
            body["failFast"] = True
        if draw(st.integers(0, 5)) == 0:
            body["retryStrategy"] = {"limit": 1, "retryPolicy": "Always"}
        if draw(st.integers(0, 5)) == 0:
            body["synchronization"] = {"mutexes": [{"name": f"of-{name}"}]}
        templates.append({"name": name, **body})
    _mark(draw, templates, given, timeless)
    spec: dict[str, Any] = {"entrypoint": "t0", "templates": templates}
    if draw(st.integers(0, 5)) == 0:
        spec["synchronization"] = {"mutexes": [{"name": "of-the-workflow"}]}
    if draw(st.integers(0, 2)) == 0:
        spec["artifactGC"] = {"strategy": draw(st.sampled_from(["OnWorkflowCompletion", "Never"]))}
    if draw(st.integers(0, 3)) == 0:
        spec["parallelism"] = draw(st.integers(1, 3))
    if draw(st.integers(0, 3)) == 0:
        spec["onExit"] = draw(st.sampled_from(given))
    if not timeless and draw(st.integers(0, 3)) == 0:
        spec["activeDeadlineSeconds"] = draw(st.integers(1, 20))
    if not timeless and draw(st.integers(0, 3)) == 0:
        spec["hooks"] = {"watch": {"template": "good", "expression": 'workflow.status == "Running"'}}
    return spec


def _mark(draw: DrawFn, templates: list[dict[str, Any]], given: list[str], timeless: bool) -> None:
    """Let some of the templates need locks, and one be memoized."""
    for name in draw(st.sets(st.sampled_from(given), max_size=3)):
        locks = draw(st.sets(st.sampled_from(LOCKS), min_size=1, max_size=2))
        place = next(place for place, template in enumerate(templates) if template["name"] == name)
        mutexes = [{"name": lock} for lock in sorted(locks)]
        templates[place] = {**templates[place], "synchronization": {"mutexes": mutexes}}
    if not timeless and draw(st.integers(0, 2)) == 0:
        place = draw(st.integers(0, len(templates) - 1))
        memoize = {"key": draw(st.sampled_from(["one", "two"])), "cache": {"configMap": {"name": "kept"}}}
        templates[place] = {**templates[place], "memoize": memoize}


@st.composite
def calls(draw: DrawFn, name: str, templates: list[str], before: list[str], timeless: bool) -> dict[str, Any]:
    """Draw a step or a task called ``name``; ``before`` are references to earlier ones' results."""
    call: dict[str, Any] = {"name": name, "template": draw(st.sampled_from(templates))}
    if call["template"] == "echo" and before and draw(st.booleans()):
        parameter = {"name": "text", "value": "{{" + draw(st.sampled_from(before)) + "}}"}
        call["arguments"] = {"parameters": [parameter]}
    call |= draw(
        st.sampled_from(
            [
                *[{}] * 4,
                {"withItems": ["a", "b"]},
                {"withItems": [1, {"k": "v"}, [1, 2]]},
                {"withItems": []},
                {"withSequence": {"count": "3"}},
                {"withParam": "[1, 2, 3]", "when": "{{item}} != 2"},
                {"when": "1 == 1"},
                {"when": "1 == 2"},
                {"when": "nonsense ("},
            ]
        )
    )
    if draw(st.integers(0, 4)) == 0:
        call["onExit"] = draw(st.sampled_from(["good", "bad", "http", "backing-off"]))
    if not timeless and draw(st.integers(0, 5)) == 0:
        call["hooks"] = {
            "running": {"template": "good", "expression": f'{{root}}["{name}"].status == "Running"'}
        }
    if draw(st.integers(0, 5)) == 0:
        call.setdefault("hooks", {})["done"] = {
            "template": "good",
            "expression": f'{{root}}["{name}"].status == "Succeeded"',
        }
    return call


def _rooted(call: dict[str, Any], root: str) -> dict[str, Any]:
    """Return the call with its hooks' expressions about ``steps`` or ``tasks``."""
    for hook in call.get("hooks", {}).values():
        hook["expression"] = hook["expression"].replace("{root}", root)
    return call


@st.composite
def steps(draw: DrawFn, templates: list[str], timeless: bool) -> dict[str, Any]:
    """Draw a steps template."""
    groups: list[list[dict[str, Any]]] = []
    before: list[str] = []
    for place in range(draw(st.integers(1, 3))):
        names = [f"s{place}{letter}" for letter in "ab"[: draw(st.integers(1, 2))]]
        group = [_rooted(draw(calls(name, templates, before, timeless)), "steps") for name in names]
        for call in group:
            if draw(st.integers(0, 3)) == 0:
                call["continueOn"] = draw(
                    st.sampled_from([{"failed": True}, {"error": True}, {"failed": True, "error": True}])
                )
        groups.append(group)
        before += [f"steps.{name}.status" for name in names]
        before += [f"steps.{call['name']}.outputs.result" for call in group if _says(call)]
    return {"steps": groups}


@st.composite
def dags(draw: DrawFn, templates: list[str], timeless: bool) -> dict[str, Any]:
    """Draw a dag template, with ``depends`` or with ``dependencies`` and ``continueOn``."""
    with_depends = draw(st.booleans())
    tasks: list[dict[str, Any]] = []
    for place in range(draw(st.integers(1, 4))):
        needs = [each for each in tasks if draw(st.booleans())]
        before = [f"tasks.{each['name']}.status" for each in needs]
        before += [f"tasks.{each['name']}.outputs.result" for each in needs if _says(each)]
        call = _rooted(draw(calls(f"k{place}", templates, before, timeless)), "tasks")
        if needs and with_depends:
            terms = [f"{each['name']}{draw(st.sampled_from(_results(each)))}" for each in needs]
            call["depends"] = draw(st.sampled_from([" && ", " || "])).join(terms)
        elif needs:
            call["dependencies"] = [each["name"] for each in needs]
        elif not with_depends and draw(st.integers(0, 3)) == 0:
            call["continueOn"] = {"failed": True}
        tasks.append(call)
    dag: dict[str, Any] = {"tasks": tasks}
    if not timeless and draw(st.integers(0, 3)) == 0:
        dag["failFast"] = False
    if draw(st.integers(0, 4)) == 0:
        dag["target"] = draw(st.sampled_from(tasks))["name"]
    return {"dag": dag}


def _results(task: dict[str, Any]) -> list[str]:
    loop = [".AnySucceeded", ".AllFailed"] if any(key.startswith("with") for key in task) else []
    return ["", "", ".Succeeded", ".Failed", ".Errored", ".Skipped", ".Omitted", ".Daemoned", *loop]


def _says(call: dict[str, Any]) -> bool:
    """Return whether the call has a result whenever it succeeds, and cannot be skipped."""
    return call["template"] in {"good", "echo"} and not re.search(r"with|when", " ".join(call))

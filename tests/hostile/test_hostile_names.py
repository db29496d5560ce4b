"""Names and keys that mean something to a file system, a URL or C: they stay names, or are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal, shell, workflow

NAMES = [
    "..", ".", "../../x", "/etc/passwd", "a/../../b", "%2e%2e%2f", "a%2Fb", "a\0b", "x" * 300, "\n", " ",
    "-rf", "~", "a b", "con", "é", "\u202e", "{{x}}", "$(id)", "a\\b", "", "*", "a/", "//", "a//b", ".hidden",
]  # fmt: skip
IDS = [f"{name[:12]!a}-{index}" for index, name in enumerate(NAMES)]
EVERY = pytest.mark.parametrize("name", NAMES, ids=IDS)


def outside(terminal: Terminal) -> set[Path]:
    """Return what lies beside the home and the manifest, where nothing may be written."""
    beside = [path for path in terminal.folder.iterdir() if path != terminal.home]
    return {inside for path in beside for inside in (path, *path.rglob("*"))}


def try_out(terminal: Terminal, document: dict[str, Any]) -> int:
    """Run the workflow; nothing may appear outside of the home, whatever becomes of it."""
    file = terminal.write(json.dumps(document))
    before = outside(terminal)
    said = terminal("run", file)
    assert said.status in {0, 1, 2}
    assert said.status == 0 or said.all
    assert outside(terminal) == before
    return said.status


@EVERY
def test_a_workflow_of_that_name(terminal: Terminal, name: str) -> None:
    assert try_out(terminal, workflow({"name": "main", "suspend": {"duration": "0"}}, name=name)) in {0, 2}


@EVERY
def test_an_artifact_stored_and_loaded_under_that_key(terminal: Terminal, private: None, name: str) -> None:
    write = {
        **shell("echo content > /tmp/out", "write"),
        "outputs": {"artifacts": [{"name": "out", "path": "/tmp/out", "s3": {"key": name}}]},
    }
    read = {
        **shell("test content = $(cat /tmp/in)", "read"),
        "inputs": {"artifacts": [{"name": "in", "path": "/tmp/in"}]},
    }
    pass_on = {"artifacts": [{"name": "in", "from": "{{steps.write.outputs.artifacts.out}}"}]}
    groups = [
        [{"name": "write", "template": "write"}],
        [{"name": "read", "template": "read", "arguments": pass_on}],
    ]

    try_out(terminal, workflow({"name": "main", "steps": groups}, write, read))


@EVERY
def test_an_artifact_and_a_parameter_of_that_name_and_path(
    terminal: Terminal, private: None, name: str
) -> None:
    outputs = {
        "artifacts": [{"name": name, "path": f"/tmp/{name}"}],
        "parameters": [{"name": name, "valueFrom": {"path": f"/tmp/{name}", "default": "none"}}],
    }
    inputs = {"artifacts": [{"name": name, "path": f"/tmp/in/{name}", "raw": {"data": "content"}}]}

    try_out(terminal, workflow({**shell("echo content > /tmp/other"), "inputs": inputs, "outputs": outputs}))


@EVERY
def test_a_volume_path_and_a_key_of_that_name(terminal: Terminal, private: None, name: str) -> None:
    config = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {name: "content"}}
    template = shell("ls -R /config > /dev/null")
    template["container"]["volumeMounts"] = [
        {"name": "config", "mountPath": "/config"},
        {"name": "work", "mountPath": "/work-here", "subPath": name},
    ]
    document = workflow(
        template,
        volumes=[{"name": "config", "configMap": {"name": "c"}}, {"name": "work", "emptyDir": {}}],
    )
    terminal.write(json.dumps(config), "config.json")
    before = outside(terminal) | {terminal.folder / "workflow.yaml"}

    said = terminal("run", terminal.write(json.dumps(document)), terminal.folder / "config.json")

    assert said.status in {0, 1, 2}
    assert outside(terminal) == before


@pytest.mark.parametrize("volume", [{"emptyDir": {}}, {"claim": {}}], ids=["emptyDir", "claim"])
@EVERY
def test_a_volume_of_that_name(terminal: Terminal, private: None, volume: dict[str, Any], name: str) -> None:
    template = shell("ls /mounted > /dev/null")
    template["container"]["volumeMounts"] = [{"name": name, "mountPath": "/mounted"}]
    declared = {"volumes": [{"name": name, **volume}]}
    if "claim" in volume:
        declared = {"volumeClaimTemplates": [{"metadata": {"name": name}, "spec": {}}]}

    try_out(terminal, workflow(template, **declared))


@EVERY
def test_an_image_of_that_name(terminal: Terminal, name: str) -> None:
    template = {"name": "main", "container": {"image": name, "command": ["true"]}}
    try_out(terminal, workflow(template))


def test_secrets_climb_nowhere(terminal: Terminal) -> None:
    template = shell("exit 0")
    template["container"]["env"] = [
        {"name": "X", "valueFrom": {"secretKeyRef": {"name": "../x", "key": "../../y"}}}
    ]
    assert try_out(terminal, workflow(template)) in {1, 2}

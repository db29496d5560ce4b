"""Volumes as a task finds them, and how long they live."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.engine.run import Run
from pinnace.ports.executor import StagedFile
from pinnace.runtime.downward import PodFacts
from pinnace.runtime.volumes import Volumes
from pinnace.testing.builders import bundle_of, run_of

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "1", b: "2"}
"""


class Mounting:
    """A run whose only template mounts the volume ``v`` at ``/v``."""

    def __init__(self, folder: Path, spec: str, mount: str = "", volume: str = "v") -> None:
        text = f"""
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{name: wf, namespace: here}}
spec:
  entrypoint: main
  {spec}
  templates:
  - name: main
    container: {{image: busybox, volumeMounts: [{{name: "{volume}", mountPath: /v{mount}}}]}}
---
{CONFIG_MAP}"""
        self.run: Run = run_of(bundle_of(text))
        self.claims = folder / "claims"
        self.own = folder / "run"
        self.volumes = Volumes(self.run, self.own, self.claims)

    def files(self, task: str = "task") -> list[StagedFile]:
        template = self.run.workflow.spec.templates[0]
        assert template.container is not None
        facts, env = PodFacts(lambda: {"metadata.name": "pod"}, template), {"PART": "deep"}
        return self.volumes.files(template.container, template, self.own / task, facts, env)

    def end(self, phase: str) -> None:
        self.run.state = replace(self.run.state, phase=phase)
        self.volumes.clear()


CLAIM = "volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]"
TEMPLATE = "volumeClaimTemplates: [{metadata: {name: v}}]"


def test_an_existing_claim_is_one_folder_for_all_runs_of_a_namespace(tmp_path: Path) -> None:
    first, second = Mounting(tmp_path / "1", CLAIM), Mounting(tmp_path / "2", CLAIM)
    second.volumes = Volumes(second.run, second.own, first.claims)

    (found,) = first.files()
    assert found.path == "/v"
    assert found.writable_source
    assert Path(found.source) == first.claims / "here" / "data"
    Path(found.source, "kept").touch()

    first.end("Succeeded")
    (again,) = second.files()
    assert [path.name for path in Path(again.source).iterdir()] == ["kept"]


@pytest.mark.parametrize("name", ["..", "a/b", ".", "", "Data"])
def test_a_claim_cannot_be_anywhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ManifestError, match="cannot be the name of a claim"):
        Mounting(tmp_path, CLAIM.replace("data", repr(name))).files()


@pytest.mark.parametrize(
    ("spec", "mount"),
    [
        (CLAIM, ", readOnly: true"),
        (CLAIM.replace("data", "data, readOnly: true"), ""),
        (TEMPLATE, ", readOnly: true"),
        ("volumes: [{name: v, emptyDir: {}}]", ", readOnly: true"),
    ],
)
def test_a_volume_that_is_mounted_read_only_is_not_written(tmp_path: Path, spec: str, mount: str) -> None:
    (found,) = Mounting(tmp_path, spec, mount).files()
    assert not found.writable_source


@pytest.mark.parametrize(
    ("collect", "phase", "is_kept"),
    [
        ("", "Succeeded", False),
        ("", "Failed", True),
        ("", "Error", True),
        ("OnWorkflowSuccess", "Failed", True),
        ("OnWorkflowCompletion", "Failed", False),
    ],
)
def test_a_retry_finds_what_claim_templates_made_unless_it_was_to_be_collected(
    tmp_path: Path, collect: str, phase: str, *, is_kept: bool
) -> None:
    strategy = f"\n  volumeClaimGC: {{strategy: {collect}}}" if collect else ""
    mounting = Mounting(tmp_path, TEMPLATE + strategy)
    (found,) = mounting.files()
    Path(found.source, "state").touch()

    mounting.end(phase)

    (again,) = mounting.files("retried")
    assert [path.name for path in Path(again.source).iterdir()] == (["state"] if is_kept else [])


def test_each_task_has_an_empty_dir_of_its_own(tmp_path: Path) -> None:
    mounting = Mounting(tmp_path, "volumes: [{name: v, emptyDir: {}}]")
    (one,), (other,) = mounting.files("one"), mounting.files("other")
    assert one.source != other.source


def test_facts_about_the_pod_are_files(tmp_path: Path) -> None:
    item = "{path: name, fieldRef: {fieldPath: %s}}"
    spec = "volumes: [{name: v, downwardAPI: {defaultMode: 256, items: [%s]}}]" % (item % "metadata.name")
    (found,) = Mounting(tmp_path, spec).files()
    assert (found.path, found.content, found.mode) == ("/v/name", b"pod", 256)
    with pytest.raises(ManifestError, match=r"'status\.qos' has no value outside Kubernetes"):
        Mounting(tmp_path, spec.replace("metadata.name", "status.qos")).files()


def test_a_projected_volume_holds_the_files_of_all_its_sources(tmp_path: Path) -> None:
    sources = (
        "configMap: {name: settings, items: [{key: a, path: one}]}",
        "downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}",
        "secret: {name: none, optional: true}",
    )
    spec = "volumes: [{name: v, projected: {sources: [%s]}}]"
    found = Mounting(tmp_path, spec % ", ".join(f"{{{each}}}" for each in sources)).files()
    assert {file.path: file.content for file in found} == {"/v/one": b"1", "/v/name": b"pod"}
    with pytest.raises(RefusedError, match="a source of kind serviceAccountToken needs a cluster"):
        Mounting(tmp_path, spec % "{serviceAccountToken: {path: t}}").files()


def test_a_part_of_a_volume_is_named_by_the_containers_variables(tmp_path: Path) -> None:
    (found,) = Mounting(tmp_path, CLAIM, ', subPathExpr: "$(PART)/$(PART)"').files()
    assert Path(found.source).parts[-2:] == ("deep", "deep")


def test_a_part_of_a_volume_lies_in_it_also_through_links(tmp_path: Path) -> None:
    whole, part = Mounting(tmp_path, CLAIM), Mounting(tmp_path, CLAIM, ", subPath: link")
    link = Path(whole.files()[0].source) / "link"
    link.symlink_to("inner")
    assert part.files()[0].source == str(link.parent / "inner")
    link.unlink()
    link.symlink_to("/etc")  # as a container of the pod may do
    with pytest.raises(ManifestError, match="leaves the volume"):
        part.files()


@pytest.mark.parametrize("spec", ["volumes: [{name: %s, emptyDir: {}}]", TEMPLATE.replace("v}", "%s}")])
@pytest.mark.parametrize("name", ["../../x", "a/b", ".", "V", "x" * 64])
def test_a_volume_cannot_be_anywhere_else(tmp_path: Path, spec: str, name: str) -> None:
    mounting = Mounting(tmp_path, spec % f"'{name}'", volume=name)
    with pytest.raises(ManifestError, match="cannot be the name of a volume"):
        mounting.files()
    assert not list(tmp_path.iterdir())


def test_other_kinds_of_volumes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="kind nfs needs a cluster"):
        Mounting(tmp_path, "volumes: [{name: v, nfs: {server: s, path: /}}]").files()

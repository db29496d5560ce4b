"""Volumes as a task finds them, and how long they live."""

from __future__ import annotations

import re
import stat
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
    assert (found.writable_source, found.live_source) == (False, True)


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


def listed(found: StagedFile) -> dict[str, tuple[str, int]]:
    """Return the files of a mounted folder, each with its text and its mode."""
    folder = Path(found.source)
    return {
        str(path.relative_to(folder)): (path.read_text(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_facts_about_the_pod_are_files(tmp_path: Path) -> None:
    item = "{path: name, fieldRef: {fieldPath: %s}}"
    spec = "volumes: [{name: v, downwardAPI: {defaultMode: 256, items: [%s]}}]" % (item % "metadata.name")
    (found,) = Mounting(tmp_path, spec).files()
    assert found.path == "/v"
    assert listed(found) == {"name": ("pod", 256)}
    with pytest.raises(ManifestError, match=r"'status\.qos' has no value outside Kubernetes"):
        Mounting(tmp_path, spec.replace("metadata.name", "status.qos")).files()


def test_a_projected_volume_holds_the_files_of_all_its_sources(tmp_path: Path) -> None:
    sources = (
        "configMap: {name: settings, items: [{key: a, path: deep/one, mode: 292}]}",
        "downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}",
        "secret: {name: none, optional: true}",
    )
    spec = "volumes: [{name: v, projected: {defaultMode: 256, sources: [%s]}}]"
    (found,) = Mounting(tmp_path, spec % ", ".join(f"{{{each}}}" for each in sources)).files()
    assert listed(found) == {"deep/one": ("1", 292), "name": ("pod", 256)}
    with pytest.raises(RefusedError, match="a source of kind serviceAccountToken needs a cluster"):
        Mounting(tmp_path, spec % "{serviceAccountToken: {path: t}}").files()


SETTINGS = "volumes: [{name: v, configMap: {name: settings%s}}]"


def test_all_pods_of_a_run_share_what_was_made_of_the_same_files(tmp_path: Path) -> None:
    mounting = Mounting(tmp_path, SETTINGS % "")
    (one,), (other,) = mounting.files("one"), mounting.files("other")
    assert one == other
    assert (one.writable_source, one.live_source) == (False, True)
    assert listed(one) == {"a": ("1", 0o644), "b": ("2", 0o644)}

    mounting.end("Failed")
    assert not Path(one.source).exists()
    assert mounting.files("retried") == [one]
    assert Path(one.source).exists()


def test_a_part_of_files_is_one_of_them(tmp_path: Path) -> None:
    (found,) = Mounting(tmp_path, SETTINGS % "", ", subPath: a").files()
    assert (found.path, Path(found.source).read_text()) == ("/v", "1")


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ("[{key: c, path: c}]", "volume 'v': there is no key 'c'"),
        ("[{key: a, path: ../a}]", "'../a' is no path in the volume"),
        ("[{key: a, path: /a}]", "'/a' is no path in the volume"),
        ("[{key: a, path: .}]", "'.' is no path in the volume"),
        ("[{key: a, path: a}, {key: b, path: a/b}]", "another one is in its way"),
        ("[{key: a, path: a/b}, {key: b, path: a}]", "another one is in its way"),
    ],
)
def test_files_that_cannot_be_are_refused(tmp_path: Path, items: str, why: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(why)):
        Mounting(tmp_path, SETTINGS % f", items: {items}").files()
    assert Mounting(tmp_path, SETTINGS % ", optional: true, items: [{key: c, path: c}]").files()


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

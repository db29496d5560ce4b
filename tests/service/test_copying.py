"""Artifacts are copied to below the folder, whatever a run calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifests import workflow
from pinnace.artifacts.local import LocalStore
from pinnace.artifacts.open import ArtifactStores
from pinnace.base.errors import ArtifactNotFound, UsageError
from pinnace.service.copying import Wanted, copy_artifacts
from pinnace.spec.parameters import S3, Artifact, Raw
from pinnace.testing.play import Play

WORKFLOW = workflow("""
  - {name: main, container: {image: busybox}}
""")


def copied(folder: Path, artifact: Artifact, path: str = "{artifactName}") -> list[Path]:
    play = Play(WORKFLOW).start().begin("wf").end("wf", artifacts=(artifact,))
    keeper = ArtifactStores(LocalStore(folder / "kept"), lambda _: "")
    return list(copy_artifacts(play.run, keeper, Wanted(), folder / "out", path))


@pytest.mark.parametrize(
    ("name", "key"), [("a/b", "k"), ("..", "k"), ("a\0", "k"), ("a", "k/.."), ("a", "k/.")]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str, key: str) -> None:
    with pytest.raises(UsageError, match="cannot be a file's name"):
        copied(tmp_path, Artifact(name=name, s3=S3(key=key)))
    assert not (tmp_path / "out").exists()


def test_what_was_deleted_is_left_out(tmp_path: Path) -> None:
    assert copied(tmp_path, Artifact(name="a", s3=S3(key="k"), deleted=True)) == []


def test_what_is_missing_is_told_unless_it_is_optional(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFound):
        copied(tmp_path, Artifact(name="a", s3=S3(key="k")))
    assert copied(tmp_path, Artifact(name="a", s3=S3(key="k"), optional=True)) == []


def test_what_has_no_key_is_called_by_its_name(tmp_path: Path) -> None:
    (made,) = copied(tmp_path, Artifact(name="a", raw=Raw(data="text")), "")
    assert (made.name, made.read_text()) == ("a", "text")

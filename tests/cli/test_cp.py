"""``pinnace cp``: artifacts come out of a run as they are stored."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from terminals import Cli

from manifests import workflow
from pinnace.engine.naming import node_id

TEMPLATES = """
  - name: main
    steps:
    - - {name: one, template: make}
      - {name: two, template: again}
  - name: make
    container:
      image: alpine:3.20
      command: [sh, -c, "mkdir -p out/part && echo text > out/file && echo inner > out/part/inner"]
      workingDir: PLACE/make
    outputs:
      artifacts:
      - {name: packed, path: PLACE/make/out}
      - {name: plain, path: PLACE/make/out/file, archive: {none: {}}}
      - {name: folder, path: PLACE/make/out, archive: {none: {}}}
      - {name: absent, path: PLACE/none, optional: true}
  - name: again
    container: {image: "alpine:3.20", command: [sh, -c, "echo again > PLACE/again"]}
    outputs: {artifacts: [{name: plain, path: PLACE/again, archive: {none: {}}}]}
"""


@pytest.fixture
def made(cli: Cli, tmp_path: Path) -> None:
    """Run a workflow that leaves artifacts."""
    (tmp_path / "make").mkdir()
    path = tmp_path / "made.yaml"
    text = workflow(TEMPLATES, metadata="{name: made, namespace: here}")
    path.write_text(text.replace("PLACE", str(tmp_path)))
    status, output, errors = cli("run", str(path))
    assert status == 0, output + errors


def files(folder: Path) -> dict[str, str]:
    """Return the texts of the files below ``folder`` that are none of an archive."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".tgz"
    }


@pytest.mark.usefixtures("made")
def test_artifacts_are_copied_as_they_are_stored(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "copies"
    status, output, errors = cli("cp", "made", str(out))
    assert (status, errors) == (0, "")

    one, two = (node_id("made", f"made[0].{name}") for name in ("one", "two"))
    base = f"here/made/{one}/outputs"
    assert files(out) == {
        f"{base}/plain/file": "text\n",
        f"{base}/folder/out/file": "text\n",
        f"{base}/folder/out/part/inner": "inner\n",
        f"here/made/{two}/outputs/plain/again": "again\n",
    }
    with tarfile.open(out / base / "packed" / "packed.tgz") as archive:
        assert "out/file" in archive.getnames()
    assert output.splitlines()[0] == f"Created {out / base / 'packed' / 'packed.tgz'}"
    assert len(output.splitlines()) == 4


@pytest.mark.usefixtures("made")
def test_only_what_is_wanted_is_copied_to_where_it_is_wanted(cli: Cli, tmp_path: Path) -> None:
    out, path = str(tmp_path / "copies"), "{workflowName}/{templateName}"
    assert cli("cp", "made", out, "--artifact-name", "plain", "--path", path)[0] == 0
    assert files(Path(out)) == {"made/make/file": "text\n", "made/again/again": "again\n"}

    only = str(tmp_path / "only")
    assert cli("cp", "@latest", only, "--template-name", "again", "--path", "/{artifactName}")[0] == 0
    assert files(Path(only)) == {"plain/again": "again\n"}

    node = str(tmp_path / "node")
    assert cli("cp", "made", node, "--node-id", node_id("made", "made[0].two"), "--path", "")[0] == 0
    assert files(Path(node)) == {"again": "again\n"}


@pytest.mark.usefixtures("made")
def test_a_copy_replaces_what_was_there(cli: Cli, tmp_path: Path) -> None:
    for _ in range(2):
        assert cli("cp", "made", str(tmp_path / "copies"), "--artifact-name", "folder", "--path", "")[0] == 0
        (tmp_path / "copies" / "out" / "more").touch()
    cli("cp", "made", str(tmp_path / "copies"), "--artifact-name", "folder", "--path", "")
    assert sorted(files(tmp_path / "copies")) == ["out/file", "out/part/inner"]


@pytest.mark.usefixtures("made")
def test_where_there_is_nothing_to_copy_it_is_said(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "copies"
    assert cli("cp", "made", str(out), "--artifact-name", "none") == (0, "", "There are no such artifacts.\n")
    assert not out.exists()


@pytest.mark.usefixtures("made")
def test_a_folder_that_cannot_be_made_is_an_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, _, errors = cli("cp", "made", str(tmp_path / "file" / "below"))
    assert status == 1
    assert "Not a directory" in errors

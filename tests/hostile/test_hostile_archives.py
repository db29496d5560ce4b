"""Archives that reach out of their folder, loaded by a real run."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal, shell, workflow

#: Python that writes an archive to /tmp/evil, by what is wrong with it.
TAR = """
import io, tarfile
def entry(name, kind=tarfile.REGTYPE, goal="", content=b"evil"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, goal, len(content) if kind == tarfile.REGTYPE else 0
    tar.addfile(info, io.BytesIO(content))
with tarfile.open("/tmp/evil", "w:gz") as tar:
    entry("good")
    {entries}
"""
TARS = {
    "climbs": 'entry("../../climbed")',
    "climbs within": 'entry("a/../../../climbed")',
    "is absolute": 'entry("{folder}/climbed")',
    "a link out": 'entry("link", tarfile.SYMTYPE, "../../.."); entry("link/climbed")',
    "an absolute link": 'entry("link", tarfile.SYMTYPE, "{folder}"); entry("link/climbed")',
    "a chain of links": 'entry("a", tarfile.SYMTYPE, "."); entry("a/b", tarfile.SYMTYPE, "..");'
    ' entry("a/b/climbed")',
    "a hard link out": 'entry("link", tarfile.LNKTYPE, "../../../pinnace.db")',
    "a hard link to an absolute path": 'entry("link", tarfile.LNKTYPE, "/etc/passwd")',
    "a device": 'entry("null", tarfile.CHRTYPE)',
    "a pipe": 'entry("pipe", tarfile.FIFOTYPE)',
}
ZIP = """
import zipfile
with zipfile.ZipFile("/tmp/evil", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("good", "good")
    {entries}
"""
ZIPS = {
    "climbs": 'archive.writestr("../../climbed", "evil")',
    "is absolute": 'archive.writestr("{folder}/climbed", "evil")',
    "a link out": 'info = zipfile.ZipInfo("link"); info.external_attr = 0o120777 << 16;'
    ' archive.writestr(info, "../../.."); archive.writestr("link/climbed", "evil")',
}
CASES = [
    *(pytest.param(TAR, entries, None, id=f"tar: {name}") for name, entries in TARS.items()),
    *(pytest.param(ZIP, entries, {"zip": {}}, id=f"zip: {name}") for name, entries in ZIPS.items()),
]


@pytest.mark.slow
@pytest.mark.parametrize(("program", "entries", "archive"), CASES)
def test_a_hostile_archive_reaches_nothing_outside(
    terminal: Terminal, private: None, program: str, entries: str, archive: dict[str, Any] | None
) -> None:
    source = program.replace("{entries}", entries.replace("{folder}", str(terminal.folder)))
    make = {
        "name": "make",
        "script": {"image": "python:3", "command": ["python"], "source": source},
        "outputs": {
            "artifacts": [
                {"name": "evil", "path": "/tmp/evil", "archive": {"none": {}}, "s3": {"key": "evil"}}
            ]
        },
    }
    artifact: dict[str, Any] = {"name": "in", "path": "/tmp/in", "s3": {"key": "evil"}}
    if archive is not None:
        artifact["archive"] = archive
    # What was unpacked holds no device and no way out.
    look = (
        'test -z "$(find /tmp/in ! -type f ! -type d ! -type l)" && ! find -L /tmp/in -name passwd | grep .'
    )
    load = {**shell(look, "load"), "inputs": {"artifacts": [artifact]}}
    groups = [[{"name": name, "template": name}] for name in ("make", "load")]

    terminal.run(workflow({"name": "main", "steps": groups}, make, load))

    assert terminal.node("make")["phase"] == "Succeeded"
    loaded = terminal.node("load")
    assert loaded["phase"] in {"Succeeded", "Error"}
    if loaded["phase"] == "Error":
        assert "artifact" in loaded["message"] or "archive" in loaded["message"]
    # A walk passes over folders that a supervisor removes meanwhile.
    met = [Path(here, "climbed") for here, *names in os.walk(terminal.folder) if "climbed" in chain(*names)]
    assert [path for path in met if not path.is_symlink()] == []
    assert (terminal.home / "pinnace.db").stat().st_nlink == 1

"""``hostPath`` volumes: what is allowed is mounted as its type says, and nothing else is."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.ports.executor import StagedFile
from pinnace.ports.hostfolders import HostFolder
from pinnace.runtime.hostpaths import host_file
from pinnace.spec.templates import VolumeMount


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder of the machine that manifests may mount."""
    folder = tmp_path.resolve() / "data"
    folder.mkdir()
    (folder / "file").write_text("content")
    return folder


def mounted(
    data: Path, volume: Mapping[str, Any], *, part: str = "", is_read_only: bool = False, allowed: str = ""
) -> StagedFile:
    mount = VolumeMount(name="v", mount_path="/v", read_only=is_read_only, sub_path=part)
    folders = [HostFolder(str(data / allowed) if allowed else str(data))]
    return host_file(mount, volume, Path(part), folders)


def test_without_a_list_nothing_of_the_machine_is_mounted(data: Path) -> None:
    with pytest.raises(RefusedError, match="not among the folders") as refused:
        host_file(VolumeMount(name="v", mount_path="/v"), {"path": str(data)}, Path(), [])
    assert "PINNACE_HOST_PATHS" in refused.value.remedy


@pytest.mark.parametrize("path", ["/", "/etc", "{data}-other", "{data}/link/passwd"])
def test_what_lies_elsewhere_is_refused_also_through_links(data: Path, path: str) -> None:
    (data / "link").symlink_to("/etc")
    with pytest.raises(RefusedError, match="not among the folders"):
        mounted(data, {"path": path.format(data=data)}, is_read_only=True)


@pytest.mark.parametrize("path", ["data", "{data}/../other", ""])
def test_a_path_that_is_relative_or_climbs_is_wrong(data: Path, path: str) -> None:
    with pytest.raises(ManifestError, match="must be absolute and without"):
        mounted(data, {"path": path.format(data=data)})


def test_an_allowed_folder_is_mounted_itself(data: Path) -> None:
    assert mounted(data, {"path": str(data)}) == StagedFile(
        path="/v", source=str(data), writable_source=True, live_source=True
    )
    assert not mounted(data, {"path": str(data)}, is_read_only=True).writable_source


def test_the_innermost_rule_of_the_list_counts(data: Path) -> None:
    (data / "inner").mkdir()
    rules = [HostFolder(str(data / "inner")), HostFolder(str(data), is_read_only=True)]
    mount = VolumeMount(name="v", mount_path="/v")
    assert host_file(mount, {"path": str(data / "inner")}, Path(), rules).writable_source
    with pytest.raises(RefusedError, match="may only be read") as refused:
        host_file(mount, {"path": str(data)}, Path(), rules)
    assert "readOnly" in refused.value.remedy


@pytest.mark.parametrize("kind", ["", "Directory", "DirectoryOrCreate"])
def test_a_folder_is_one_for_all_types_of_folders(data: Path, kind: str) -> None:
    assert mounted(data, {"path": str(data), "type": kind}).source == str(data)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Directory", "is not a directory"),
        ("DirectoryOrCreate", "is not a directory"),
        ("Socket", "is not a socket"),
        ("CharDevice", "is not a character device"),
        ("BlockDevice", "is not a block device"),
        ("Folder", "there is no hostPath type 'Folder'"),
    ],
)
def test_a_file_that_is_not_of_its_type_is_refused(data: Path, kind: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        mounted(data, {"path": str(data / "file"), "type": kind})


def test_a_socket_is_one(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(data)  # a socket's path may have no more than 107 bytes
    listener.bind("socket")
    assert mounted(data, {"path": str(data / "socket"), "type": "Socket"}).source.endswith("/socket")
    listener.close()


@pytest.mark.parametrize(
    ("kind", "is_folder"), [("", True), ("DirectoryOrCreate", True), ("FileOrCreate", False)]
)
def test_what_is_missing_is_made_where_its_type_says_so(data: Path, kind: str, is_folder: bool) -> None:
    new = data / "new"
    assert mounted(data, {"path": str(new), "type": kind}).source == str(new)
    assert (new.is_dir(), new.is_file()) == (is_folder, not is_folder)


@pytest.mark.parametrize("kind", ["Directory", "File", "Socket"])
def test_what_is_missing_otherwise_is_told(data: Path, kind: str) -> None:
    with pytest.raises(ManifestError, match="No such file or directory"):
        mounted(data, {"path": str(data / "new"), "type": kind})


def test_nothing_is_made_for_who_only_reads(data: Path) -> None:
    with pytest.raises(ManifestError, match="No such file or directory"):
        mounted(data, {"path": str(data / "new")}, is_read_only=True)
    assert not (data / "new").exists()


def test_a_part_stays_in_its_volume_also_through_links(data: Path) -> None:
    (data / "a").mkdir()
    (data / "a" / "out").symlink_to("../file")
    assert mounted(data, {"path": str(data / "a")}, part="b/c").source == str(data / "a" / "b" / "c")
    with pytest.raises(ManifestError, match="leaves the volume"):
        mounted(data, {"path": str(data / "a")}, part="out")

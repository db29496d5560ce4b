"""The local repository: the contract, and what only it promises."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinnace.artifacts.keys import check_key
from pinnace.artifacts.local import LocalStore
from pinnace.base.errors import ArtifactError, ArtifactNotFound
from pinnace.ports.artifacts import ArtifactStore
from pinnace.testing.contracts.artifacts import ArtifactStoreContract
from processes import begun


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "home" / "artifacts"


@pytest.fixture
def local(root: Path) -> LocalStore:
    return LocalStore(root)


def objects(root: Path) -> list[Path]:
    return [path for path in (root / "objects").rglob("*") if path.is_file()]


def saved(store: LocalStore, folder: Path, key: str, content: bytes) -> None:
    source = folder / "source"
    source.write_bytes(content)
    store.save(source, key)


class TestLocalStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self, local: LocalStore) -> ArtifactStore:
        return local


def test_the_same_content_is_stored_once(local: LocalStore, root: Path, tmp_path: Path) -> None:
    for key in ("one", "two", "three/four"):
        saved(local, tmp_path, key, b"same")
    assert len(objects(root)) == 1


def test_content_goes_with_its_last_key(local: LocalStore, root: Path, tmp_path: Path) -> None:
    saved(local, tmp_path, "one", b"same")
    saved(local, tmp_path, "two", b"same")
    local.delete("one")
    assert len(objects(root)) == 1
    local.delete("two")
    assert objects(root) == []


def test_nothing_is_made_before_something_is_saved(local: LocalStore, root: Path) -> None:
    assert list(local.list("a")) == []
    with pytest.raises(ArtifactNotFound):
        local.load("a", root.parent)
    assert not root.parent.exists()


def test_no_key_becomes_a_file_name(local: LocalStore, root: Path, tmp_path: Path) -> None:
    saved(local, tmp_path, "conspicuous/name", b"1")
    assert [path for path in root.rglob("*") if "conspicuous" in path.name] == []


def test_a_folder_appears_at_once(local: LocalStore, root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    (folder / "bad\nname").write_bytes(b"2")
    with pytest.raises(ArtifactError, match="control character"):
        local.save(folder, "run")
    assert list(local.list("run")) == []
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []


def test_a_crash_before_the_row_leaves_nothing_that_is_named(
    local: LocalStore, root: Path, tmp_path: Path
) -> None:
    saved(local, tmp_path, "a", b"old")
    with sqlite3.connect(root / "index.db") as database:
        database.execute(
            "CREATE TRIGGER stop BEFORE INSERT ON artifact BEGIN SELECT RAISE(ABORT, 'stop'); END"
        )
    database.close()
    with pytest.raises(ArtifactError, match="stop"):
        saved(local, tmp_path, "a", b"new")
    local.load("a", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"old"


def test_damaged_content_is_told(local: LocalStore, root: Path, tmp_path: Path) -> None:
    saved(local, tmp_path, "a", b"content")
    (one,) = objects(root)
    one.chmod(0o600)
    one.write_bytes(b"cont")
    with pytest.raises(ArtifactError, match="'a' is damaged: 4 of 7 bytes"):
        local.load("a", tmp_path / "out")
    one.unlink()
    with pytest.raises(ArtifactError, match="'a' is missing") as missing:
        local.load("a", tmp_path / "out")
    assert not isinstance(missing.value, ArtifactNotFound), "optional must not forgive a damaged repository"
    assert not (tmp_path / "out").exists()


def test_what_stands_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / "file")
    with pytest.raises(ArtifactError, match="cannot store the artifact 'a' in") as error:
        saved(store, tmp_path, "a", b"1")
    assert "settings" in error.value.remedy


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_and_leaves_nothing(
    local: LocalStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(local, tmp_path, "a", b"content")
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr("pinnace.artifacts.local.tempfile.mkstemp", lambda **_: (full, str(tmp_path / "x")))
    with pytest.raises(ArtifactError, match="No space left on device"):
        saved(local, tmp_path, "b", b"x" * 100_000)
    monkeypatch.undo()
    assert list(local.list("b")) == []
    local.load("a", tmp_path / "out")


def test_many_threads_and_two_stores_share_one_repository(root: Path, tmp_path: Path) -> None:
    stores = [LocalStore(root), LocalStore(root)]

    def work(i: int) -> bytes:
        store = stores[i % 2]
        folder = tmp_path / str(i)
        folder.mkdir()
        content = b"%d" % (i % 3)
        saved(store, folder, f"k{i}", content)
        if i % 4 == 0:
            store.delete(f"k{i}")
            saved(store, folder, f"k{i}", content)
        store.load(f"k{i}", folder / "out")
        return (folder / "out").read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [b"%d" % (i % 3) for i in range(40)]
    assert len(objects(root)) == 3


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_a_checked_key_can_only_go_down(key: str) -> None:
    try:
        checked = check_key(key)
    except ArtifactError as error:
        refusal = error
    else:
        assert check_key(checked) == checked
        assert os.path.normpath(f"/base/{checked}") == f"/base/{checked}"
        return
    assert refusal.remedy
    assert refusal.message.isprintable(), "an error is safe to print"


def test_a_segment_too_long_for_a_file_is_told_when_a_folder_is_loaded(
    local: LocalStore, tmp_path: Path
) -> None:
    saved(local, tmp_path, "run/" + "x" * 300, b"1")
    with pytest.raises(ArtifactError, match="longer than 255 bytes"):
        local.load("run", tmp_path / "out")
    local.load("run/" + "x" * 300, tmp_path / "one")


SAVING = """
import sys
from pathlib import Path
from pinnace.artifacts.local import LocalStore
LocalStore(Path(sys.argv[1])).save(Path(sys.argv[2]), "key")
"""


@pytest.mark.slow
def test_what_a_crash_left_of_a_save_is_swept_and_what_is_being_saved_is_not(
    root: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1 << 32)
    process = begun(subprocess.Popen([sys.executable, "-c", SAVING, str(root), str(large)]))
    while not list(root.glob(".new-*/*")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    saved(LocalStore(root), tmp_path, "a", b"1")
    still_there = list(root.glob(".new-*"))
    process.kill()
    process.wait()
    saved(LocalStore(root), tmp_path, "b", b"1")

    assert len(still_there) == 1
    assert list(root.glob(".new-*")) == []

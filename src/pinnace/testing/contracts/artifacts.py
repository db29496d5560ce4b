"""What every artifact store keeps: inherit ``ArtifactStoreContract`` and give it a fixture ``store``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pinnace.base.errors import ArtifactError, ArtifactNotFound
from pinnace.ports.artifacts import ArtifactStore

#: Keys that no store takes.
BAD_KEYS = (
    "",
    "/",
    "/etc/passwd",
    "..",
    "a/../b",
    "../a",
    "a/..",
    "a//b",
    "./a",
    "a/./b",
    "a\0b",
    "a\nb",
    "a\x1b[31mb",
    "a\x7fb",
    "\udcff",
    "a" * 1025,
    "é" * 513,
)
#: Keys that every store takes, and takes literally.
GOOD_KEYS = (
    "a",
    "a/b/c.tgz",
    "%2F",
    "a%2Fb",
    "%2e%2e/a",
    "a b",
    "ünï/çødé",
    "a+b&c=d?e#f",
    "…",
    "...",
    "a\\b",
    "'quoted\" `x` $(y)",
    "a" * 255 + "/" + "b" * 255,
)


class ArtifactStoreContract:
    """Loading gives back what was saved; keys are names and never paths."""

    def test_a_file_is_loaded_as_it_was_saved(self, store: ArtifactStore, tmp_path: Path) -> None:
        content = os.urandom(3_000_000)
        store.save(_file(tmp_path, content), "a/b.bin")
        store.load("a/b.bin", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == content

    def test_an_empty_file_is_a_file(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.save(_file(tmp_path, b""), "empty")
        store.load("empty", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == b""

    def test_a_folder_is_loaded_as_it_was_saved(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.save(_folder(tmp_path), "run/out")
        store.load("run/out", tmp_path / "loaded")
        assert _contents(tmp_path / "loaded") == {"a": b"1", "sub/deep/b c": b"2", "sub/é": b"3"}

    def test_a_slash_at_the_end_of_a_key_says_nothing_new(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.save(_folder(tmp_path), "run/out/")
        assert store.is_directory("run/out")
        store.load("run/out/", tmp_path / "loaded")
        assert (tmp_path / "loaded" / "a").read_bytes() == b"1"

    def test_each_file_of_a_folder_is_an_object_below_its_key(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        store.save(_folder(tmp_path), "run/out")
        assert list(store.list("run/out")) == ["run/out/a", "run/out/sub/deep/b c", "run/out/sub/é"]
        store.load("run/out/sub/deep/b c", tmp_path / "one")
        assert (tmp_path / "one").read_bytes() == b"2"
        store.load("run/out/sub", tmp_path / "part")
        assert _contents(tmp_path / "part") == {"deep/b c": b"2", "é": b"3"}

    def test_a_folders_links_are_left_out(self, store: ArtifactStore, tmp_path: Path) -> None:
        secret = _file(tmp_path, b"secret")
        folder = _folder(tmp_path)
        (folder / "link").symlink_to(secret)
        (folder / "up").symlink_to(tmp_path)
        store.save(folder, "run")
        assert [key for key in store.list("run") if "link" in key or "up" in key] == []

    def test_what_is_saved_again_is_replaced(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.save(_file(tmp_path, b"old"), "a")
        store.save(_file(tmp_path, b"new"), "a")
        store.load("a", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == b"new"

    def test_changing_what_was_loaded_changes_nothing_stored(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        source = _file(tmp_path, b"content")
        store.save(source, "a")
        source.write_bytes(b"changed")
        store.load("a", tmp_path / "one")
        (tmp_path / "one").chmod(0o600)
        (tmp_path / "one").write_bytes(b"changed")
        store.load("a", tmp_path / "two")
        assert (tmp_path / "two").read_bytes() == b"content"

    def test_a_missing_key_is_not_found_and_leaves_nothing(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        store.save(_file(tmp_path, b"1"), "there/it/is")
        here = sorted(tmp_path.iterdir())
        for key in ("nothing", "there/it/is/not", "there/i", "ther"):
            with pytest.raises(ArtifactNotFound, match=key):
                store.load(key, tmp_path / "out")
            assert not store.is_directory(key)
            assert list(store.list(key)) == []
        assert sorted(tmp_path.iterdir()) == here

    def test_a_missing_source_is_not_found(self, store: ArtifactStore, tmp_path: Path) -> None:
        with pytest.raises(ArtifactNotFound, match="no such file or directory"):
            store.save(tmp_path / "nothing", "a")

    def test_what_is_no_file_is_refused(self, store: ArtifactStore, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ArtifactError, match="is not a regular file or directory"):
            store.save(tmp_path / "pipe", "a")

    def test_deleting_takes_the_object_or_the_folder_and_nothing_beside(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        store.save(_folder(tmp_path), "run/out")
        store.save(_file(tmp_path, b"1"), "run/outer")
        store.delete("run/out/a")
        assert list(store.list("run")) == ["run/out/sub/deep/b c", "run/out/sub/é", "run/outer"]
        store.delete("run/out")
        assert list(store.list("run")) == ["run/outer"]
        store.delete("run/out")
        store.load("run/outer", tmp_path / "kept")
        assert (tmp_path / "kept").read_bytes() == b"1"

    def test_deleting_one_of_two_equal_contents_keeps_the_other(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        store.save(_file(tmp_path, b"same"), "one")
        store.save(_file(tmp_path, b"same"), "two")
        store.delete("one")
        store.load("two", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == b"same"

    @pytest.mark.parametrize("key", GOOD_KEYS, ids=ascii)
    def test_a_key_is_taken_literally(self, store: ArtifactStore, tmp_path: Path, key: str) -> None:
        store.save(_file(tmp_path, key.encode()), key)
        store.load(key, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == key.encode()
        assert list(store.list(key)) == [key]

    @pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
    def test_a_key_that_is_no_name_is_refused(self, store: ArtifactStore, tmp_path: Path, key: str) -> None:
        source = _file(tmp_path, b"1")
        with pytest.raises(ArtifactError, match="the artifact key"):
            store.save(source, key)
        with pytest.raises(ArtifactError, match="the artifact key"):
            store.load(key, tmp_path / "out")
        with pytest.raises(ArtifactError, match="the artifact key"):
            store.delete(key)

    def test_two_keys_that_differ_only_in_case_are_two(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.save(_file(tmp_path, b"small"), "key")
        store.save(_file(tmp_path, b"large"), "KEY")
        store.load("key", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == b"small"


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "source.bin"
    path.write_bytes(content)
    return path


def _folder(parent: Path) -> Path:
    folder = parent / "source"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "a").write_bytes(b"1")
    (folder / "sub" / "deep" / "b c").write_bytes(b"2")
    (folder / "sub" / "é").write_bytes(b"3")
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

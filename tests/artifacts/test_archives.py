"""Packing and unpacking, with well-meant and with hostile archives."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinnace.artifacts.files import apply_mode
from pinnace.artifacts.pack import pack
from pinnace.artifacts.unpack import UnpackLimits, unpack
from pinnace.base.errors import ArtifactError, ArtifactNotFound
from pinnace.spec.locate import is_packed
from pinnace.spec.parameters import Archive, TarArchive

TAR = Archive(tar=TarArchive())
ZIP = Archive(zip={})
NONE = Archive(none={})
PACKED = pytest.mark.parametrize("how", [None, TAR, Archive(tar=TarArchive(compression_level=0)), ZIP])


def tar_of(path: Path, *entries: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> Path:
    with gzip.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for entry in entries:
            info, content = entry if isinstance(entry, tuple) else (entry, b"")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, goal: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, goal, mode
    return info


def zip_of(path: Path, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every path below ``folder`` with its content; None for a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[path.relative_to(folder).as_posix()] = None if path.is_dir() else path.read_bytes()
    return found


@PACKED
def test_a_file_comes_back_as_it_was(tmp_path: Path, how: Archive | None) -> None:
    (tmp_path / "in").write_bytes(b"content")
    pack(tmp_path / "in", tmp_path / "packed", how, name="out.txt")
    assert unpack(tmp_path / "packed", tmp_path / "out", how)
    assert (tmp_path / "out").read_bytes() == b"content"


@PACKED
def test_a_folder_comes_back_as_it_was(tmp_path: Path, how: Archive | None) -> None:
    source = tmp_path / "in"
    (source / "sub" / "deep").mkdir(parents=True)
    (source / "a").write_bytes(b"1")
    (source / "sub" / "deep" / "b").write_bytes(b"2")
    (source / "sub" / "deep" / "b").chmod(0o755)
    pack(source, tmp_path / "packed", how)
    unpack(tmp_path / "packed", tmp_path / "out", how)
    assert tree(tmp_path / "out") == tree(source)
    assert (tmp_path / "out/sub/deep/b").stat().st_mode & 0o777 == 0o755


def test_tar_keeps_links_and_empty_folders(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "empty").mkdir(parents=True)
    (source / "a").write_bytes(b"1")
    (source / "link").symlink_to("a")
    pack(source, tmp_path / "packed", None)
    unpack(tmp_path / "packed", tmp_path / "out", None)
    assert (tmp_path / "out/link").readlink() == Path("a")
    assert (tmp_path / "out/empty").is_dir()


@PACKED
def test_what_is_no_file_is_left_out(tmp_path: Path, how: Archive | None) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a").write_bytes(b"1")
    os.mkfifo(source / "pipe")
    pack(source, tmp_path / "packed", how, name="in")
    unpack(tmp_path / "packed", tmp_path / "out", how)
    # One file in a folder: the folder is the archive's only top entry, so it becomes the target.
    assert tree(tmp_path / "out") == {"a": b"1"}


@PACKED
def test_the_same_content_packs_to_the_same_bytes(tmp_path: Path, how: Archive | None) -> None:
    for place, order in (("one", "abc"), ("two", "cba")):
        folder = tmp_path / place / "in"
        folder.mkdir(parents=True)
        for name in order:
            (folder / name).write_text(name)
            os.utime(folder / name, (ord(name), ord(name)))
        pack(folder, tmp_path / f"{place}.packed", how)
        os.utime(folder)
    assert (tmp_path / "one.packed").read_bytes() == (tmp_path / "two.packed").read_bytes()


def test_the_compression_level_is_that_of_gzip(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x" * 100_000)
    sizes = []
    for level in (0, 1, 9, None):
        pack(tmp_path / "in", tmp_path / f"{level}", Archive(tar=TarArchive(compression_level=level)))
        sizes.append((tmp_path / f"{level}").stat().st_size)
    assert sizes[0] > 100_000 > sizes[1] >= sizes[2]


def test_a_compression_level_out_of_range_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x")
    with pytest.raises(ArtifactError, match="compressionLevel is 10; it goes from -1 to 9"):
        pack(tmp_path / "in", tmp_path / "out", Archive(tar=TarArchive(compression_level=10)))


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFound, match="no such file or directory"):
        pack(tmp_path / "nothing", tmp_path / "out", None)


def test_a_pipe_is_no_artifact(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArtifactError, match="is not a regular file or directory"):
        pack(tmp_path / "pipe", tmp_path / "out", None)


@pytest.mark.parametrize(
    ("how", "packed"), [(None, True), (TAR, True), (ZIP, True), (NONE, False), (Archive(), False)]
)
def test_an_archive_that_names_no_way_is_not_packed(how: Archive | None, packed: bool) -> None:
    assert is_packed(how) == packed


def test_a_tar_is_found_by_its_content_and_a_zip_is_not(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"content")
    for how, found in ((TAR, True), (ZIP, False)):
        pack(tmp_path / "in", tmp_path / f"{found}", how)
        assert unpack(tmp_path / f"{found}", tmp_path / f"{found}.out", None) == found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        gzip.compress(b""),
        gzip.compress(b"not a tar at all"),
        gzip.compress(b"\0" * 10240),
        b"\x1f\x8b",
    ],
    ids=range(6),  # gzip notes the time: bytes as names would differ between workers
)
def test_what_is_no_tar_with_gzip_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in").write_bytes(content)
    assert not unpack(tmp_path / "in", tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


def test_none_never_unpacks(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", (entry("a"), b"1"))
    assert not unpack(packed, tmp_path / "out", NONE)


@pytest.mark.parametrize("how", [TAR, ZIP])
def test_what_must_be_an_archive_and_is_none_is_an_error(tmp_path: Path, how: Archive) -> None:
    (tmp_path / "in").write_bytes(b"text")
    with pytest.raises(ArtifactError, match="in is not a whole archive"):
        unpack(tmp_path / "in", tmp_path / "out", how)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_several_entries_at_the_top_become_a_folder(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", entry("./", tarfile.DIRTYPE), (entry("./a"), b"1"), (entry("b/c"), b"2"))
    unpack(packed, tmp_path / "out", None)
    assert tree(tmp_path / "out") == {"a": b"1", "b": None, "b/c": b"2"}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x", "..", "a/b/../../../x"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_entry_that_climbs_out_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    packed = tmp_path / "in"
    inside = tmp_path / "inside"
    inside.mkdir()
    if kind == "tar":
        tar_of(packed, (entry("ok"), b"1"), (entry(name), b"evil"))
    else:
        zip_of(packed, ok=b"1", **{name: b"evil"})
    with pytest.raises(ArtifactError, match="illegal file path"):
        unpack(packed, inside / "out", TAR if kind == "tar" else ZIP)
    assert tree(tmp_path) == {"in": packed.read_bytes(), "inside": None}


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_absolute_name_stays_below_the_target(tmp_path: Path, kind: str) -> None:
    name = f"{tmp_path}/evil"
    if kind == "tar":
        packed = tar_of(tmp_path / "in", (entry(name), b"1"), (entry("b"), b"2"))
    else:
        packed = zip_of(tmp_path / "in", **{name: b"1", "b": b"2"})
    unpack(packed, tmp_path / "out", TAR if kind == "tar" else ZIP)
    assert (tmp_path / "out" / name.lstrip("/")).read_bytes() == b"1"
    assert not (tmp_path / "evil").exists()


LINKS_OUT = {
    "absolute": [entry("d/a", tarfile.SYMTYPE, "/etc/passwd")],
    "climbing": [entry("d/a", tarfile.SYMTYPE, "../../x")],
    "to the top's parent": [entry("d/a", tarfile.SYMTYPE, "..")],
    "out and back": [entry("d/a", tarfile.SYMTYPE, "../made/d/b")],
    "through another link": [
        entry("d/p/q/d", tarfile.SYMTYPE, "../../top"),
        entry("d/top", tarfile.DIRTYPE),
        entry("d/p/q/e", tarfile.SYMTYPE, "d/../../x"),
    ],
    "only a link": [entry("a", tarfile.SYMTYPE, "b")],
    "only a link to itself": [entry("a", tarfile.SYMTYPE, ".")],
}


@pytest.mark.parametrize("case", LINKS_OUT)
def test_a_link_that_leads_out_is_refused(tmp_path: Path, case: str) -> None:
    packed = tar_of(tmp_path / "in", *LINKS_OUT[case])
    with pytest.raises(ArtifactError, match="illegal symlink target"):
        unpack(packed, tmp_path / "out", None)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for link in (str(outside), "../outside", "real"):
        packed = tar_of(
            tmp_path / "in",
            entry("real", tarfile.DIRTYPE),
            entry("link", tarfile.SYMTYPE, link),
            (entry("link/evil"), b"1"),
        )
        with pytest.raises(ArtifactError, match="lies behind a link"):
            unpack(packed, tmp_path / "out", None)
    assert tree(outside) == {}


def test_a_file_replaces_a_link_of_the_same_name_and_a_link_replaces_a_file(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    packed = tar_of(
        tmp_path / "in",
        entry("a", tarfile.SYMTYPE, str(victim)),
        (entry("a"), b"1"),
        (entry("b"), b"2"),
        entry("b", tarfile.SYMTYPE, "a"),
    )
    unpack(packed, tmp_path / "out", None)
    assert (tmp_path / "out/a").read_bytes() == b"1"
    assert (tmp_path / "out/b").readlink() == Path("a")
    assert victim.read_bytes() == b"untouched"


def test_a_hard_link_is_another_name_of_an_earlier_file(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", (entry("d/a"), b"1"), entry("d/b", tarfile.LNKTYPE, "d/a"))
    unpack(packed, tmp_path / "out", None)
    assert tree(tmp_path / "out") == {"a": b"1", "b": b"1"}


@pytest.mark.parametrize("goal", ["/etc/passwd", "../../x", "later", "link", "link/x", "d"])
def test_a_hard_link_to_anything_else_is_refused(tmp_path: Path, goal: str) -> None:
    packed = tar_of(
        tmp_path / "in",
        entry("d", tarfile.DIRTYPE),
        entry("link", tarfile.SYMTYPE, "/etc"),
        entry("a", tarfile.LNKTYPE, goal),
    )
    with pytest.raises(ArtifactError, match="illegal"):
        unpack(packed, tmp_path / "out", None)


def test_a_later_entry_does_not_write_through_a_hard_link(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", (entry("a"), b"1"), entry("b", tarfile.LNKTYPE, "a"), (entry("b"), b"2"))
    unpack(packed, tmp_path / "out", None)
    assert tree(tmp_path / "out") == {"a": b"1", "b": b"2"}


def test_devices_and_pipes_are_left_out(tmp_path: Path) -> None:
    packed = tar_of(
        tmp_path / "in",
        entry("null", tarfile.CHRTYPE),
        entry("disk", tarfile.BLKTYPE),
        entry("pipe", tarfile.FIFOTYPE),
        (entry("a"), b"1"),
    )
    unpack(packed, tmp_path / "out", None)
    assert (tmp_path / "out").read_bytes() == b"1"


def test_set_user_id_bits_are_dropped(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", (entry("a", mode=0o6755), b"1"))
    unpack(packed, tmp_path / "out", None)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


def test_a_file_that_is_also_a_folder_is_an_error(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", (entry("a"), b"1"), (entry("a/b"), b"2"))
    with pytest.raises(ArtifactError, match="cannot make"):
        unpack(packed, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


def test_a_zip_name_with_nul_is_refused(tmp_path: Path) -> None:
    packed = zip_of(tmp_path / "in", aXb=b"1")
    packed.write_bytes(packed.read_bytes().replace(b"aXb", b"a\0b"))
    with pytest.raises(ArtifactError, match="NUL"):
        unpack(packed, tmp_path / "out", ZIP)


def test_a_zips_link_is_a_file_of_its_text(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "in", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    unpack(tmp_path / "in", tmp_path / "out", ZIP)
    assert not (tmp_path / "out").is_symlink()
    assert (tmp_path / "out").read_bytes() == b"/etc/passwd"


SMALL = UnpackLimits(max_bytes=1 << 20, max_entries=100, max_ratio=50, ratio_applies_above=1 << 16)
Maker = Callable[[Path], Path]
BOMBS: dict[str, tuple[Archive, Maker]] = {
    "bytes, tar": (TAR, lambda path: tar_of(path, (entry("a"), os.urandom(1 << 16) * 17))),
    "bytes, zip": (ZIP, lambda path: zip_of(path, a=os.urandom(1 << 16) * 17)),
    "ratio, tar": (TAR, lambda path: tar_of(path, (entry("a"), b"\0" * (1 << 19)))),
    "ratio, zip": (ZIP, lambda path: zip_of(path, a=b"\0" * (1 << 19))),
    "entries, tar": (TAR, lambda path: tar_of(path, *(entry(f"d{i}", tarfile.DIRTYPE) for i in range(101)))),
    "entries, zip": (ZIP, lambda path: zip_of(path, **{f"a{i}": b"" for i in range(101)})),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_stopped_and_leaves_nothing(tmp_path: Path, bomb: str) -> None:
    how, make = BOMBS[bomb]
    packed = make(tmp_path / "in")
    with pytest.raises(ArtifactError, match="more than"):
        unpack(packed, tmp_path / "out", how, limits=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_packs_well_but_is_small_is_no_bomb(tmp_path: Path) -> None:
    packed = tar_of(tmp_path / "in", (entry("a"), b"\0" * (1 << 16)))
    assert unpack(packed, tmp_path / "out", TAR, limits=SMALL)


def raw_tar(path: Path, *blocks: bytes) -> Path:
    path.write_bytes(gzip.compress(b"".join(blocks) + b"\0" * 1024))
    return path


def test_a_header_of_a_gigabyte_is_not_read_into_memory(tmp_path: Path) -> None:
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        header = entry("x", kind)
        header.size = 1 << 30
        packed = raw_tar(tmp_path / "in", header.tobuf(tarfile.GNU_FORMAT), b"\0" * 512)
        with pytest.raises(ArtifactError, match="header of 1073741824 bytes"):
            unpack(packed, tmp_path / "out", None)


def test_an_endless_chain_of_headers_is_an_error(tmp_path: Path) -> None:
    header = entry("x", tarfile.GNUTYPE_LONGNAME)
    header.size = 1
    block = header.tobuf(tarfile.GNU_FORMAT) + b"n".ljust(512, b"\0")
    packed = raw_tar(tmp_path / "in", block * 5000)
    with pytest.raises(ArtifactError):
        unpack(packed, tmp_path / "out", TAR)


def test_a_broken_archive_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    whole = tar_of(tmp_path / "in", (entry("a"), os.urandom(100_000))).read_bytes()
    (tmp_path / "in").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="not a whole archive"):
        unpack(tmp_path / "in", tmp_path / "out", None)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_encrypted_zip_is_an_error(tmp_path: Path) -> None:
    packed = zip_of(tmp_path / "in", a=b"1")
    data = bytearray(packed.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(signature) + offset, 1)
    packed.write_bytes(data)
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        unpack(packed, tmp_path / "out", ZIP)


names = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."} and len(name.encode()) < 200)
contents = st.recursive(
    st.binary(max_size=200), lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=8
)
Content = bytes | dict[str, "Content"]


def write(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.mkdir()
        for name, inner in content.items():
            write(path / name, inner)


@settings(max_examples=60, deadline=None)
@given(contents)
def test_any_tree_comes_back_from_tar(content: Content) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write(here / "in", content)
        pack(here / "in", here / "packed", None)
        assert unpack(here / "packed", here / "out", None)
        if isinstance(content, bytes):
            assert (here / "out").read_bytes() == content
        else:
            assert tree(here / "out") == tree(here / "in")


pieces = st.sampled_from(["a", "b", "..", ".", "", "in"])
paths = st.lists(pieces, min_size=1, max_size=4).map("/".join).filter(lambda path: bool(path.strip("/")))
kinds = st.sampled_from(
    [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(paths, kinds, paths), max_size=8))
def test_no_archive_reaches_out_of_its_folder(entries: list[tuple[str, bytes, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "a").write_bytes(b"outside")
        (here / "room").mkdir()
        infos = []
        for name, kind, goal in entries:
            info = entry(name, kind, goal)
            infos.append((info, b"evil") if kind == tarfile.REGTYPE else info)
        packed = tar_of(here / "in", *infos)
        try:
            unpack(packed, here / "room" / "out", TAR)
        except ArtifactError:
            assert list((here / "room").iterdir()) == []
        else:
            out = os.path.realpath(here / "room" / "out")
            for path in (here / "room").rglob("*"):
                assert Path(os.path.realpath(path)).is_relative_to(out)
        assert {path.name for path in here.iterdir()} == {"a", "in", "room"}
        assert (here / "a").read_bytes() == b"outside"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from([TAR, ZIP, None]), st.booleans())
def test_no_bytes_make_unpacking_fail_in_another_way(
    content: bytes, how: Archive | None, packed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "in").write_bytes(gzip.compress(content) if packed else content)
        try:
            unpack(here / "in", here / "out", how)
        except ArtifactError:
            assert not (here / "out").exists()


def test_a_mode_is_set_and_with_recurse_on_all_below(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a").write_bytes(b"")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "sub" / "a").chmod(0o600)
    apply_mode(folder, 0o7755, recurse=False)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "sub/a").stat().st_mode) == 0o600
    apply_mode(folder, 0o700, recurse=True)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "sub", folder / "sub/a")} == {
        0o700
    }
    apply_mode(folder, None, recurse=True)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

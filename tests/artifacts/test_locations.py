"""Where artifacts lie, as values."""

from __future__ import annotations

import pytest

from pinnace.artifacts.locate import (
    below_key,
    file_name,
    has_location,
    is_supplied,
    key_of,
    location_of,
    relocate,
    with_default_key,
    with_key,
)
from pinnace.base.errors import RefusedError
from pinnace.spec.locations import GCS, KeySelector
from pinnace.spec.parameters import S3, Archive, Artifact, HTTPArtifact, Raw, TarArchive

SECRET = KeySelector(name="s", key="k")
REPOSITORY = Artifact(s3=S3(endpoint="e", bucket="b", region="r", access_key_secret=SECRET))


@pytest.mark.parametrize(
    ("artifact", "kind", "key", "complete"),
    [
        (Artifact(), "", "", False),
        (Artifact(s3=S3(key="k")), "s3", "k", False),
        (Artifact(s3=S3(bucket="b")), "s3", "", False),
        (Artifact(s3=S3(bucket="b", key="k")), "s3", "k", True),
        (Artifact(raw=Raw(data="")), "raw", "", True),
        (Artifact(http=HTTPArtifact(url="")), "http", "", False),
        (Artifact(http=HTTPArtifact(url="http://h/a/b?c=/d#/e")), "http", "/a/b", True),
        (Artifact(http=HTTPArtifact(url="http://h")), "http", "", True),
        (Artifact(gcs=GCS(bucket="b", key="k")), "gcs", "k", True),
    ],
)
def test_a_location_has_a_kind_and_a_key(artifact: Artifact, kind: str, key: str, complete: bool) -> None:
    assert (location_of(artifact), key_of(artifact), has_location(artifact)) == (kind, key, complete)
    assert is_supplied(artifact) == (complete or bool(key))


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        (None, "result.tgz"),
        (Archive(tar=TarArchive(compression_level=0)), "result.tgz"),
        (Archive(zip={}), "result.zip"),
        (Archive(none={}), "file.txt"),
        (Archive(), "file.txt"),
    ],
)
def test_an_output_is_named_after_the_way_it_is_packed(archive: Archive | None, name: str) -> None:
    assert file_name(Artifact(name="result", path="/tmp/file.txt", archive=archive)) == name


def test_an_output_without_a_key_goes_to_the_repository() -> None:
    output = Artifact(name="result", path="/tmp/a/")
    assert with_default_key(output, "wf/pod", None).s3 == S3(key="wf/pod/result.tgz")
    placed = with_default_key(output, "wf/pod", REPOSITORY)
    assert placed.s3 == S3(
        endpoint="e", bucket="b", region="r", access_key_secret=SECRET, key="wf/pod/result.tgz"
    )
    assert (placed.name, placed.path) == ("result", "/tmp/a/")


def test_an_output_with_a_key_keeps_it() -> None:
    own = Artifact(name="result", s3=S3(key="mine"))
    assert with_default_key(own, "wf/pod", None) == own
    assert key_of(with_default_key(own, "wf/pod", REPOSITORY)) == "mine"


def test_a_complete_location_stays_where_it_is() -> None:
    complete = Artifact(s3=S3(bucket="other", key="k"))
    assert relocate(complete, REPOSITORY) == complete
    assert with_default_key(complete, "wf/pod", REPOSITORY) == complete


def test_a_key_alone_takes_everything_else_of_the_repository() -> None:
    moved = relocate(Artifact(name="a", s3=S3(key="k")), REPOSITORY).s3
    assert moved == S3(endpoint="e", bucket="b", region="r", access_key_secret=SECRET, key="k")


def test_a_key_of_another_kind_than_the_repository_is_refused() -> None:
    with pytest.raises(RefusedError, match="only a key of gcs, but the artifact repository is s3"):
        relocate(Artifact(name="a", gcs=GCS(key="k")), REPOSITORY)


def test_a_sub_path_goes_below_the_key() -> None:
    assert key_of(below_key(Artifact(s3=S3(bucket="b", key="a/")), "/b/./c/")) == "a/b/c"
    url = HTTPArtifact(url="http://h/a?q=1")
    assert below_key(Artifact(http=url), "b").http == HTTPArtifact(url="http://h/a/b?q=1")


@pytest.mark.parametrize("sub_path", ["..", "../x", "a/../../x", "a/.."])
def test_a_sub_path_that_climbs_is_refused(sub_path: str) -> None:
    with pytest.raises(RefusedError, match=r"has the segment '..'"):
        below_key(Artifact(name="a", s3=S3(bucket="b", key="k")), sub_path)


def test_what_has_no_key_cannot_be_given_one() -> None:
    with pytest.raises(RefusedError, match="has no key to set: its location is raw"):
        with_key(Artifact(name="a", raw=Raw(data="x")), "k")

"""Where artifacts lie, as values."""

from __future__ import annotations

import pytest

from pinnace.base.errors import RefusedError
from pinnace.spec.locate import (
    LOCAL,
    below_key,
    file_name,
    has_location,
    is_same_place,
    is_supplied,
    key_of,
    location_of,
    placed,
    relocate,
    with_key,
)
from pinnace.spec.locations import GCS, HDFS, OSS, Artifactory, Azure, Git, KeySelector
from pinnace.spec.parameters import S3, Archive, Artifact, ArtifactLocation, HTTPArtifact, Raw, TarArchive

SECRET = KeySelector(name="s", key="k")
REPOSITORY = ArtifactLocation(
    s3=S3(endpoint="e", bucket="b", region="r", access_key_secret=SECRET, key="wf/pod")
)


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
        (Artifact(azure=Azure(container="c", blob="k")), "azure", "k", False),
        (Artifact(azure=Azure(endpoint="e", container="c", blob="k")), "azure", "k", True),
        (Artifact(oss=OSS(bucket="b", key="k")), "oss", "k", False),
        (Artifact(hdfs=HDFS(path="/k")), "hdfs", "/k", False),
        (Artifact(git=Git(repo="r")), "git", "", True),
        (Artifact(artifactory=Artifactory(url="http://h/k")), "artifactory", "/k", False),
        (
            Artifact(artifactory=Artifactory(url="http://h/k", username_secret=SECRET)),
            "artifactory",
            "/k",
            True,
        ),
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


def test_an_output_without_a_key_keeps_the_one_it_has_in_the_repository() -> None:
    output = Artifact(name="result", path="/tmp/a/")
    kept = placed(output, REPOSITORY)
    assert kept.s3 == S3(key="wf/pod/result.tgz")
    assert (kept.name, kept.path) == ("result", "/tmp/a/")
    assert placed(
        output, ArtifactLocation(azure=Azure(endpoint="e", container="c", blob="x"))
    ).azure == Azure(blob="x/result.tgz")


def test_an_output_with_a_key_keeps_it() -> None:
    own = Artifact(name="result", s3=S3(key="mine"))
    assert placed(own, REPOSITORY) == own
    complete = Artifact(s3=S3(bucket="other", key="k"))
    assert placed(complete, REPOSITORY) == complete


def test_a_location_without_a_key_is_that_of_the_repository() -> None:
    assert placed(Artifact(name="a", s3=S3(bucket="b")), REPOSITORY).s3 == S3(key="wf/pod/a.tgz")


def test_a_complete_location_stays_where_it_is() -> None:
    complete = Artifact(s3=S3(bucket="other", key="k"))
    assert relocate(complete, REPOSITORY) == complete


@pytest.mark.parametrize(
    "artifact", [Artifact(name="a", s3=S3(key="k")), Artifact(name="a", gcs=GCS(key="k"))]
)
def test_a_key_alone_takes_everything_else_of_the_repository(artifact: Artifact) -> None:
    moved = relocate(artifact, REPOSITORY)
    assert moved.s3 == S3(endpoint="e", bucket="b", region="r", access_key_secret=SECRET, key="k")
    assert moved.gcs is None


def test_the_local_repository_is_a_key_alone() -> None:
    assert relocate(Artifact(name="a", gcs=GCS(key="k")), LOCAL).s3 == S3(key="k")


def test_places_are_the_same_whatever_the_keys() -> None:
    assert is_same_place(REPOSITORY, with_key(REPOSITORY, "other"))
    assert not is_same_place(REPOSITORY, LOCAL)
    assert not is_same_place(REPOSITORY, ArtifactLocation(s3=S3(endpoint="e", bucket="c")))


def test_a_sub_path_goes_below_the_key() -> None:
    assert key_of(below_key(Artifact(s3=S3(bucket="b", key="a/")), "/b/./c/")) == "a/b/c"
    url = HTTPArtifact(url="http://h/a?q=1")
    assert below_key(Artifact(http=url), "b").http == HTTPArtifact(url="http://h/a/b?q=1")
    assert below_key(Artifact(azure=Azure(blob="a")), "b").azure == Azure(blob="a/b")


@pytest.mark.parametrize("sub_path", ["..", "../x", "a/../../x", "a/.."])
def test_a_sub_path_that_climbs_is_refused(sub_path: str) -> None:
    with pytest.raises(RefusedError, match=r"has the segment '..'"):
        below_key(Artifact(name="a", s3=S3(bucket="b", key="k")), sub_path)


def test_what_has_no_key_cannot_be_given_one() -> None:
    with pytest.raises(RefusedError, match="has no key to set: its location is raw"):
        with_key(Artifact(name="a", raw=Raw(data="x")), "k")

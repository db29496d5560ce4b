"""Which artifact repository a workflow uses, and what it says."""

from __future__ import annotations

import pytest

from pinnace.base.errors import ManifestError
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.locations import GCS, Artifactory, KeySelector
from pinnace.spec.parameters import S3, ArtifactLocation
from pinnace.spec.policies import ArtifactRepositoryRef
from pinnace.spec.repositories import DEFAULT_KEY, location_in, resolve
from pinnace.spec.workflow import ConfigMap, ObjectMeta


def config_map(name: str, data: dict[str, str], default: str = "") -> ConfigMap:
    annotations = {DEFAULT_KEY: default} if default else {}
    return ConfigMap(metadata=ObjectMeta(name=name, annotations=annotations), data=data)


TWO = config_map("artifact-repositories", {"one": "s3: {bucket: one}", "two": "s3: {bucket: two}"}, "two")


def bucket(ref: ArtifactRepositoryRef | None, *config_maps: ConfigMap) -> str:
    found = resolve(ref, Catalogue(config_maps=config_maps), "ns")
    if found is None:
        return "none"
    location = location_in(found.artifact_repository)
    assert location is not None
    assert location.s3 is not None
    return location.s3.bucket


def test_the_default_is_what_the_annotation_names() -> None:
    assert bucket(None, TWO) == "two"
    assert bucket(ArtifactRepositoryRef(), TWO) == "two"


def test_a_reference_names_the_config_map_and_the_key() -> None:
    other = config_map("other", {"x": "s3: {bucket: x}"}, "x")
    assert bucket(ArtifactRepositoryRef(key="one"), TWO, other) == "one"
    assert bucket(ArtifactRepositoryRef(config_map="other"), TWO, other) == "x"
    assert bucket(ArtifactRepositoryRef(config_map="other", key="x"), other) == "x"


def test_what_nobody_gave_is_none() -> None:
    assert bucket(None) == "none"
    assert bucket(None, config_map("artifact-repositories", {"one": "s3: {bucket: one}"})) == "none"
    assert bucket(ArtifactRepositoryRef(key="three"), TWO) == "none"
    assert bucket(ArtifactRepositoryRef(config_map="other"), TWO) == "none"


@pytest.mark.parametrize("text", ["{}", "hdfs: {addresses: [h]}"])
def test_what_cannot_be_used_here_is_none(text: str) -> None:
    assert bucket(None, config_map("artifact-repositories", {"k": text}, "k")) == "none"


@pytest.mark.parametrize("text", ["", "- 1", "s3: text", "s3: {bucket: [1]}", "a: 1\n---\nb: 2", "{"])
def test_what_is_no_repository_is_told(text: str) -> None:
    with pytest.raises(
        ManifestError, match="key 'k' of ConfigMap 'artifact-repositories' is no artifact rep"
    ):
        bucket(None, config_map("artifact-repositories", {"k": text}, "k"))


def test_where_it_was_found_is_told() -> None:
    found = resolve(None, Catalogue(config_maps=[TWO]), "ns")
    assert found is not None
    assert (found.namespace, found.config_map, found.key) == ("ns", "artifact-repositories", "two")


SECRET = KeySelector(name="s", key="k")
DEFAULT = "{{workflow.name}}/{{pod.name}}"


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("s3: {bucket: b}", ArtifactLocation(s3=S3(bucket="b", key=DEFAULT))),
        ("s3: {bucket: b, keyPrefix: p}", ArtifactLocation(s3=S3(bucket="b", key=f"p/{DEFAULT}"))),
        ("s3: {bucket: b, keyFormat: f, keyPrefix: p}", ArtifactLocation(s3=S3(bucket="b", key="f"))),
        ("gcs: {bucket: b, keyFormat: f}", ArtifactLocation(gcs=GCS(bucket="b", key="f"))),
        (
            "artifactory: {repoURL: http://h/r, usernameSecret: {name: s, key: k}}",
            ArtifactLocation(artifactory=Artifactory(url=f"http://h/r/{DEFAULT}", username_secret=SECRET)),
        ),
    ],
)
def test_each_kind_has_a_location_with_its_key_format(text: str, location: ArtifactLocation) -> None:
    found = resolve(None, Catalogue(config_maps=[config_map("artifact-repositories", {"k": text}, "k")]), "")
    assert found is not None
    assert location_in(found.artifact_repository) == location

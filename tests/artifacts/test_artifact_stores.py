"""From a declared artifact to a file on this machine and back."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pinnace.artifacts.git import GitStore
from pinnace.artifacts.httpstore import HttpStore
from pinnace.artifacts.local import LocalStore
from pinnace.artifacts.open import INSTEAD, ArtifactStores, StoreSettings
from pinnace.artifacts.raw import RawStore
from pinnace.artifacts.s3 import S3Store
from pinnace.artifacts.unpack import UnpackLimits
from pinnace.base.errors import ArtifactError, ArtifactNotFound, NotFoundError, RefusedError
from pinnace.ports.aws import AwsCredentials
from pinnace.spec.locations import (
    GCS,
    HDFS,
    Artifactory,
    BasicAuth,
    Git,
    HTTPAuth,
    KeySelector,
    PluginArtifact,
)
from pinnace.spec.parameters import S3, Archive, Artifact, ArtifactLocation, HTTPArtifact, Raw, TarArchive


def secrets(selector: KeySelector) -> str:
    if selector.name == "missing":
        raise NotFoundError(f"secrets {selector.name!r} not found")
    return f"{selector.name}-{selector.key}"


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "repository")


@pytest.fixture
def stores(local: LocalStore) -> ArtifactStores:
    return ArtifactStores(local, secrets)


def kept(**more: Any) -> Artifact:
    return Artifact(name="a", path="/tmp/out.txt", s3=S3(key="k"), **more)


WAYS = [None, Archive(none={}), Archive(zip={}), Archive(tar=TarArchive(compression_level=9))]


@pytest.mark.parametrize("archive", WAYS)
def test_a_file_that_was_saved_is_loaded(
    stores: ArtifactStores, tmp_path: Path, archive: Archive | None
) -> None:
    (tmp_path / "captured").write_bytes(b"content")
    stores.save(kept(archive=archive), tmp_path / "captured")
    stores.load(kept(archive=archive), tmp_path / "input")
    assert (tmp_path / "input").read_bytes() == b"content"


@pytest.mark.parametrize("archive", WAYS)
def test_a_folder_that_was_saved_is_loaded(
    stores: ArtifactStores, tmp_path: Path, archive: Archive | None
) -> None:
    (tmp_path / "captured" / "sub").mkdir(parents=True)
    (tmp_path / "captured" / "sub" / "x").write_bytes(b"1")
    (tmp_path / "captured" / "y").write_bytes(b"2")
    stores.save(kept(archive=archive), tmp_path / "captured")
    stores.load(kept(archive=archive), tmp_path / "input")
    assert (tmp_path / "input/sub/x").read_bytes() == b"1"
    assert sorted(path.name for path in (tmp_path / "input").iterdir()) == ["sub", "y"]
    assert sorted(stores.list(kept())) == (["k/sub/x", "k/y"] if archive == Archive(none={}) else ["k"])


def test_what_was_packed_is_unpacked_without_being_told(stores: ArtifactStores, tmp_path: Path) -> None:
    (tmp_path / "captured").write_bytes(b"content")
    stores.save(kept(archive=Archive(tar=TarArchive())), tmp_path / "captured")
    stores.load(kept(), tmp_path / "input")
    assert (tmp_path / "input").read_bytes() == b"content"


def test_an_archive_is_made_where_what_a_crash_leaves_is_swept(
    stores: ArtifactStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "captured").write_bytes(b"content")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    stores.save(kept(archive=Archive(tar=TarArchive())), tmp_path / "captured")
    stores.load(kept(), tmp_path / "input")
    assert (tmp_path / "input").read_bytes() == b"content"


def test_none_leaves_a_packed_file_packed(stores: ArtifactStores, tmp_path: Path) -> None:
    (tmp_path / "captured").write_bytes(b"content")
    stores.save(kept(), tmp_path / "captured")
    stores.load(kept(archive=Archive(none={})), tmp_path / "input")
    assert (tmp_path / "input").read_bytes().startswith(b"\x1f\x8b")


def test_a_folder_where_an_archive_must_be_is_an_error(stores: ArtifactStores, tmp_path: Path) -> None:
    (tmp_path / "captured").mkdir()
    (tmp_path / "captured" / "x").write_bytes(b"1")
    stores.save(kept(archive=Archive(none={})), tmp_path / "captured")
    with pytest.raises(ArtifactError, match="'k' is a folder and not the archive"):
        stores.load(kept(archive=Archive(zip={})), tmp_path / "input")


def test_the_mode_is_that_of_the_artifact(stores: ArtifactStores, tmp_path: Path) -> None:
    raw = Artifact(name="a", path="/bin/kubectl", raw=Raw(data="#!/bin/sh\n"), mode=0o755)
    stores.load(raw, tmp_path / "input")
    assert stat.S_IMODE((tmp_path / "input").stat().st_mode) == 0o755
    assert (tmp_path / "input").read_text() == "#!/bin/sh\n"


def test_a_missing_artifact_is_told_by_its_name(stores: ArtifactStores, tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFound, match="artifact a failed to load: no artifact with the key 'k'"):
        stores.load(kept(), tmp_path / "input")


def test_an_artifact_that_was_not_supplied_is_told_as_argo_does(
    stores: ArtifactStores, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactNotFound, match=r"^required artifact 'a' not supplied$"):
        stores.load(Artifact(name="a"), tmp_path / "input")


def test_a_bomb_keeps_to_the_limits_of_the_settings(local: LocalStore, tmp_path: Path) -> None:
    stores = ArtifactStores(local, secrets, StoreSettings(limits=UnpackLimits(max_bytes=10)))
    (tmp_path / "captured").write_bytes(b"x" * 11)
    stores.save(kept(), tmp_path / "captured")
    with pytest.raises(
        ArtifactError, match="a failed to load: the archive unpacks to more than 10 bytes"
    ) as error:
        stores.load(kept(), tmp_path / "input")
    assert "raise the limit" in error.value.remedy
    assert not (tmp_path / "input").exists()


def test_what_was_saved_is_deleted(stores: ArtifactStores, tmp_path: Path) -> None:
    (tmp_path / "captured").write_bytes(b"content")
    stores.save(kept(), tmp_path / "captured")
    stores.delete(kept())
    stores.delete(kept())
    assert list(stores.list(kept())) == []


def test_a_raw_artifact_is_no_output(stores: ArtifactStores, tmp_path: Path) -> None:
    (tmp_path / "captured").write_bytes(b"content")
    with pytest.raises(RefusedError, match="raw artifacts are inputs only"):
        stores.save(Artifact(name="a", path="/x", raw=Raw(data="")), tmp_path / "captured")


COMPLETE: dict[str, Any] = {
    "hdfs": HDFS(addresses=("h:1",), path="/k"),
    "plugin": PluginArtifact(name="p", configuration="c", key="k"),
}


@pytest.mark.parametrize("kind", INSTEAD)
def test_a_kind_without_a_store_is_refused_with_what_to_use(stores: ArtifactStores, kind: str) -> None:
    location: dict[str, Any] = {kind: COMPLETE[kind]}
    with pytest.raises(RefusedError, match=f"'a' is kept in {kind}, which is not supported") as error:
        stores.store_for(Artifact(name="a", **location))
    assert error.value.remedy.startswith("Use")


def test_what_has_only_a_key_is_in_the_repository(local: LocalStore) -> None:
    assert ArtifactStores(local, secrets).store_for(Artifact(gcs=GCS(key="k"))) == (local, "k")
    bucket = ArtifactLocation(s3=S3(bucket="b", region="r", key="{{pod.name}}"))
    stores = ArtifactStores(local, secrets, repository=bucket)
    store, key = stores.store_for(kept())
    assert isinstance(store, S3Store)
    assert (store._location.bucket, key) == ("b", "k")


@pytest.mark.parametrize("artifact", [Artifact(name="a"), Artifact(name="a", s3=S3(bucket="b"))])
def test_an_incomplete_location_is_told(stores: ArtifactStores, artifact: Artifact) -> None:
    with pytest.raises(ArtifactError, match="'a' has no complete location"):
        stores.store_for(artifact)


def test_each_kind_has_its_store(stores: ArtifactStores, local: LocalStore) -> None:
    assert stores.store_for(kept()) == (local, "k")
    assert isinstance(stores.store_for(Artifact(raw=Raw(data="x")))[0], RawStore)
    assert isinstance(stores.store_for(Artifact(http=HTTPArtifact(url="http://h/x")))[0], HttpStore)
    store, key = stores.store_for(Artifact(s3=S3(bucket="b", key="x/y", region="eu-west-1")))
    assert isinstance(store, S3Store)
    assert key == "x/y"


def test_a_key_that_ends_with_a_slash_is_a_folder(stores: ArtifactStores, tmp_path: Path) -> None:
    (tmp_path / "captured").mkdir()
    (tmp_path / "captured" / "x").write_bytes(b"1")
    stores.save(kept(archive=Archive(none={})), tmp_path / "captured")
    stores.load(Artifact(name="a", s3=S3(key="k/")), tmp_path / "input")
    assert (tmp_path / "input" / "x").read_bytes() == b"1"


def test_a_location_is_opened_once_whatever_the_key(stores: ArtifactStores) -> None:
    one, two, three = (
        stores.store_for(Artifact(s3=S3(bucket=bucket, key=key, region="r")))[0]
        for bucket, key in (("b", "1"), ("b", "2"), ("c", "1"))
    )
    assert one is two
    assert one is not three


def test_the_secrets_of_a_location_are_resolved(stores: ArtifactStores) -> None:
    s3 = S3(
        bucket="b",
        key="k",
        access_key_secret=KeySelector(name="s", key="id"),
        secret_key_secret=KeySelector(name="s", key="secret"),
        session_token_secret=KeySelector(name="s", key="token"),
    )
    store, _ = stores.store_for(Artifact(s3=s3))
    assert isinstance(store, S3Store)
    assert store._credentials == AwsCredentials(
        access_key="s-id", secret_key="s-secret", session_token="s-token"
    )


def test_a_missing_secret_is_told(stores: ArtifactStores) -> None:
    s3 = S3(bucket="b", key="k", access_key_secret=KeySelector(name="missing", key="id"))
    with pytest.raises(NotFoundError, match="secrets 'missing' not found"):
        stores.store_for(Artifact(s3=s3))


def test_the_credentials_of_the_settings_are_used_where_no_secret_is_named(local: LocalStore) -> None:
    credentials = AwsCredentials(access_key="a", secret_key="b")
    settings = StoreSettings(endpoint_url="http://127.0.0.1:1", credentials=credentials)
    store, _ = ArtifactStores(local, secrets, settings).store_for(Artifact(s3=S3(bucket="b", key="k")))
    assert isinstance(store, S3Store)
    assert (store._credentials, store._endpoint) == (credentials, "http://127.0.0.1:1")


def test_basic_authorization_comes_from_secrets(stores: ArtifactStores) -> None:
    basic = BasicAuth(
        username_secret=KeySelector(name="s", key="u"), password_secret=KeySelector(name="s", key="p")
    )
    http = HTTPArtifact(url="http://h/x", auth=HTTPAuth(basic_auth=basic))
    artifactory = Artifactory(
        url="http://h/x", username_secret=basic.username_secret, password_secret=basic.password_secret
    )
    for artifact in (Artifact(http=http), Artifact(artifactory=artifactory)):
        store, _ = stores.store_for(artifact)
        assert isinstance(store, HttpStore)
        assert store._headers == (("Authorization", "Basic cy11OnMtcA=="),)


def test_the_secrets_of_a_repository_are_resolved(stores: ArtifactStores) -> None:
    secret = KeySelector(name="s", key="u")
    store, _ = stores.store_for(Artifact(git=Git(repo="https://h/r", username_secret=secret)))
    assert isinstance(store, GitStore)
    assert (store._username, store._password) == ("s-u", "")

"""S3, against an emulator of it in this process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("moto.server", reason="the emulator of AWS comes with pinnace[world]")
from buckets import Bucket
from pinnace.artifacts.s3 import S3Store
from pinnace.base.errors import ArtifactError, ArtifactNotFound, RefusedError
from pinnace.ports.artifacts import ArtifactStore
from pinnace.ports.aws import AwsCredentials
from pinnace.spec.locations import KeySelector
from pinnace.spec.parameters import S3
from pinnace.testing.contracts.artifacts import ArtifactStoreContract

CREDENTIALS = AwsCredentials(
    access_key="AKIAKEYOFTEST", secret_key="secret-of-the-test", session_token="token"
)


def location(endpoint: str, bucket: str, **more: object) -> S3:
    host = endpoint.removeprefix("http://")
    given = {"endpoint": host, "bucket": bucket, "region": "us-east-1", "insecure": True, "key": "k", **more}
    return S3(**given)  # type: ignore[arg-type] # a table of fields


def store_of(bucket: Bucket) -> S3Store:
    return S3Store(location(bucket.endpoint, bucket.name), CREDENTIALS)


class TestS3Store(ArtifactStoreContract):
    @pytest.fixture
    def store(self, bucket: Bucket) -> ArtifactStore:
        return store_of(bucket)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "source"
    path.write_bytes(content)
    return path


def test_what_is_saved_is_seen_by_amazons_own_client(bucket: Bucket, tmp_path: Path) -> None:
    store_of(bucket).save(write(tmp_path, b"{}"), "a%2Fb/c d.json")
    got = bucket.client.get_object(Bucket=bucket.name, Key="a%2Fb/c d.json")
    assert (got["Body"].read(), got["ContentType"]) == (b"{}", "application/json")


def test_a_large_file_goes_in_parts(bucket: Bucket, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 20
    store = store_of(bucket)
    store.save(write(tmp_path, content), "large")
    head = bucket.client.head_object(Bucket=bucket.name, Key="large")
    assert "-" in head["ETag"], "an object of several parts"
    store.load("large", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content


def test_the_endpoint_given_by_the_caller_replaces_that_of_the_location(
    bucket: Bucket, tmp_path: Path
) -> None:
    amazon = S3(
        endpoint="s3.amazonaws.com", bucket=bucket.name, region="eu-west-1", addressing_style="virtual-hosted"
    )
    store = S3Store(amazon, CREDENTIALS, endpoint_url=bucket.endpoint)
    store.save(write(tmp_path, b"1"), "a")
    assert list(store.list("a")) == ["a"]


def test_an_endpoint_of_the_environment_does_not_replace_that_of_the_location(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    store = store_of(bucket)
    store.save(write(tmp_path, b"1"), "a")


def test_credentials_of_the_sdk_are_used_without_secrets(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = S3Store(location(bucket.endpoint, bucket.name, use_sdk_creds=True))
    store.save(write(tmp_path, b"1"), "a")
    assert store.is_directory("a") is False


def test_a_missing_key_names_bucket_key_and_endpoint(bucket: Bucket, tmp_path: Path) -> None:
    store = store_of(bucket)
    with pytest.raises(ArtifactNotFound) as error:
        store.load("no/such", tmp_path / "out")
    assert error.value.message == f"s3://{bucket.name}/no/such at {bucket.endpoint}: there is no such key"


def test_a_missing_bucket_is_not_a_missing_artifact(s3: str, tmp_path: Path) -> None:
    store = S3Store(location(s3, "no-such-bucket"), CREDENTIALS)
    acts: list[Callable[[], None]] = [
        lambda: store.load("a", tmp_path / "out"),
        lambda: store.save(write(tmp_path, b"1"), "a"),
    ]
    for act in acts:
        with pytest.raises(
            ArtifactError, match=r"s3://no-such-bucket/a at .*: there is no such bucket"
        ) as error:
            act()
        assert not isinstance(error.value, ArtifactNotFound)
        assert "createBucketIfNotPresent" in error.value.remedy


def test_a_bucket_is_created_when_the_location_says_so(s3: str, tmp_path: Path) -> None:
    name = f"new-{uuid.uuid4().hex[:12]}"
    store = S3Store(location(s3, name, create_bucket_if_not_present={}), CREDENTIALS)
    for key in ("one", "two"):
        store.save(write(tmp_path, b"1"), key)
        assert list(store.list(key)) == [key]


def test_an_unreachable_endpoint_is_told_without_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(S3Store.__init__.__globals__["RETRIES"], "max_retries", 0)
    store = S3Store(location("http://127.0.0.1:1", "b"), CREDENTIALS)
    with pytest.raises(ArtifactError) as error:
        store.load("a", tmp_path / "out")
    assert error.value.message.startswith("cannot read s3://b/a at http://127.0.0.1:1: Generic S3 error")
    assert "\n" not in error.value.message
    assert "secret" not in str(error.value)


def test_credentials_are_never_shown() -> None:
    assert "secret" not in repr(CREDENTIALS)
    assert "AKIA" not in f"{CREDENTIALS}"


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ({"endpoint": "minio.example:9000"}, "https://minio.example:9000"),
        ({"endpoint": "minio.example:9000", "insecure": True}, "http://minio.example:9000"),
        ({"endpoint": "e.example", "addressing_style": "virtual-hosted"}, "https://b.e.example"),
        ({"endpoint": "s3.amazonaws.com"}, None),
        ({"endpoint": "s3.eu-west-1.amazonaws.com"}, None),
        ({"endpoint": ""}, None),
    ],
)
def test_an_endpoint_becomes_the_url_of_its_bucket(more: dict[str, object], url: str | None) -> None:
    store = S3Store(S3(bucket="b", region="eu-west-1", **more), CREDENTIALS)  # type: ignore[arg-type] # a table
    assert store._store.config.get("endpoint") == url


@pytest.mark.parametrize(
    ("options", "config"),
    [
        ({"enableEncryption": True}, {"server_side_encryption": "AES256"}),
        (
            {"enableEncryption": True, "kmsKeyId": "k"},
            {"server_side_encryption": "aws:kms", "sse_kms_key_id": "k"},
        ),
        ({"kmsKeyId": "k"}, {}),
    ],
)
def test_encryption_is_asked_for_as_the_location_says(
    options: dict[str, object], config: dict[str, str]
) -> None:
    store = S3Store(S3(bucket="b", encryption_options=options), CREDENTIALS)
    kept = store._store.config
    assert {name: kept.get(name) for name in config} == config
    assert ("server_side_encryption" in kept) == bool(config)


def test_encryption_with_a_customers_key_is_refused() -> None:
    options = {"serverSideCustomerKeySecret": {"name": "s", "key": "k"}}
    with pytest.raises(RefusedError, match="serverSideCustomerKeySecret is not supported"):
        S3Store(S3(bucket="b", encryption_options=options), CREDENTIALS)


def test_a_broken_certificate_is_told() -> None:
    with pytest.raises(ArtifactError, match="cannot use the bucket s3://b: No certificates found"):
        S3Store(S3(bucket="b", ca_secret=KeySelector(name="ca", key="pem")), CREDENTIALS, ca="garbage")


def test_without_a_prefix_the_whole_bucket_is_listed(bucket: Bucket) -> None:
    for key in ("b/c", "a"):
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"x")
    assert list(store_of(bucket).list("")) == ["a", "b/c"]

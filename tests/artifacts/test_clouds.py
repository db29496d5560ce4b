"""Buckets of Google Cloud and Alibaba Cloud, against emulators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

import pytest

pytest.importorskip("moto.server", reason="the emulator of AWS comes with pinnace[world]")
from buckets import Bucket
from pinnace.artifacts.clouds import open_gcs, open_oss
from pinnace.base.errors import ArtifactError, RefusedError
from pinnace.ports.artifacts import ArtifactStore
from pinnace.spec.locations import GCS, OSS, OSSLifecycleRule
from pinnace.testing.contracts.artifacts import ArtifactStoreContract
from servers import Quiet, serving


class Google(Quiet):
    """The part of Google Cloud Storage's XML interface that is used: objects, and lists of them."""

    protocol_version = "HTTP/1.1"
    kept: ClassVar[dict[str, bytes]] = {}

    def answer(self) -> None:
        path, _, query = self.path.partition("?")
        key = unquote(path).removeprefix("/bucket").removeprefix("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content = 200, b""
        if self.command == "PUT":
            self.kept[key] = body
        elif self.command == "DELETE":
            status = 204 if self.kept.pop(key, None) is not None else 404
        elif "list-type=2" in query:
            content = self.listed(parse_qs(query).get("prefix", [""])[0])
        elif key in self.kept:
            content = self.kept[key]
        else:
            status = 404
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def listed(self, prefix: str) -> bytes:
        found = [
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.kept[key])}</Size><ETag>1</ETag>"
            "<LastModified>2026-11-23T00:00:00Z</LastModified></Contents>"
            for key in sorted(self.kept)
            if key.startswith(prefix)
        ]
        return f"<ListBucketResult>{''.join(found)}</ListBucketResult>".encode()

    do_GET = do_PUT = do_HEAD = do_DELETE = answer


@pytest.fixture
def google() -> Iterator[str]:
    Google.kept.clear()
    with serving(Google) as url:
        yield url


class TestGoogleCloud(ArtifactStoreContract):
    @pytest.fixture
    def store(self, google: str) -> ArtifactStore:
        key = {
            "gcs_base_url": google,
            "disable_oauth": True,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        }
        return open_gcs(GCS(bucket="bucket", key="k"), json.dumps(key))


class TestAlibabaCloud(ArtifactStoreContract):
    @pytest.fixture
    def store(self, bucket: Bucket) -> ArtifactStore:
        return open_oss(OSS(endpoint=bucket.endpoint, bucket=bucket.name, key="k"), "x", "y")


def test_a_service_account_key_that_is_none_is_told_without_its_text() -> None:
    with pytest.raises(ArtifactError, match="cannot use the bucket gs://b") as error:
        open_gcs(GCS(bucket="b", key="k"), "very secret")
    assert "very secret" not in str(error.value)


def test_the_region_of_alibaba_cloud_is_that_of_the_endpoint() -> None:
    store = open_oss(
        OSS(endpoint="http://oss-cn-hangzhou-internal.aliyuncs.com", bucket="b", key="k"), "x", "y"
    )
    assert (store._location.region, store._location.insecure) == ("oss-cn-hangzhou", True)
    assert store._endpoint_of_bucket() == "http://b.oss-cn-hangzhou-internal.aliyuncs.com"


@pytest.mark.parametrize("more", [{"use_sdk_creds": True}, {"lifecycle_rule": OSSLifecycleRule()}])
def test_what_is_not_there_for_alibaba_cloud_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(RefusedError):
        open_oss(OSS(endpoint="e", bucket="b", key="k", **more), "x", "y")  # type: ignore[arg-type] # a table

"""Containers of Azure, against a server of the test's own: its blobs, its lists, and its two ways to sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from pinnace.artifacts.clouds import open_azure
from pinnace.artifacts.local import LocalStore
from pinnace.artifacts.open import ArtifactStores
from pinnace.base.errors import ArtifactError, RefusedError
from pinnace.ports.artifacts import ArtifactStore
from pinnace.spec.locations import Azure, KeySelector
from pinnace.spec.parameters import Artifact
from pinnace.testing.contracts.artifacts import ArtifactStoreContract
from servers import Quiet, serving

KEY = base64.b64encode(b"the key of the account").decode()
SIGNATURE = "?sv=2024-11-04&sig=s%2Fg"


class Blobs(Quiet):
    """The part of Azure's Blob service that is used, for the account ``acc`` and its container ``box``.

    Source: Azure Storage REST API: Put Blob, Put Block List, Get Blob, List Blobs, Blob Batch, Shared Key.
    """

    protocol_version = "HTTP/1.1"
    kept: ClassVar[dict[str, bytes]] = {}
    blocks: ClassVar[dict[str, bytes]] = {}

    def answer(self) -> None:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        key = unquote(url.path).removeprefix("/acc/box").removeprefix("/")
        if not self.is_signed(length, url.path, query):
            self.tell(403, b"<Error><Code>AuthenticationFailed</Code></Error>")
        elif not url.path.startswith("/acc/box"):
            self.tell(404, b"<Error><Code>ContainerNotFound</Code></Error>")
        elif query.get("comp") == "list":
            self.tell(200, self.listed(query.get("prefix", "")))
        elif query.get("comp") == "batch":
            self.delete_all(body)
        elif self.command == "PUT":
            self.put(key, query, body)
            self.tell(201)
        elif key not in self.kept:
            self.tell(404, b"<Error><Code>BlobNotFound</Code></Error>")
        elif self.command == "DELETE":
            del self.kept[key]
            self.tell(202)
        else:
            self.tell(200, self.kept[key])

    def put(self, key: str, query: dict[str, str], body: bytes) -> None:
        if query.get("comp") == "block":
            self.blocks[query["blockid"]] = body
        elif query.get("comp") == "blocklist":
            names = re.findall(r"<(?:Uncommitted|Latest)>([^<]*)<", body.decode())
            self.kept[key] = b"".join(self.blocks.pop(name) for name in names)
        else:
            self.kept[key] = body

    def delete_all(self, body: bytes) -> None:
        """Answer each request of the batch in a part of its own."""
        parts = b""
        for number, path in enumerate(re.findall(rb"^DELETE (\S+) HTTP", body, re.MULTILINE)):
            key = unquote(urlsplit(path.decode()).path).partition("/box/")[2]
            status = b"202 Accepted" if self.kept.pop(key, None) is not None else b"404 BlobNotFound"
            parts += b"--b\r\nContent-Type: application/http\r\nContent-ID: %d\r\n\r\n" % number
            parts += b"HTTP/1.1 " + status + b"\r\nx-ms-version: 1\r\n\r\n\r\n"
        self.tell(202, parts + b"--b--\r\n", "multipart/mixed; boundary=b")

    def listed(self, prefix: str) -> bytes:
        found = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>{formatdate(usegmt=True)}"
            f"</Last-Modified><Content-Length>{len(self.kept[key])}</Content-Length>"
            "<Content-Type>x/y</Content-Type><Etag>1</Etag></Properties></Blob>"
            for key in sorted(self.kept)
            if key.startswith(prefix)
        )
        return f"<EnumerationResults><Blobs>{found}</Blobs><NextMarker/></EnumerationResults>".encode()

    def is_signed(self, length: int, path: str, query: dict[str, str]) -> bool:
        authorization = self.headers.get("Authorization")
        if authorization is None:
            return query.get("sig") == "s/g"
        plain = ["Encoding", "Language", "Length", "MD5", "Type"]
        content = [self.headers.get(f"Content-{name}", "") for name in plain]
        content[2] = str(length) if length else ""
        others = ["Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"]
        named = sorted((name.lower(), value) for name, value in self.headers.items())
        lines = [
            self.command,
            *content,
            *(self.headers.get(name, "") for name in others),
            *(f"{name}:{value.strip()}" for name, value in named if name.startswith("x-ms-")),
            f"/acc{path}",
            *(f"{name}:{value}" for name, value in sorted(query.items())),
        ]
        mac = hmac.new(base64.b64decode(KEY), "\n".join(lines).encode(), hashlib.sha256)
        return authorization == f"SharedKey acc:{base64.b64encode(mac.digest()).decode()}"

    def tell(self, status: int, content: bytes = b"", kind: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", formatdate(usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer


@pytest.fixture
def endpoint() -> Iterator[str]:
    Blobs.kept.clear()
    with serving(Blobs) as url:
        yield f"{url}/acc"


class TestAccountKey(ArtifactStoreContract):
    @pytest.fixture
    def store(self, endpoint: str) -> ArtifactStore:
        return open_azure(Azure(endpoint=endpoint, container="box", blob="k"), KEY + "\n")


class TestSharedAccessSignature(ArtifactStoreContract):
    @pytest.fixture
    def store(self, endpoint: str) -> ArtifactStore:
        return open_azure(Azure(endpoint=endpoint, container="box", blob="k"), SIGNATURE)


def test_a_folder_of_a_hierarchical_namespace_is_a_folder_and_no_empty_file(
    endpoint: str, tmp_path: Path
) -> None:
    Blobs.kept.update({"d": b"", "d/a": b"1", "d/sub/b": b"2", "empty": b""})
    store = open_azure(Azure(endpoint=endpoint, container="box", blob="k"), KEY)
    store.load("d", tmp_path / "d")
    store.load("empty", tmp_path / "empty")
    assert (tmp_path / "d" / "a").read_bytes() + (tmp_path / "d" / "sub" / "b").read_bytes() == b"12"
    assert (tmp_path / "empty").read_bytes() == b""


def test_an_artifact_is_kept_in_its_container_by_the_named_secret(endpoint: str, tmp_path: Path) -> None:
    secrets = {("azure", "key"): KEY}
    stores = ArtifactStores(LocalStore(tmp_path / "local"), lambda each: secrets[each.name, each.key])
    (tmp_path / "out").write_bytes(b"content")
    key = KeySelector(name="azure", key="key")
    artifact = Artifact(
        name="a",
        path="/out",
        azure=Azure(endpoint=endpoint, container="box", blob="x/a.tgz", account_key_secret=key),
    )
    stores.save(artifact, tmp_path / "out")
    assert Blobs.kept.keys() == {"x/a.tgz"}
    stores.load(artifact, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"content"


def test_a_large_file_goes_in_blocks(endpoint: str, tmp_path: Path) -> None:
    content = b"0123456789abcdef" * (9 << 16)  # 9 MiB
    (tmp_path / "large").write_bytes(content)
    open_azure(Azure(endpoint=endpoint, container="box", blob="k"), KEY).save(tmp_path / "large", "large")
    assert Blobs.kept["large"] == content


def test_a_container_that_is_missing_is_told(endpoint: str, tmp_path: Path) -> None:
    store = open_azure(Azure(endpoint=endpoint, container="other", blob="k"), KEY)
    with pytest.raises(ArtifactError, match="other/k: there is no such container"):
        store.load("k", tmp_path / "k")


def test_a_wrong_key_is_told_and_not_shown(endpoint: str, tmp_path: Path) -> None:
    wrong = base64.b64encode(b"wrong").decode()
    store = open_azure(Azure(endpoint=endpoint, container="box", blob="k"), wrong)
    with pytest.raises(ArtifactError, match="AuthenticationFailed") as error:
        store.load("k", tmp_path / "k")
    assert wrong not in str(error.value)
    with pytest.raises(ArtifactError, match="cannot use the container") as error:
        open_azure(Azure(endpoint=endpoint, container="box", blob="k"), "no base64!")
    assert "no base64!" not in str(error.value)


def test_without_a_key_the_remedy_names_the_field() -> None:
    location = Azure(endpoint="https://acc.blob.core.windows.net", container="box", blob="k")
    with pytest.raises(RefusedError, match="needs a key") as error:
        open_azure(location, "")
    assert "accountKeySecret" in error.value.remedy

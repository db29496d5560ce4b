"""Artifacts behind a URL, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pinnace.artifacts.httpstore import HttpStore
from pinnace.base.errors import ArtifactError, ArtifactNotFound, RefusedError
from pinnace.spec.parameters import Header, HTTPArtifact
from servers import Quiet, serving


class Handler(Quiet):
    """Answers by path, and remembers what came."""

    seen: list[tuple[str, str, dict[str, str], bytes]]
    served: dict[str, bytes]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        status, location, content = 200, "", self.served.get(self.path, b"content")
        match self.path.strip("/").split("/"):
            case ["status", code]:
                status = int(code)
            case ["to", code, "metadata"]:
                status, location = int(code), "http://169.254.169.254/secret"
            case ["to", code, *rest]:
                status, location = int(code), "/" + "/".join(rest)
            case ["drop"]:
                return
            case ["short"]:
                content = content + b"more"
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.path != "/short" else b"content")

    do_GET = answer
    do_PUT = answer


@pytest.fixture
def handler() -> type[Handler]:
    return type("Mine", (Handler,), {"seen": [], "served": {}})


@pytest.fixture
def url(handler: type[Handler]) -> Iterator[str]:
    with serving(handler) as url:
        yield url


def store(
    url: str, *headers: Header, username: str = "", password: str = "", max_bytes: int = 1 << 20
) -> HttpStore:
    location = HTTPArtifact(url=url, headers=headers)
    return HttpStore(location, username=username, password=password, max_bytes=max_bytes)


def test_what_the_url_answers_is_loaded(url: str, handler: type[Handler], tmp_path: Path) -> None:
    store(url + "/a b?x=%2F", Header("X-A", "é")).load("", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"content"
    method, path, headers, _ = handler.seen[0]
    assert (method, path) == ("GET", "/a%20b?x=%2F")
    assert headers["Host"] == url.removeprefix("http://")
    assert headers["X-A"].encode("latin-1").decode() == "é"


def test_a_file_is_sent(url: str, handler: type[Handler], tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"sent")
    store(url + "/x").save(tmp_path / "in", "")
    assert [(seen[0], seen[3]) for seen in handler.seen] == [("PUT", b"sent")]


def test_a_file_is_sent_again_where_a_redirect_says(url: str, handler: type[Handler], tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"sent")
    store(url + "/to/307/there").save(tmp_path / "in", "")
    assert [(seen[1], seen[3]) for seen in handler.seen] == [("/to/307/there", b"sent"), ("/there", b"sent")]


def test_basic_authorization_needs_a_user_and_a_password(
    url: str, handler: type[Handler], tmp_path: Path
) -> None:
    store(url, Header("authorization", "mine"), username="u", password="p").load("", tmp_path / "one")
    store(url, Header("Authorization", "mine"), username="u").load("", tmp_path / "two")
    store(url.replace("://", "://u:p@")).load("", tmp_path / "three")
    sent = [next(v for k, v in seen[2].items() if k.lower() == "authorization") for seen in handler.seen]
    assert sent == ["Basic dTpw", "mine", "Basic dTpw"]


def test_404_is_a_missing_artifact(url: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFound, match="404 Not Found"):
        store(url + "/status/404").load("", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_other_answers_are_errors(url: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"")
    with pytest.raises(ArtifactError) as loading:
        store(url + "/status/403").load("", tmp_path / "out")
    assert loading.value.message == f"loading content from {url}/status/403 failed with reason: 403 Forbidden"
    with pytest.raises(ArtifactError) as saving:
        store(url + "/status/500").save(tmp_path / "in", "")
    expected = f"saving file in to {url}/status/500 failed with reason: 500 Internal Server Error"
    assert saving.value.message == expected
    assert not isinstance(loading.value, ArtifactNotFound)


def test_too_much_content_is_stopped(url: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="answers more than 3 bytes"):
        store(url, max_bytes=3).load("", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/drop", "/short"])
def test_a_broken_connection_is_an_error_and_leaves_nothing(url: str, tmp_path: Path, path: str) -> None:
    with pytest.raises(ArtifactError, match=url):
        store(url + path).load("", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_refused_connection_names_the_url_without_credentials(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as error:
        store("http://user:hunter2@127.0.0.1:1/x").load("", tmp_path / "out")
    assert error.value.message == "http://***@127.0.0.1:1/x: Connection refused"


@pytest.mark.parametrize("address", ["http://169.254.169.254/x", "http://metadata.google.internal/"])
def test_link_local_and_metadata_addresses_are_not_asked(tmp_path: Path, address: str) -> None:
    with pytest.raises(ArtifactError, match=r"is not asked: .* permits it"):
        store(address).load("", tmp_path / "out")


def test_a_redirect_to_a_metadata_address_is_not_followed(url: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"169\.254\.169\.254 is a link-local address"):
        store(url + "/to/302/metadata").load("", tmp_path / "out")


@pytest.mark.parametrize("bad", ["", "/x", "ftp://h/x", "http://h/\n", "http://[::1"])
def test_what_is_no_url_is_an_error(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ArtifactError):
        store(bad).load("", tmp_path / "out")


def test_a_folder_must_be_packed_first(url: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="is a folder, and an http artifact is one file"):
        store(url).save(tmp_path, "")


def test_a_url_is_neither_deleted_nor_listed(url: str) -> None:
    with pytest.raises(RefusedError, match="cannot be deleted"):
        store(url).delete("")
    with pytest.raises(RefusedError, match="cannot be listed"):
        store(url).list("")
    assert store(url).is_directory("") is False

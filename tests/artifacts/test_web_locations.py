"""HTTP artifacts whose servers want a token, or a certificate of the client."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

pytest.importorskip("cryptography", reason="it makes the certificates")
from certificates import made_certificate
from pinnace.artifacts.weblocations import open_http
from pinnace.base.errors import ArtifactError
from pinnace.spec.locations import ClientCertAuth, HTTPAuth, KeySelector, OAuth2Auth, OAuth2EndpointParam
from pinnace.spec.parameters import Header, HTTPArtifact
from servers import Quiet, serving


class Handler(Quiet):
    """Gives tokens for POST, and content to who has one; remembers what it was sent."""

    seen: list[tuple[str, str | None, bytes]]
    token: object

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.headers.get("Authorization"), body))
        content = json.dumps(self.token).encode() if self.command == "POST" else b"content"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = answer


@pytest.fixture
def handler() -> type[Handler]:
    token = {"access_token": "the token", "token_type": "Bearer"}
    return type("Mine", (Handler,), {"seen": [], "token": token})


@pytest.fixture
def url(handler: type[Handler]) -> Iterator[str]:
    with serving(handler) as address:
        yield address


def load(location: HTTPArtifact, secrets: dict[str, str], target: Path) -> str:
    def secret(selector: KeySelector | None) -> str:
        return secrets[selector.key] if selector is not None else ""

    store = open_http(location, secret, allow_link_local=False, max_bytes=1 << 20)
    store.load("", target)
    return target.read_text()


def named(key: str) -> KeySelector:
    return KeySelector(name="s", key=key)


OAUTH2 = OAuth2Auth(
    client_id_secret=named("id"),
    client_secret_secret=named("secret"),
    token_url_secret=named("url"),
    scopes=("read", "write"),
    endpoint_params=(OAuth2EndpointParam(key="audience", value="me"),),
)


def test_a_token_is_asked_for_and_sent(url: str, handler: type[Handler], tmp_path: Path) -> None:
    location = HTTPArtifact(
        url=f"{url}/x", headers=(Header(name="authorization", value="other"),), auth=HTTPAuth(oauth2=OAUTH2)
    )
    secrets = {"id": "my id", "secret": "s", "url": f"{url}/token"}
    assert load(location, secrets, tmp_path / "input") == "content"
    asked, got = handler.seen
    assert asked[:2] == ("POST", "Basic bXkraWQ6cw==")
    assert parse_qs(asked[2].decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["read write"],
        "audience": ["me"],
    }
    assert got == ("GET", "Bearer the token", b"")


@pytest.mark.parametrize("answer", ["text", {}, {"access_token": ""}, {"access_token": 5}, []])
def test_an_answer_without_a_token_is_told(
    url: str, handler: type[Handler], tmp_path: Path, answer: object
) -> None:
    handler.token = answer
    secrets = {"id": "i", "secret": "very secret", "url": url}
    with pytest.raises(ArtifactError, match="answers without an access token") as error:
        load(HTTPArtifact(url=url, auth=HTTPAuth(oauth2=OAUTH2)), secrets, tmp_path / "input")
    assert "very secret" not in str(error.value)


CLIENT = HTTPAuth(
    client_cert=ClientCertAuth(client_cert_secret=named("cert"), client_key_secret=named("key"))
)


def test_a_certificate_is_shown_to_a_server_that_wants_one(
    handler: type[Handler], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = made_certificate()
    (tmp_path / "cert").write_text(certificate)
    (tmp_path / "key").write_text(key)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    context.load_verify_locations(tmp_path / "cert")
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(handler, context) as url:
        secrets = {"cert": certificate, "key": key}
        assert load(HTTPArtifact(url=url, auth=CLIENT), secrets, tmp_path / "input") == "content"
        with pytest.raises(ArtifactError):
            load(HTTPArtifact(url=url), {}, tmp_path / "other")


def test_a_certificate_that_is_none_is_told_without_its_text(tmp_path: Path) -> None:
    secrets = {"cert": "no certificate", "key": "very secret"}
    with pytest.raises(ArtifactError, match="certificate or its key cannot be read") as error:
        load(HTTPArtifact(url="https://127.0.0.1:1", auth=CLIENT), secrets, tmp_path / "input")
    assert "very secret" not in str(error.value)

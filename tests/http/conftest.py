"""A server's certificate that nobody vouches for, made anew for each session."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    pytest.importorskip("cryptography", reason="it makes the certificates")
    from certificates import made_certificate

    path: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_text("".join(made_certificate()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context

"""Which messages mean that trying again may help."""

from __future__ import annotations

import pytest

from pinnace.engine.transient import is_transient


@pytest.mark.parametrize(
    "message",
    [
        "dial tcp 10.0.0.1:443: connect: connection refused",
        "net/http: TLS handshake timeout",
        "dial tcp: i/o timeout",
        "read: connection reset by peer",
        "etcdserver: leader changed",
    ],
)
def test_troubles_of_the_network_pass(message: str) -> None:
    assert is_transient(message)


@pytest.mark.parametrize("message", ["", "main: Error (exit code 1)", "received non-2xx response code: 503"])
def test_others_do_not(message: str) -> None:
    assert not is_transient(message)


def test_a_pattern_adds_to_them() -> None:
    assert is_transient("code: 503", "50[0-9]")
    assert not is_transient("code: 404", "50[0-9]")
    assert is_transient("i/o timeout", "50[0-9]")


def test_a_pattern_that_is_wrong_matches_nothing() -> None:
    assert not is_transient("code: 503", "50[")

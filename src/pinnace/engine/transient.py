"""Which messages mean that trying again may help. Source: Argo util/errors/errors.go IsTransientErr.

``OnTransientError`` sees only a node's message, so what Argo recognises by an error's Go type is not
recognised here either.
"""

from __future__ import annotations

from pinnace.language.regex import compile_pattern
from pinnace.language.values import Failure

_PARTS = (
    "unexpected error when reading response body",
    "stream error when reading response body",
    "Connection closed by foreign host",
    "net/http: TLS handshake timeout",
    "i/o timeout",
    "connection timed out",
    "connection reset by peer",
    "http2: client connection lost",
    "http2: server sent GOAWAY and closed the connection",
    "request did not complete within requested timeout",
    "connect: connection refused",
    "invalid connection",
    "etcdserver: leader changed",
    "etcdserver: request timed out",
    "etcdserver: too many requests",
    "client rate limiter Wait returned an error",
    "upper: no more rows in",
)


def is_transient(message: str, pattern: str = "") -> bool:
    """Return whether ``message`` is one of the known passing troubles or matches ``pattern``."""
    if any(part in message for part in _PARTS):
        return True
    if not pattern:
        return False
    try:
        return compile_pattern(pattern).matches(message)
    except Failure:  # it is no regular expression: it matches nothing, as in Argo
        return False

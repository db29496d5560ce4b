"""What signs requests to Amazon's services."""

from __future__ import annotations

from typing import Protocol

import msgspec

from pinnace.ports.http import HttpRequest


class AwsCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """Resolved secrets. None of them is ever part of a message."""

    access_key: str
    secret_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return "AwsCredentials(…)"


class AwsSigner(Protocol):
    """Knows where a service is, and signs what is sent there."""

    def endpoint(self, service: str, region: str, given: str) -> str:
        """Return the URL of ``service`` in ``region``, without a slash at its end.

        ``given`` is the one that a manifest names, "" for Amazon's own.

        Raises:
            PinnaceError: nobody knows where that is.
        """

    def signed(
        self, request: HttpRequest, service: str, region: str, credentials: AwsCredentials | None
    ) -> HttpRequest:
        """Return ``request`` with its signature, which is good for some minutes. Blocks.

        Args:
            request: what is to be sent.
            service: as signatures name it: ``sns``, ``sqs``, ``lambda``.
            region: the service's.
            credentials: those that the manifest names; None for the ones at hand.

        Raises:
            PinnaceError: there are none.
        """

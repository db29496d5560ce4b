"""Signatures of Amazon's services, with botocore; implements ``pinnace.ports.aws.AwsSigner``."""

from __future__ import annotations

import re
import threading
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import EnvironmentFailure, ManifestError, RefusedError
from pinnace.ports.aws import AwsCredentials
from pinnace.ports.http import HttpHeader, HttpRequest

_URL = re.compile(r"https?://[^/?#]+/?")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")


class BotoSigner:
    """Signs requests.

    Args:
        endpoint_url: asked in place of every endpoint; for emulators.
        credentials: used where a manifest names none; None is the AWS SDK's own chain (environment, profile,
            web identity, instance role).
    """

    def __init__(self, endpoint_url: str = "", credentials: AwsCredentials | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._credentials = credentials
        self._session: Any = None
        self._lock = threading.Lock()

    def endpoint(self, service: str, region: str, given: str) -> str:
        """Return the URL of ``service`` in ``region``, without a slash at its end.

        ``given`` is the one that a manifest names, "" for Amazon's own.

        Raises:
            ManifestError: ``given`` is none, or Amazon has no such region.
        """
        if self._endpoint_url:
            return self._endpoint_url
        if given:
            if not _URL.fullmatch(given):
                raise ManifestError(f"{given!r} is no endpoint: it is https://HOST")
            return given.rstrip("/")
        if not _REGION.fullmatch(region):
            raise ManifestError(f"AWS has no region {region!r}", remedy="Write it like eu-west-1.")
        return f"https://{service}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"

    def signed(
        self, request: HttpRequest, service: str, region: str, credentials: AwsCredentials | None
    ) -> HttpRequest:
        """Return ``request`` with its signature, which is good for some minutes.

        Raises:
            RefusedError: there are no credentials, or the optional package is not installed.
            EnvironmentFailure: whoever has them does not hand them out.
        """
        keys = self._keys(credentials or self._credentials)
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        signed = AWSRequest(
            request.method,
            request.url,
            headers={header.name: header.value for header in request.headers},
            data=request.body.encode(),
        )
        SigV4Auth(keys, service, region).add_auth(signed)
        headers = tuple(HttpHeader(name, value, secret=True) for name, value in signed.headers.items())
        return replace(request, headers=headers)

    def _keys(self, credentials: AwsCredentials | None) -> Any:
        with self._lock:
            session = self._opened()
            if credentials is not None:
                from botocore.credentials import Credentials

                # What is written into a Secret by hand often ends with a line's end.
                access_key, secret_key = credentials.access_key.strip(), credentials.secret_key.strip()
                return Credentials(access_key, secret_key, credentials.session_token.strip() or None)
            from botocore.exceptions import BotoCoreError

            try:
                found = session.get_credentials()
                if found is not None:
                    return found.get_frozen_credentials()
            except BotoCoreError as error:
                raise EnvironmentFailure(f"AWS: {error}") from None
        raise RefusedError(
            "AWS: there are no credentials",
            remedy="Name a Secret in accessKeySecret and secretKeySecret, or set AWS_PROFILE.",
        )

    def _opened(self) -> Any:
        """Return botocore's session, which keeps and renews credentials; the lock is held."""
        if self._session is None:
            try:
                from botocore.session import Session
            except ImportError as error:
                raise RefusedError(
                    f"AWS: a package is not installed ({error})",
                    remedy="Install it with: pip install 'pinnace[aws]'",
                ) from error
            self._session = Session()
        return self._session

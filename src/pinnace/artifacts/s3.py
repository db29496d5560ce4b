"""Artifacts in S3 or what speaks its language, through obstore.

Source: Argo workflow/artifacts/s3/s3.go.
"""

from __future__ import annotations

import datetime as dt
import mimetypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pinnace.artifacts.files import appearing, regular_files, require_source
from pinnace.artifacts.keys import below, check_key
from pinnace.base.errors import ArtifactError, ArtifactNotFound, RefusedError
from pinnace.spec.parameters import S3

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3CredentialProvider
    from obstore.store import S3Store as ObjectStore  # imported where it is used: most runs never need it

#: Bytes of a download that are written at a time.
_CHUNK = 1 << 20
#: Bytes of one part of an upload, for files that 10,000 such parts can hold.
_PART = 8 << 20
_MOST_PARTS = 10_000
_AMAZON_HOST = re.compile(r"s3([.-][a-z0-9-]+)?\.amazonaws\.com")
_ERROR_BODY = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")

_RETRIES: RetryConfig = {
    "max_retries": 5,
    "retry_timeout": dt.timedelta(seconds=60),
    "backoff": {
        "init_backoff": dt.timedelta(milliseconds=200),
        "max_backoff": dt.timedelta(seconds=5),
        "base": 2,
    },
}


class S3Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Resolved secrets. None of them is ever part of a message."""

    access_key: str
    secret_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return "S3Credentials(…)"


class S3Store:
    """The bucket of one location; implements ``pinnace.ports.artifacts.ArtifactStore``.

    Args:
        location: the bucket and how to reach it; its key is not looked at.
        credentials: the resolved secrets; None means those of ``roleARN``, else of the AWS SDK's own chain
            (environment, profile, web identity, instance role).
        ca: certificates to trust besides the system's, as PEM.
        endpoint_url: asked in place of the location's endpoint; for emulators.

    Raises:
        RefusedError: the location asks for what this store cannot give.
    """

    def __init__(
        self,
        location: S3,
        credentials: S3Credentials | None = None,
        *,
        ca: str = "",
        endpoint_url: str | None = None,
    ) -> None:
        self._location = location
        self._credentials = credentials
        self._endpoint = endpoint_url or _endpoint(location)
        self._is_override = bool(endpoint_url)
        self._store = self._open(ca)

    def load(self, key: str, target: Path) -> None:
        """Write the object ``key``, or all objects below ``key/``, to ``target``.

        Raises:
            ArtifactNotFound: the bucket has no such object and none below it.
            ArtifactError: it cannot be read.
        """
        key = check_key(key)
        with appearing(target) as made:
            try:
                self._download(key, made)
                return
            except ArtifactNotFound:
                keys = self._below(key)
                if not keys:
                    raise
            made.mkdir()
            for one in keys:
                path = below(made, one[len(key) + 1 :])
                path.parent.mkdir(parents=True, exist_ok=True)
                self._download(one, path)

    def save(self, source: Path, key: str) -> None:
        """Store the file ``source`` as ``key``, or each regular file of a folder below ``key/``.

        Raises:
            ArtifactError: it cannot be read or stored.
        """
        key = check_key(key)
        require_source(source)
        if self._location.create_bucket_if_not_present is not None:
            self._create_bucket()
        if source.is_dir():
            files = [(check_key(f"{key}/{name}"), path) for name, path in regular_files(source)]
        else:
            files = [(key, source)]
        for one, path in files:
            self._upload(path, one)

    def delete(self, key: str) -> None:
        """Remove the object ``key``, or all objects below ``key/``; missing ones are fine."""
        import obstore

        key = check_key(key)
        keys = [key] if self._exists(key) else self._below(key)
        with self._told("delete", key):
            obstore.delete(self._store, keys)

    def list(self, prefix: str) -> Sequence[str]:
        """Return the keys at or below ``prefix``, sorted."""
        prefix = check_key(prefix)
        own = [prefix] if self._exists(prefix) else []
        return [*own, *self._below(prefix)]

    def is_directory(self, key: str) -> bool:
        """Return whether there are objects below ``key/``."""
        return bool(self._below(check_key(key)))

    def _open(self, ca: str) -> ObjectStore:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store as ObjectStore

        location = self._location
        config: S3Config = {"bucket": location.bucket}
        if location.region:
            config["region"] = location.region
        if self._endpoint:
            config["endpoint"] = config["aws_endpoint_url_s3"] = self._endpoint_of_bucket()
        config["virtual_hosted_style_request"] = self._is_virtual_hosted()
        config.update(_encryption(location))
        provider = None
        if self._credentials is not None:
            config["access_key_id"] = self._credentials.access_key.strip()
            config["secret_access_key"] = self._credentials.secret_key.strip()
            if self._credentials.session_token:
                config["session_token"] = self._credentials.session_token
        else:
            provider = _sdk_credentials(location)
        client: ClientConfig = {
            "allow_http": self._endpoint.startswith("http://"),
            "connect_timeout": dt.timedelta(seconds=10),
            "read_timeout": dt.timedelta(seconds=60),
            "timeout": dt.timedelta(days=1),  # of a whole download, however large
        }
        if ca:
            client["root_certificate"] = ca
        try:
            return ObjectStore(
                config=config, client_options=client, retry_config=_RETRIES, credential_provider=provider
            )
        except (BaseError, ValueError) as error:
            raise ArtifactError(f"cannot use the bucket s3://{location.bucket}: {_reason(error)}") from error

    def _is_virtual_hosted(self) -> bool:
        style = self._location.addressing_style
        if style in {"path", "virtual-hosted"} and not self._is_override:
            return style == "virtual-hosted"
        # A dot in the bucket's name does not fit the certificate of Amazon's hosts.
        return not self._endpoint and "." not in self._location.bucket

    def _endpoint_of_bucket(self) -> str:
        if not self._is_virtual_hosted():
            return self._endpoint
        scheme, _, host = self._endpoint.partition("://")
        return f"{scheme}://{self._location.bucket}.{host}"

    def _download(self, key: str, target: Path) -> None:
        import obstore

        with self._told("read", key):
            chunks = iter(obstore.get(self._store, key).stream(min_chunk_size=_CHUNK))
        with target.open("xb") as out:
            while True:
                with self._told("read", key):
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                out.write(chunk)

    def _upload(self, source: Path, key: str) -> None:
        import obstore

        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        part = max(_PART, source.stat().st_size // (_MOST_PARTS - 1))
        with self._told("write", key):
            obstore.put(self._store, key, source, attributes={"Content-Type": kind}, chunk_size=part)

    def _exists(self, key: str) -> bool:
        import obstore

        try:
            with self._told("read", key):
                obstore.head(self._store, key)
        except ArtifactNotFound:
            return False
        return True

    def _below(self, key: str) -> Sequence[str]:
        import obstore

        with self._told("list", key):
            found = [meta["path"] for batch in obstore.list(self._store, prefix=key) for meta in batch]
        return sorted(found)

    def _create_bucket(self) -> None:
        """Make the bucket, if nobody has; obstore cannot, so boto3 does."""
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise RefusedError(
                f"createBucketIfNotPresent of the bucket {self._location.bucket!r} needs boto3",
                remedy="Install it with: pip install 'pinnace[world]', or create the bucket beforehand.",
            ) from error
        region = self._location.region
        credentials = self._credentials
        client = boto3.client(
            "s3",
            endpoint_url=self._endpoint or None,
            region_name=region or None,
            aws_access_key_id=credentials.access_key if credentials else None,
            aws_secret_access_key=credentials.secret_key if credentials else None,
            aws_session_token=(credentials.session_token or None) if credentials else None,
        )
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            client.create_bucket(
                Bucket=self._location.bucket, **(elsewhere if region and region != "us-east-1" else {})
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code not in {"BucketAlreadyExists", "BucketAlreadyOwnedByYou"}:
                raise ArtifactError(
                    f"cannot create the bucket s3://{self._location.bucket}: {code}"
                ) from error
        except BotoCoreError as error:
            raise ArtifactError(f"cannot create the bucket s3://{self._location.bucket}: {error}") from error

    @contextmanager
    def _told(self, act: str, key: str) -> Iterator[None]:
        """Turn what obstore raises into errors that name the bucket and the key."""
        from obstore.exceptions import BaseError

        where = f"s3://{self._location.bucket}/{key}"
        if self._endpoint:
            where += f" at {self._endpoint}"
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise ArtifactError(
                    f"cannot {act} {where}: there is no such bucket",
                    remedy="Create it, or set createBucketIfNotPresent in the location.",
                ) from error
            raise ArtifactNotFound(f"{where}: there is no such key") from error
        except (BaseError, PermissionError, ValueError) as error:
            raise ArtifactError(f"cannot {act} {where}: {_reason(error)}") from error


def _endpoint(location: S3) -> str:
    """Return the URL of the location's endpoint; "" is Amazon's for the region."""
    host = location.endpoint
    if not host or _AMAZON_HOST.fullmatch(host):
        return ""
    return f"{'http' if location.insecure else 'https'}://{host}"


def _sdk_credentials(location: S3) -> S3CredentialProvider | None:
    """Return what asks the AWS SDK for credentials; None leaves it to obstore, which knows no profiles.

    Raises:
        RefusedError: the location names a role, and boto3 is not installed.
    """
    try:
        import boto3
        from obstore.auth.boto3 import Boto3CredentialProvider, StsCredentialProvider
    except ImportError as error:
        if location.role_arn:
            raise RefusedError(
                f"the roleARN of the bucket {location.bucket!r} needs boto3",
                remedy="Install it with: pip install 'pinnace[world]', or give the location secrets.",
            ) from error
        return None
    session = boto3.Session(region_name=location.region or None)
    if location.role_arn:
        return StsCredentialProvider(session, RoleArn=location.role_arn, RoleSessionName="pinnace")
    return Boto3CredentialProvider(session) if session.get_credentials() else None


def _encryption(location: S3) -> S3Config:
    options = location.encryption_options or {}
    if options.get("serverSideCustomerKeySecret"):
        raise RefusedError(
            "encryptionOptions.serverSideCustomerKeySecret is not supported",
            remedy="Use kmsKeyId, or enableEncryption alone for keys that S3 keeps.",
        )
    if not options.get("enableEncryption"):
        return {}
    if options.get("kmsEncryptionContext"):
        raise RefusedError("encryptionOptions.kmsEncryptionContext is not supported", remedy="Leave it out.")
    if key := options.get("kmsKeyId"):
        return {"server_side_encryption": "aws:kms", "sse_kms_key_id": key}
    return {"server_side_encryption": "AES256"}


def _reason(error: Exception) -> str:
    """Return the server's own words, or the first line of the client's; never a header, where secrets lie."""
    text = str(error)
    if found := _ERROR_BODY.search(text):
        return ": ".join(part for part in found.groups() if part)
    line = text.partition("\n")[0]
    return line[:300]

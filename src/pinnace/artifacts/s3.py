"""Artifacts in S3 or what speaks its language, through obstore.

Source: Argo workflow/artifacts/s3/s3.go.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from pinnace.artifacts.objects import RETRIES, BucketStore, reason_of
from pinnace.base.errors import ArtifactError, RefusedError
from pinnace.ports.aws import AwsCredentials
from pinnace.spec.parameters import S3

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3CredentialProvider
    from obstore.store import S3Store as ObjectStore  # imported where it is used: most runs never need it

_AMAZON_HOST = re.compile(r"s3([.-][a-z0-9-]+)?\.amazonaws\.com")


class S3Store(BucketStore):
    """The bucket of one location.

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
        credentials: AwsCredentials | None = None,
        *,
        ca: str = "",
        endpoint_url: str | None = None,
    ) -> None:
        self._location = location
        self._credentials = credentials
        self._endpoint = endpoint_url or _endpoint(location)
        self._is_override = bool(endpoint_url)
        at = f" at {self._endpoint}" if self._endpoint else ""
        super().__init__(self._open(ca), f"s3://{location.bucket}/{{}}{at}")

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
                config=config, client_options=client, retry_config=RETRIES, credential_provider=provider
            )
        except (BaseError, ValueError) as error:
            raise ArtifactError(
                f"cannot use the bucket s3://{location.bucket}: {reason_of(error)}"
            ) from error

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

    def _before_saving(self) -> None:
        if self._location.create_bucket_if_not_present is not None:
            self._create_bucket()

    def _create_bucket(self) -> None:
        """Make the bucket, if nobody has; obstore cannot, so boto3 does."""
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise RefusedError(
                f"createBucketIfNotPresent of the bucket {self._location.bucket!r} needs boto3",
                remedy="Install it with: pip install 'pinnace[aws]', or create the bucket beforehand.",
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
                remedy="Install it with: pip install 'pinnace[aws]', or give the location secrets.",
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

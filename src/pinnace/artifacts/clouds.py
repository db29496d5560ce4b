"""Buckets of Google Cloud and Alibaba Cloud, and Azure's containers.

Source: Argo workflow/artifacts/gcs, workflow/artifacts/oss, workflow/artifacts/azure.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pinnace.artifacts.objects import RETRIES, BucketStore, reason_of
from pinnace.artifacts.s3 import S3Store
from pinnace.base.errors import ArtifactError, ArtifactNotFound, RefusedError
from pinnace.ports.aws import AwsCredentials
from pinnace.spec.locations import GCS, OSS, Azure
from pinnace.spec.parameters import S3

if TYPE_CHECKING:
    from obstore.store import AzureConfig  # imported where it is used: most runs never need it

#: A key that is a shared access signature: parameters of a query.
_SIGNATURE = re.compile(r"[?&][^=]+=[^&]+")


def open_gcs(location: GCS, service_account_key: str) -> BucketStore:
    """Return the store of a bucket of Google Cloud Storage.

    Args:
        location: the bucket.
        service_account_key: a resolved secret, as JSON; "" for the credentials of this machine's own account.

    Raises:
        ArtifactError: the key is none.
    """
    from obstore.exceptions import BaseError
    from obstore.store import GCSStore

    try:
        if service_account_key:
            store = GCSStore(location.bucket, service_account_key=service_account_key, retry_config=RETRIES)
        else:
            store = GCSStore(location.bucket, retry_config=RETRIES)
    except (BaseError, ValueError) as error:
        raise ArtifactError(f"cannot use the bucket gs://{location.bucket}: {reason_of(error)}") from error
    return BucketStore(store, f"gs://{location.bucket}/{{}}")


def open_oss(location: OSS, access_key: str, secret_key: str) -> S3Store:
    """Return the store of a bucket of Alibaba Cloud, which speaks S3's language.

    Args:
        location: the bucket.
        access_key: a resolved secret.
        secret_key: a resolved secret.

    Raises:
        RefusedError: the location asks for what is not there in that language.
    """
    if location.lifecycle_rule is not None:
        raise RefusedError("oss.lifecycleRule is not supported", remedy="Set the rule on the bucket itself.")
    if location.use_sdk_creds or not access_key:
        raise RefusedError(
            f"the bucket {location.bucket} of Alibaba Cloud needs keys",
            remedy="Name them in accessKeySecret and secretKeySecret.",
        )
    scheme, mark, host = location.endpoint.rpartition("://")
    name = host.partition(".")[0]
    is_public = host.endswith(".aliyuncs.com")
    s3 = S3(
        endpoint=host,
        insecure=bool(mark) and scheme == "http",
        bucket=location.bucket,
        region=name.removesuffix("-internal") if name.startswith("oss-") else "us-east-1",
        addressing_style="virtual-hosted" if is_public else "path",
        create_bucket_if_not_present={} if location.create_bucket_if_not_present else None,
    )
    credentials = AwsCredentials(
        access_key=access_key, secret_key=secret_key, session_token=location.security_token
    )
    return S3Store(s3, credentials)


class _Container(BucketStore):
    """A container of Azure, where a folder of a hierarchical namespace answers as an empty blob."""

    def _download(self, key: str, target: Path) -> None:
        super()._download(key, target)
        if not target.stat().st_size and self.is_directory(key):
            target.unlink()
            raise ArtifactNotFound(f"{self._where.format(key)} is a folder")


def open_azure(location: Azure, account_key: str) -> BucketStore:
    """Return the store of a container of Azure.

    Args:
        location: the container.
        account_key: a resolved secret: the account's key, or a shared access signature. Not looked at with
            ``useSDKCreds``: then it is workload identity, the variables of Azure's tools, or the machine's.

    Raises:
        RefusedError: there is no key.
        ArtifactError: the key or the endpoint is none.
    """
    from obstore.exceptions import BaseError
    from obstore.store import AzureStore

    where = f"{location.endpoint.rstrip('/')}/{location.container}"
    config: AzureConfig = {"endpoint": location.endpoint, "account_name": _account(location)}
    if not location.use_sdk_creds:
        account_key = account_key.strip()
        if not account_key:
            message = f"the container {where} needs a key"
            raise RefusedError(message, remedy="Name it in accountKeySecret, or set useSDKCreds.")
        if _SIGNATURE.search(account_key):
            config |= {"sas_key": account_key.removeprefix("?"), "credential_type": "sas_token"}
        else:
            config |= {"account_key": account_key, "credential_type": "access_key"}
    try:
        store = AzureStore(
            location.container,
            config=config,
            client_options={"allow_http": location.endpoint.startswith("http://")},
            retry_config=RETRIES,
        )
    except (BaseError, ValueError) as error:
        raise ArtifactError(f"cannot use the container {where}: {reason_of(error)}") from error
    return _Container(store, f"{where}/{{}}")


def _account(location: Azure) -> str:
    """Return the account that the endpoint is of. Source: Argo determineAccountName."""
    url = urlsplit(location.endpoint)
    if url.hostname in {"127.0.0.1", "localhost"}:  # an emulator: http://127.0.0.1:10000/ACCOUNT
        return url.path.strip("/").partition("/")[0]
    return (url.hostname or "").partition(".")[0]

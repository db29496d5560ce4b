"""Buckets of Google Cloud and Alibaba Cloud.

Source: Argo workflow/artifacts/gcs, workflow/artifacts/oss.
"""

from __future__ import annotations

from pinnace.artifacts.objects import RETRIES, BucketStore, reason_of
from pinnace.artifacts.s3 import S3Store
from pinnace.base.errors import ArtifactError, RefusedError
from pinnace.ports.aws import AwsCredentials
from pinnace.spec.locations import GCS, OSS
from pinnace.spec.parameters import S3


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

"""An emulator of S3 in this process, and buckets of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


class Bucket:
    """A new bucket at ``endpoint``; ``client`` is Amazon's own."""

    def __init__(self, endpoint: str) -> None:
        self.name = f"b-{uuid.uuid4().hex[:12]}"
        self.endpoint = endpoint
        self.client: Any = boto3.client(
            "s3", "us-east-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y"
        )
        self.client.create_bucket(Bucket=self.name)

    @property
    def keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name)
        return sorted(each["Key"] for each in found.get("Contents", ()))

    @property
    def location(self) -> str:
        """What a manifest says of the bucket."""
        return (
            f"endpoint: '{self.endpoint.removeprefix('http://')}', bucket: {self.name}, insecure: true, "
            "region: us-east-1, accessKeySecret: {name: keys, key: id}, secretKeySecret: {name: keys, key: s}"
        )


@contextmanager
def emulated_s3() -> Iterator[str]:
    """Serve S3 on a free port, and return the URL."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()

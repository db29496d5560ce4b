"""The embedded world as one object: start it, make it ready for a run, lead tasks to it, read back results.

``pinnace run --world`` is its only caller in the product::

    with World() as world:
        world.prepare_from(documents, parameters)
        ...                       # run, with world.environment(), world.rewrites and world.staged_files()
        lines = world.report()
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from pinnace.ports.aws import AwsCredentials
from pinnace.ports.executor import StagedFile
from pinnace.world.aws import DEFAULT_REGION, AwsServer
from pinnace.world.posts import POSTS_ORIGIN, PostsServer
from pinnace.world.prepare import Document, read_needs

#: The images whose ``aws`` command the world answers, as patterns of the table of stand-ins.
AWS_CLI_IMAGES = ("amazon/aws-cli", "amazon/aws-cli:*")

#: What a node that ran such an image did not get.
AWS_CLI_NOTE = "the AWS CLI was the embedded world's own small aws command"

_AWS_PATH = "/usr/local/bin/aws"
_AWS_SCRIPT = "/usr/local/lib/pinnace-awscli.py"
_PREVIEW_LINES = 14
_MAX_PREVIEW_BYTES = 65_536


class World:
    """The running world; a context manager. Nothing is started before ``start``."""

    def __init__(self) -> None:
        self._aws = AwsServer()
        self._posts = PostsServer()
        self._queues: dict[str, tuple[Any, str]] = {}
        self._folder: TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring both servers up on free ports of the loopback interface.

        Raises:
            RefusedError: the optional packages are not installed.
        """
        self._aws.start()
        self._posts.start()

    def stop(self) -> None:
        """Take both servers down; what they stored is gone."""
        self._posts.stop()
        self._aws.stop()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def endpoint_url(self) -> str:
        """Return where AWS is: the endpoint of Pinnace's own S3 driver under this option."""
        return self._aws.endpoint_url

    @property
    def credentials(self) -> AwsCredentials:
        """Return what calls to the emulator are signed with, which takes any."""
        return AwsCredentials(access_key="pinnace", secret_key="pinnace")  # noqa: S106 - it is none

    @property
    def posts_url(self) -> str:
        """Return where the posts API is."""
        return self._posts.url

    @property
    def rewrites(self) -> dict[str, str]:
        """Return the origins that the world answers for, each with the local one to connect to instead."""
        return {POSTS_ORIGIN: self._posts.url}

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a task's AWS tools here; what the manifest sets itself wins."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_key,
            "AWS_DEFAULT_REGION": DEFAULT_REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def staged_files(self, python: str = sys.executable) -> tuple[StagedFile, ...]:
        """Return the files that give an isolated task of ``AWS_CLI_IMAGES`` the command ``aws``.

        The host's own ``aws`` is not used here: releases before 1.29 and 2.13 do not know
        ``AWS_ENDPOINT_URL`` and would call the real service.
        """
        return (
            StagedFile(path=_AWS_PATH, content=_aws_command(python, _AWS_SCRIPT), mode=0o755),
            StagedFile(path=_AWS_SCRIPT, content=_aws_script(), mode=0o644),
        )

    def command_folder(self, python: str = sys.executable) -> Path:
        """Return a folder of this machine with the command ``aws``; ``stop`` removes it.

        It is to stand first in the PATH of a task without isolation, which files at fixed places would put at
        those places of the machine itself.
        """
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="pinnace-world-")
            folder = Path(self._folder.name)
            script, command = folder / "awscli.py", folder / "aws"
            script.write_bytes(_aws_script())
            command.write_bytes(_aws_command(python, str(script)))
            command.chmod(0o755)
        return Path(self._folder.name)

    def prepare_from(self, documents: Iterable[Document], parameters: Mapping[str, str]) -> list[str]:
        """Make what the manifests name exist; return a line for each. ``parameters`` are the run's ``-p``.

        Raises:
            RefusedError: a bucket has a name that S3 would not take.
            ManifestError: the ConfigMap that chooses faults cannot be read.
        """
        needs = read_needs(documents, parameters)
        self._posts.faults = needs.faults
        for bucket, region in needs.buckets.items():
            self._aws.create_bucket(bucket, region)
        for arn in needs.arns:
            if arn.text not in self._queues:
                url = self._aws.create_topic(arn) if arn.service == "sns" else self._aws.create_queue(arn)
                self._queues[arn.text] = (self._aws.client("sqs", arn.region, arn.account), url)
        return [
            *(f"{origin} is answered by {url}" for origin, url in self.rewrites.items()),
            *(f"s3://{bucket} is ready in {region}" for bucket, region in needs.buckets.items()),
            *(f"{arn.text} is ready" for arn in needs.arns),
        ]

    def report(self) -> list[str]:
        """Return the objects stored and the messages sent, read through AWS's APIs, and what was fetched.

        Messages are taken out of the queues: the next call tells those that came since.
        """
        return [*self._objects(), *self._messages(), f"{POSTS_ORIGIN}: {self._posts.summary()}"]

    def _objects(self) -> list[str]:
        s3 = self._aws.client("s3")
        lines: list[str] = []
        for bucket in s3.list_buckets()["Buckets"]:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"])
            for item in (item for page in pages for item in page.get("Contents", ())):
                end = f"bytes=0-{_MAX_PREVIEW_BYTES - 1}"
                wanted = {"Range": end} if item["Size"] > _MAX_PREVIEW_BYTES else {}
                body = s3.get_object(Bucket=bucket["Name"], Key=item["Key"], **wanted)["Body"].read()
                lines += [f"s3://{bucket['Name']}/{item['Key']} ({item['Size']} bytes)", *_preview(body)]
        return lines or ["S3 holds no object"]

    def _messages(self) -> list[str]:
        lines: list[str] = []
        for name, (sqs, url) in self._queues.items():
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in found:
                    lines += _show_message(name, message["Body"])
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return lines or [f"{name} got no message" for name in self._queues]


def _aws_command(python: str, script: str) -> bytes:
    """Return a shell script that runs the Python file ``script``; a first line has no room for every path."""
    return f'#!/bin/sh\nexec {shlex.quote(python)} -I {shlex.quote(script)} "$@"\n'.encode()


def _aws_script() -> bytes:
    return (resources.files("pinnace.world") / "awscli.py").read_bytes()


def _show_message(name: str, body: str) -> list[str]:
    """Return the lines of one message: SNS wraps its own in an envelope, others come as they are."""
    try:
        envelope = json.loads(body)
    except ValueError:
        envelope = None
    if isinstance(envelope, dict) and envelope.get("Type") == "Notification":
        subject = f", subject {_printable(envelope['Subject'])!r}" if envelope.get("Subject") else ""
        return [f"{name} got a message{subject}", *_preview(str(envelope["Message"]).encode())]
    return [f"{name} got a message", *_preview(body.encode())]


def _preview(content: bytes) -> list[str]:
    """Return the first lines of a text, indented, safe to print; a mark when it is none."""
    if b"\0" in content:
        return ["    (binary)"]
    lines = content.decode(errors="replace").splitlines()
    shown = [f"    {_printable(line[:200])}" for line in lines[:_PREVIEW_LINES]]
    more = len(lines) - len(shown)
    return [*shown, f"    … {more} lines more"] if more else shown


def _printable(text: str) -> str:
    """Return ``text`` with control characters as escapes: tasks wrote it, and a terminal obeys them."""
    return "".join(sign if sign.isprintable() or sign == "\t" else repr(sign)[1:-1] for sign in text)

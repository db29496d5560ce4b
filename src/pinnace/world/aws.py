"""An emulator of AWS in this process, and clients for it.

moto's own server answers S3, SNS, SQS and STS on a free port of the loopback interface. Any credentials are
accepted. Every function of Lambda is there, and answers with what it was given. State is kept in memory and
belongs to the process: starting anew forgets what was there.
"""

from __future__ import annotations

import logging
import re
import urllib.request
from dataclasses import dataclass
from typing import Any

from pinnace.base.errors import RefusedError

#: The account of every caller, and of every resource that is not named by an ARN of another one.
DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"

_NAME = r"([A-Za-z0-9_-]{1,256})(?![\w.-])"
_ARN = re.compile(rf"arn:aws[a-z-]*:(sns|sqs):([a-z0-9-]+):(\d{{12}}):{_NAME}")
_QUEUE_URL = re.compile(rf"https://(sqs)\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(\d{{12}})/{_NAME}")


@dataclass(frozen=True)
class Arn:
    """The name of a topic (``sns``) or a queue (``sqs``); ``text`` is how a manifest writes it."""

    service: str
    region: str
    account: str
    name: str
    text: str


def find_arns(text: str) -> list[Arn]:
    """Return the topics and queues that ``text`` names; ``.fifo`` ones are not found.

    A queue that a URL names is the default account's: who sends to it there acts as that one.
    """
    urls = (
        Arn(service, region, DEFAULT_ACCOUNT, name, url)
        for service, region, name, url in (match.group(1, 2, 4, 0) for match in _QUEUE_URL.finditer(text))
    )
    return [*(Arn(*match.group(1, 2, 3, 4, 0)) for match in _ARN.finditer(text)), *urls]


class AwsServer:
    """The running emulator.

    Raises:
        RefusedError: from ``start``, when the optional packages are not installed.
    """

    def __init__(self) -> None:
        self._server: Any = None
        self.endpoint_url = ""

    def start(self) -> None:
        """Answer at ``endpoint_url`` from now on, with nothing stored."""
        try:
            from moto.core.config import default_user_config
            from moto.server import ThreadedMotoServer
        except ImportError as error:
            raise RefusedError(
                f"the embedded world needs packages that are not installed ({error})",
                remedy="install them: pip install 'pinnace[world]'",
            ) from error
        default_user_config["lambda"] = {"use_docker": False}  # functions are not run
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line a request would drown the run's own
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint_url = f"http://{host}:{port}"
        # An earlier server of this process shares moto's memory. The address is ours: no proxy is asked.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        reset = urllib.request.Request(f"{self.endpoint_url}/moto-api/reset", method="POST")  # noqa: S310 - http
        opener.open(reset).close()

    def stop(self) -> None:
        """Close the port. A second call changes nothing."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def client(self, service: str, region: str = DEFAULT_REGION, account: str = DEFAULT_ACCOUNT) -> Any:
        """Return a boto3 client of ``service`` that acts as ``account`` in ``region``."""
        import boto3
        from botocore.config import Config

        client = boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=region,
            aws_access_key_id="pinnace",
            aws_secret_access_key="pinnace",  # noqa: S106 - the emulator takes any
            config=Config(proxies={}, s3={"addressing_style": "path"}),
        )

        def act_as(request: Any, **_: Any) -> None:
            request.headers["x-moto-account-id"] = account

        client.meta.events.register("before-sign.*.*", act_as)
        return client

    def create_bucket(self, name: str, region: str = DEFAULT_REGION) -> None:
        """Make the bucket exist.

        Raises:
            RefusedError: S3 would not take this name.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        where = (
            {} if region == DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        try:
            self.client("s3", region).create_bucket(Bucket=name, **where)
        except (BotoCoreError, ClientError) as error:
            if "BucketAlready" not in str(error):
                raise RefusedError(
                    f"the embedded world cannot make the bucket {name!r}: {error}",
                    remedy="name it with 3 to 63 small letters, digits and hyphens",
                ) from error

    def create_topic(self, arn: Arn) -> str:
        """Make the topic exist with one queue subscribed to it; return the queue's URL."""
        sns, sqs = (self.client(service, arn.region, arn.account) for service in ("sns", "sqs"))
        sns.create_topic(Name=arn.name)
        url = str(sqs.create_queue(QueueName=f"{arn.name[:60]}-subscriber")["QueueUrl"])
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn.text, Protocol="sqs", Endpoint=queue)
        return url

    def create_queue(self, arn: Arn) -> str:
        """Make the queue exist; return its URL."""
        return str(self.client("sqs", arn.region, arn.account).create_queue(QueueName=arn.name)["QueueUrl"])

"""Bodies of the plugins that are built in, and the file that names others."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from pinnace.base.errors import ManifestError, UsageError
from pinnace.spec.locations import KeySelector
from pinnace.spec.struct import Spec
from pinnace.spec.templates import HTTPHeader


class Webhook(Spec, frozen=True):
    """A request that tells somebody something; sent again while the server is in passing trouble."""

    url: str = ""
    url_secret: KeySelector | None = None
    """In place of ``url``, where the address itself is the secret."""
    method: str = "POST"
    headers: tuple[HTTPHeader, ...] = ()
    body: str = ""


class Slack(Spec, frozen=True):
    """A message to a Slack channel: by an incoming webhook, or by a bot's token."""

    text: str = ""
    webhook_secret: KeySelector | None = None
    token_secret: KeySelector | None = None
    channel: str = ""
    """With a token."""
    api_url: str = "https://slack.com/api"


class Email(Spec, frozen=True):
    """A message by SMTP."""

    host: str = ""
    port: int = 587
    tls: str = "starttls"
    """``starttls``, ``tls`` from the first byte, or ``none``."""
    username: str = ""
    password_secret: KeySelector | None = None
    sender: str = msgspec.field(name="from", default="")
    to: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""


class AwsCall(Spec, frozen=True):
    """What the calls of Amazon's services have in common."""

    region: str = ""
    """Needed where no ARN or URL names it."""
    endpoint: str = ""
    """As ``https://HOST``, in place of Amazon's for the region."""
    access_key_secret: KeySelector | None = None
    """With ``secretKeySecret``; without both, the AWS SDK's own chain of credentials is asked."""
    secret_key_secret: KeySelector | None = None
    session_token_secret: KeySelector | None = None


class AwsSns(AwsCall, frozen=True, kw_only=True):
    """A message to a topic of SNS."""

    topic_arn: str
    message: str
    subject: str = ""
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    message_group_id: str = ""
    """Of a FIFO topic, as the next."""
    message_deduplication_id: str = ""


class AwsSqs(AwsCall, frozen=True, kw_only=True):
    """A message to a queue of SQS."""

    queue_url: str
    message: str
    delay_seconds: int = 0
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    message_group_id: str = ""
    """Of a FIFO queue, as the next."""
    message_deduplication_id: str = ""


class AwsLambda(AwsCall, frozen=True, kw_only=True):
    """A function of Lambda."""

    function_name: str
    """Or its ARN."""
    qualifier: str = ""
    """A version or an alias."""
    payload: Any = msgspec.field(default_factory=dict)
    """A text is sent as it is, anything else as JSON."""
    invocation_type: str = "RequestResponse"
    """``Event`` does not wait for the function."""


Builtin = Webhook | Slack | Email | AwsSns | AwsSqs | AwsLambda

#: What is built in, by the key under ``plugin``.
BUILTINS: dict[str, type[Builtin]] = {
    "webhook": Webhook,
    "slack": Slack,
    "email": Email,
    "aws-sns": AwsSns,
    "aws-sqs": AwsSqs,
    "aws-lambda": AwsLambda,
}


class Plugin(Spec, frozen=True):
    """An executor plugin: a server that speaks Argo's protocol."""

    name: str
    address: str
    token: str = ""


class _File(Spec, frozen=True):
    plugins: tuple[Plugin, ...] = ()


def read_plugins(text: str) -> tuple[Plugin, ...]:
    """Return the plugins that a file names, in the order in which they are asked.

    Raises:
        UsageError: it is not such a file.
    """
    try:
        return msgspec.convert(yaml.safe_load(text) or {}, _File).plugins
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        message = f"the file of plugins cannot be read: {error}"
        remedy = "It is YAML: plugins, a list of name, address and token."
        raise UsageError(message, remedy=remedy) from error


def builtin_of(body: Any) -> Builtin | None:
    """Return the built-in plugin that a template's ``plugin`` is, or None.

    Raises:
        ManifestError: it is one, and is wrong.
    """
    if not isinstance(body, dict) or len(body) != 1:
        return None
    ((name, given),) = body.items()
    if name not in BUILTINS:
        return None
    try:
        return msgspec.convert(given, BUILTINS[name], strict=False)  # a tag makes a text of a number
    except msgspec.ValidationError as error:
        message = f"plugin.{name}: {error}"
        raise ManifestError(message) from None

"""The plugins for Amazon's services that are built in: SNS, SQS and Lambda.

Source: the API references of these services; their requests are signed by ``pinnace.ports.aws.AwsSigner`` and
sent like all others, so that hundreds may be on their way and each can be given up.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.engine.node import Phase
from pinnace.ports.aws import AwsCredentials, AwsSigner
from pinnace.ports.http import HttpHeader, HttpOutcome, HttpRequest, HttpRunner
from pinnace.runtime.persistence import PASSING, Sleep, persistently
from pinnace.runtime.workers import Done
from pinnace.spec.locations import KeySelector
from pinnace.spec.plugins import AwsCall, AwsLambda, AwsSns, AwsSqs

_TIMEOUT = 30.0
#: Seconds; a function may take fifteen minutes.
_LAMBDA_TIMEOUT = 930.0
#: A function that failed is told by this header of an answer that is 200.
_FUNCTION_SUCCEEDED = (
    'response.statusCode >= 200 && response.statusCode < 300 && !("X-Amz-Function-Error" in response.headers)'
)
_REGION_OF_ARN = re.compile(r"arn:[^:]+:[^:]+:([^:]+):")
_REGION_OF_QUEUE = re.compile(r"https?://sqs\.([a-z0-9-]+)\.")
_XML = {name: re.compile(f"<{name}>([^<]*)</{name}>") for name in ("MessageId", "Code", "Message")}

#: Returns the text of a secret.
Secret = Callable[[KeySelector], str]


class Amazon:
    """Calls Amazon's services.

    Args:
        http: sends requests.
        signer: signs them.
        secret: looks secrets up.
        sleep: waits between tries.
    """

    def __init__(self, http: HttpRunner, signer: AwsSigner, secret: Secret, sleep: Sleep) -> None:
        self._http = http
        self._signer = signer
        self._secret = secret
        self._sleep = sleep

    async def perform(self, body: AwsSns | AwsSqs | AwsLambda) -> Done:
        """Return what became of the call.

        Raises:
            PinnaceError: it cannot be made so, or a secret or the credentials are missing.
        """
        match body:
            case AwsSns():
                return await self._publish(body)
            case AwsSqs():
                return await self._send(body)
            case AwsLambda():
                return await self._invoke(body)

    async def _publish(self, body: AwsSns) -> Done:
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": body.topic_arn,
            "Message": body.message,
            "Subject": body.subject,
            "MessageGroupId": body.message_group_id,
            "MessageDeduplicationId": body.message_deduplication_id,
        }
        for number, (name, value) in enumerate(body.attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            form |= {
                f"{entry}.Name": name,
                f"{entry}.Value.DataType": "String",
                f"{entry}.Value.StringValue": value,
            }
        outcome = await self._asked(
            body,
            "sns",
            _region(body, _REGION_OF_ARN.match(body.topic_arn)),
            HttpRequest(
                url="/",
                headers=(HttpHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),),
                body=urlencode({name: value for name, value in form.items() if value}),
                timeout=_TIMEOUT,
            ),
        )
        if not outcome.succeeded:
            return _failed("SNS", outcome, _xml(outcome, "Code"), _xml(outcome, "Message"))
        return Done(result=_xml(outcome, "MessageId"))

    async def _send(self, body: AwsSqs) -> Done:
        message: dict[str, Any] = {
            "QueueUrl": body.queue_url,
            "MessageBody": body.message,
            "DelaySeconds": body.delay_seconds,
            "MessageGroupId": body.message_group_id,
            "MessageDeduplicationId": body.message_deduplication_id,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in body.attributes.items()
            },
        }
        outcome = await self._asked(
            body,
            "sqs",
            _region(body, _REGION_OF_QUEUE.match(body.queue_url)),
            HttpRequest(
                url="/",
                headers=(
                    HttpHeader("Content-Type", "application/x-amz-json-1.0"),
                    HttpHeader("X-Amz-Target", "AmazonSQS.SendMessage"),
                ),
                body=_json({name: value for name, value in message.items() if value}),
                timeout=_TIMEOUT,
            ),
        )
        answer = _object(outcome)
        if not outcome.succeeded:
            return _failed("SQS", outcome, str(answer.get("__type", "")).rpartition("#")[2], _told(answer))
        return Done(result=str(answer.get("MessageId", "")))

    async def _invoke(self, body: AwsLambda) -> Done:
        qualifier = f"?{urlencode({'Qualifier': body.qualifier})}" if body.qualifier else ""
        outcome = await self._asked(
            body,
            "lambda",
            _region(body, _REGION_OF_ARN.match(body.function_name)),
            HttpRequest(
                url=f"/2015-03-31/functions/{quote(body.function_name, safe='')}/invocations{qualifier}",
                headers=(
                    HttpHeader("Content-Type", "application/json"),
                    HttpHeader("X-Amz-Invocation-Type", body.invocation_type),
                ),
                body=body.payload if isinstance(body.payload, str) else _json(body.payload),
                timeout=_LAMBDA_TIMEOUT,
                success_condition=_FUNCTION_SUCCEEDED,
            ),
        )
        answer = _object(outcome)
        if outcome.succeeded:
            parameters = {
                name: value if isinstance(value, str) else _json(value) for name, value in answer.items()
            }
            return Done(result=outcome.result, parameters=parameters)
        if outcome.status is not None and outcome.status < 300:
            message = f"{answer.get('errorType', 'Error')}: {answer.get('errorMessage', outcome.result)}"
            return Done(Phase.FAILED, f"the function failed: {message}", outcome.result)
        return _failed("Lambda", outcome, str(answer.get("Type", "")), _told(answer))

    async def _asked(self, body: AwsCall, service: str, region: str, request: HttpRequest) -> HttpOutcome:
        credentials = None
        if body.access_key_secret is not None and body.secret_key_secret is not None:
            token = body.session_token_secret
            credentials = AwsCredentials(
                access_key=self._secret(body.access_key_secret),
                secret_key=self._secret(body.secret_key_secret),
                session_token=self._secret(token) if token is not None else "",
            )
        endpoint = self._signer.endpoint(service, region, body.endpoint)
        request = msgspec.structs.replace(request, url=endpoint + request.url, method="POST")

        async def send() -> HttpOutcome:
            # Each try has a signature of its own: one is good for some minutes.
            signed = await asyncio.to_thread(self._signer.signed, request, service, region, credentials)
            return await self._http.request(signed)

        return await persistently(send, self._sleep, PASSING)


def _region(body: AwsCall, named: re.Match[str] | None) -> str:
    region = body.region or (named[1] if named is not None else "")
    if not region:
        message = "the call of AWS needs a region"
        raise ManifestError(message)
    return region


def _failed(service: str, outcome: HttpOutcome, code: str, told: str) -> Done:
    """Return the end of a call that the service did not take, in the service's words if it said any."""
    message = ": ".join(part for part in (service, code, told or outcome.message) if part)
    return Done(Phase.FAILED, message, outcome.result)


def _object(outcome: HttpOutcome) -> Mapping[str, Any]:
    """Return the JSON object that the answer is; an empty one when it is something else."""
    try:
        return msgspec.json.decode(outcome.result or "", type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _told(answer: Mapping[str, Any]) -> str:
    return str(answer.get("message") or answer.get("Message") or "")


def _xml(outcome: HttpOutcome, name: str) -> str:
    found = _XML[name].search(outcome.result or "")
    return unescape(found[1]) if found is not None else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

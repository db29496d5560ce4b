"""The plugins that are built in: webhooks, Slack and mail; those for AWS are in ``amazon``."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from pinnace.base.errors import EnvironmentFailure, ManifestError
from pinnace.engine.node import Phase
from pinnace.ports.aws import AwsSigner
from pinnace.ports.http import HttpHeader, HttpOutcome, HttpRequest, HttpRunner
from pinnace.ports.mail import Letter, Mailer
from pinnace.runtime.amazon import Amazon
from pinnace.runtime.environment import secret_text
from pinnace.runtime.persistence import PASSING, PAUSE, TRIES, Sleep, persistently
from pinnace.runtime.workers import Done
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.locations import KeySelector
from pinnace.spec.plugins import AwsLambda, AwsSns, AwsSqs, Builtin, Email, Slack, Webhook
from pinnace.spec.templates import HTTPHeader

_TIMEOUT = 30.0


class Notifier:
    """Tells somebody something.

    Args:
        http: sends requests.
        mailer: sends mail.
        signer: signs requests to AWS.
        catalogue: where secrets are.
        sleep: waits.
    """

    def __init__(
        self,
        http: HttpRunner,
        mailer: Mailer,
        signer: AwsSigner,
        catalogue: Catalogue,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._http = http
        self._mailer = mailer
        self._amazon = Amazon(http, signer, self._secret, sleep)
        self._catalogue = catalogue
        self._sleep = sleep

    async def perform(self, body: Builtin) -> Done:
        """Return what became of it.

        Raises:
            PinnaceError: it cannot be done so, or a secret is missing.
        """
        match body:
            case AwsSns() | AwsSqs() | AwsLambda():
                return await self._amazon.perform(body)
            case Webhook():
                return await self._call(body)
            case Slack():
                return await self._say(body)
            case Email():
                return await self._mail(body)

    async def _call(self, body: Webhook) -> Done:
        url = self._secret(body.url_secret) if body.url_secret is not None else body.url
        headers = tuple(self._header(each) for each in body.headers)
        outcome = await self._sent(
            HttpRequest(url=url, method=body.method, headers=headers, body=body.body, timeout=_TIMEOUT)
        )
        phase = Phase.SUCCEEDED if outcome.succeeded else Phase.FAILED
        # The address may be the secret: what the network says of it is not shown then.
        message = "the request failed" if body.url_secret and outcome.status is None else outcome.message
        return Done(phase, "" if outcome.succeeded else message, outcome.result)

    async def _say(self, body: Slack) -> Done:
        if body.webhook_secret is not None:
            return await self._call(
                Webhook(
                    url_secret=body.webhook_secret,
                    headers=(HTTPHeader(name="Content-Type", value="application/json"),),
                    body=msgspec.json.encode({"text": body.text}).decode(),
                )
            )
        if body.token_secret is None or not body.channel:
            message = "plugin.slack needs webhookSecret, or tokenSecret and channel"
            raise ManifestError(message)
        outcome = await self._sent(
            HttpRequest(
                url=f"{body.api_url}/chat.postMessage",
                method="POST",
                headers=(
                    HttpHeader("Content-Type", "application/json; charset=utf-8"),
                    HttpHeader("Authorization", f"Bearer {self._secret(body.token_secret)}", secret=True),
                ),
                body=msgspec.json.encode({"channel": body.channel, "text": body.text}).decode(),
                timeout=_TIMEOUT,
            )
        )
        if not outcome.succeeded:
            return Done(Phase.FAILED, outcome.message, outcome.result)
        try:
            answer = msgspec.json.decode(outcome.result or "", type=dict[str, Any])
        except msgspec.DecodeError:
            return Done(Phase.FAILED, "Slack's answer is not JSON", outcome.result)
        if not answer.get("ok"):  # Slack says so with 200
            return Done(Phase.FAILED, f"Slack: {answer.get('error')}", outcome.result)
        return Done(result=outcome.result)

    async def _mail(self, body: Email) -> Done:
        if not body.host or not body.sender or not body.to:
            message = "plugin.email needs host, from and to"
            raise ManifestError(message)
        if body.tls not in {"starttls", "tls", "none"}:
            message = f"plugin.email.tls is {body.tls!r}: it is one of starttls, tls, none"
            raise ManifestError(message)
        letter = Letter(
            host=body.host,
            port=body.port,
            tls=body.tls,
            username=body.username,
            password=self._secret(body.password_secret) if body.password_secret is not None else "",
            sender=body.sender,
            to=body.to,
            subject=body.subject,
            body=body.body,
        )
        pause = PAUSE
        for left in reversed(range(TRIES)):
            try:
                await asyncio.to_thread(self._mailer.send, letter)
            except EnvironmentFailure as error:
                if not left:
                    return Done(Phase.FAILED, error.message)
                await self._sleep(pause)
                pause *= 2
            else:
                break
        return Done()

    async def _sent(self, request: HttpRequest) -> HttpOutcome:
        return await persistently(lambda: self._http.request(request), self._sleep, PASSING)

    def _header(self, header: HTTPHeader) -> HttpHeader:
        source = header.value_from
        if source is None or source.secret_key_ref is None:
            return HttpHeader(header.name, header.value)
        return HttpHeader(header.name, self._secret(source.secret_key_ref), secret=True)

    def _secret(self, selector: KeySelector) -> str:
        return secret_text(self._catalogue, selector.name, selector.key)

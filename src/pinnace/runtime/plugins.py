"""Plugin templates: Argo's executor plugins over HTTP, and those that are built in.

Source: Argo workflow/util/plugin/plugin.go, workflow/executor/agent.go executePluginTemplate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.quantities import parse_go_duration
from pinnace.engine.commands import CallPlugin
from pinnace.engine.node import Phase
from pinnace.engine.run import Run
from pinnace.ports.http import HttpHeader, HttpRequest, HttpRunner
from pinnace.runtime.notices import Notifier
from pinnace.runtime.persistence import Sleep, persistently
from pinnace.runtime.workers import Done
from pinnace.spec.encode import encode
from pinnace.spec.parameters import Artifact
from pinnace.spec.plugins import Plugin, builtin_of
from pinnace.spec.templates import Template

#: Seconds that an answer may take.
_TIMEOUT = 30.0


class PluginWorker:
    """Does the plugin templates of one run: the worker for ``CallPlugin``.

    Args:
        run: whose they are.
        plugins: those that are asked, in order, before what is built in.
        http: asks them.
        notifier: does what is built in.
        sleep: waits.
    """

    def __init__(
        self,
        run: Run,
        plugins: Sequence[Plugin],
        http: HttpRunner,
        notifier: Notifier,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._run = run
        self._plugins = plugins
        self._http = http
        self._notifier = notifier
        self._sleep = sleep
        self._deaf: set[str] = set()
        """The plugins that do not know the method."""

    async def perform(self, command: CallPlugin) -> Done:
        """Return what the first plugin says that executes the template, asked as often as it wants."""
        body = self._body(command)
        for plugin in self._plugins:
            while (answer := await self._asked(plugin, body)) is not None:
                if isinstance(answer, Done):
                    return answer
                await self._sleep(answer)
        try:
            builtin = builtin_of(command.template.plugin)
            if builtin is not None:
                return _declared(await self._notifier.perform(builtin), command.template)
        except PinnaceError as error:
            return Done(Phase.FAILED, error.message)
        return Done(Phase.FAILED, "no plugin executed the template")

    def _body(self, command: CallPlugin) -> str:
        info = self._run.info
        metadata = {"name": info.name, "namespace": info.namespace, "uid": info.uid}
        arguments = {"workflow": {"metadata": metadata}, "template": encode(command.template)}
        return msgspec.json.encode(arguments).decode()

    async def _asked(self, plugin: Plugin, body: str) -> Done | float | None:
        """Return what the plugin came to, the seconds after which to ask again, or None: it is not for it."""
        if plugin.name in self._deaf:
            return None
        request = HttpRequest(
            method="POST",
            url=f"{plugin.address.rstrip('/')}/api/v1/template.execute",
            headers=(
                HttpHeader("Content-Type", "application/json"),
                HttpHeader("Authorization", f"Bearer {plugin.token}", secret=True),
            ),
            body=body,
            timeout=_TIMEOUT,
        )
        outcome = await persistently(lambda: self._http.request(request), self._sleep, {503})
        if outcome.status == 404:
            self._deaf.add(plugin.name)
            return None
        if not outcome.succeeded or outcome.result is None:
            said = f"{outcome.status}: {outcome.result}" if outcome.result is not None else outcome.message
            return Done(Phase.FAILED, f"plugin {plugin.name}: {said}")
        try:
            return _understood(msgspec.json.decode(outcome.result or "{}"))
        except (
            msgspec.DecodeError,
            msgspec.ValidationError,
            PinnaceError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:
            return Done(Phase.ERROR, f"plugin {plugin.name}: its answer is not one: {error}")


def _declared(done: Done, template: Template) -> Done:
    """Return the end with those parameters alone that the template has as outputs."""
    names = {each.name for each in template.outputs.parameters}
    return replace(done, parameters={k: v for k, v in done.parameters.items() if k in names})


def _understood(reply: dict[str, Any]) -> Done | float | None:
    """Return what a plugin's reply means."""
    node = reply.get("node")
    if node is None:
        return None
    phase = Phase(node.get("phase") or "")
    message = str(node.get("message") or "")
    requeue = str(reply.get("requeue") or "")
    if not phase.is_fulfilled:
        if not requeue:
            return Done(Phase.ERROR, f"the plugin leaves the node {phase.value or 'without a phase'}")
        return parse_go_duration(requeue)
    outputs = node.get("outputs") or {}
    return Done(
        phase,
        message,
        outputs.get("result"),
        {each["name"]: str(each.get("value", "")) for each in outputs.get("parameters") or ()},
        tuple(msgspec.convert(each, Artifact) for each in outputs.get("artifacts") or ()),
    )

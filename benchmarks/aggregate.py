"""1000 fetches by ``http`` templates, aggregated by a task, beside a bare aiohttp loop that keeps a list.

The run is a whole one: every fetch is a node, saved before it is sent and when it is answered.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import tempfile
import time
from statistics import median

import aiohttp
from benchmarks.http_fetch import CONDITION, bounded, serve

from pinnace.bootstrap import open_pinnace
from pinnace.ports.observer import Silence
from pinnace.settings import read_settings
from pinnace.spec.bundle import read_bundle

COUNT = 1000
TOGETHER = 200
ROUNDS = 3

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{generateName: aggregate-}}
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - name: fetch
            template: fetch
            withSequence: {{count: "{count}"}}
            arguments: {{parameters: [{{name: number, value: "{{{{item}}}}"}}]}}
        - - name: join
            template: join
            arguments: {{parameters: [{{name: all, value: "{{{{steps.fetch.outputs.result}}}}"}}]}}
    - name: fetch
      inputs: {{parameters: [{{name: number}}]}}
      http: {{url: "{url}/{{{{inputs.parameters.number}}}}", successCondition: '{condition}'}}
    - name: join
      inputs:
        parameters: [{{name: all}}]
        artifacts: [{{name: all, path: /tmp/all.json, raw: {{data: "{{{{inputs.parameters.all}}}}"}}}}]
      container: {{image: alpine, command: [test, -s, /tmp/all.json]}}
"""


def workflow_seconds(url: str, home: str) -> float:
    """Return the seconds that the run takes, from its submission to its end."""
    text = MANIFEST.format(count=COUNT, url=url, condition=CONDITION)
    bundle = read_bundle([("aggregate.yaml", text)])
    settings = read_settings({**os.environ, "PINNACE_HOME": home})
    pinnace = open_pinnace(settings)
    began = time.perf_counter()
    uid = pinnace.submit(bundle.workflows[0], bundle.catalogue)
    asyncio.run(pinnace.drive([uid], observer=Silence()))
    spent = time.perf_counter() - began
    if pinnace.load(uid).state.phase != "Succeeded":
        raise SystemExit(pinnace.load(uid).state.message)
    pinnace.close()
    return spent


async def bare_seconds(url: str) -> float:
    """Return the seconds of a loop that fetches the same and keeps the bodies."""
    bodies: list[str] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=TOGETHER)) as session:

        async def fetch(number: int) -> None:
            async with session.get(f"{url}/{number}") as response:
                bodies.append(await response.text())

        return await bounded(COUNT, TOGETHER, fetch)


def main() -> None:
    """Print the row."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listener,), daemon=True)
    server.start()
    listener.close()
    with tempfile.TemporaryDirectory() as home:
        workflow_seconds(url, home)  # the first pays for imports
        pairs = [(workflow_seconds(url, home), asyncio.run(bare_seconds(url))) for _ in range(ROUNDS)]
    ours, bare = median(each[0] for each in pairs), median(each[1] for each in pairs)
    print(f"{COUNT} fetches aggregated: {ours:.3f} s, bare aiohttp: {bare:.3f} s")
    print(f"{bare / ours:.2f} of bare aiohttp, aim 0.6")
    server.kill()


if __name__ == "__main__":
    main()

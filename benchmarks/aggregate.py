"""1000 fetches by ``http`` templates, aggregated by a task, beside a bare aiohttp loop that keeps a list.

The run is a whole one: every fetch is a node, saved before it is sent and when it is answered.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import time
from statistics import median

import aiohttp
from benchmarks.http_server import CONDITION, bounded, server

from pinnace.__main__ import COLLECT_AFTER
from pinnace.bootstrap import Pinnace
from pinnace.ports.observer import Silence
from pinnace.settings import read_settings
from pinnace.spec.bundle import read_bundle

COUNT = 1000
TOGETHER = 200
ROUNDS = 5

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


def workflow_seconds(url: str, home: str) -> tuple[float, float]:
    """Return the seconds from the run's submission to its end, and those of this process's CPU."""
    text = MANIFEST.format(count=COUNT, url=url, condition=CONDITION)
    bundle = read_bundle([("aggregate.yaml", text)])
    settings = read_settings({**os.environ, "PINNACE_HOME": home})
    pinnace = Pinnace(settings)
    began, cpu = time.perf_counter(), time.process_time()
    uid = pinnace.submit(bundle.workflows[0], bundle.catalogue)
    asyncio.run(pinnace.drive([uid], observer=Silence()))
    spent = time.perf_counter() - began, time.process_time() - cpu
    if pinnace.load(uid).state.phase != "Succeeded":
        raise SystemExit(pinnace.load(uid).state.message)
    pinnace.close()
    return spent


async def bare_seconds(url: str) -> tuple[float, float]:
    """Return the seconds, and those of CPU, of a loop that fetches the same and keeps the bodies."""
    bodies: list[str] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=TOGETHER)) as session:

        async def fetch(number: int) -> None:
            async with session.get(f"{url}/{number}") as response:
                bodies.append(await response.text())

        return await bounded(COUNT, TOGETHER, fetch)


def main() -> None:
    """Print the row."""
    gc.set_threshold(COLLECT_AFTER)
    with server() as url, tempfile.TemporaryDirectory() as home:
        workflow_seconds(url, home)  # the first pays for imports
        pairs = [(workflow_seconds(url, home), asyncio.run(bare_seconds(url))) for _ in range(ROUNDS)]
    print(f"{COUNT} fetches aggregated, median of {ROUNDS}; to reach: 0.60 of bare")
    for at, what in enumerate(("elapsed", "CPU of the process")):
        ours, bare = (median(pair[side][at] for pair in pairs) for side in (0, 1))
        print(f"  {what:<20}{ours:7.3f} s, bare aiohttp {bare:.3f} s: {bare / ours:.2f} of bare")


if __name__ == "__main__":
    main()

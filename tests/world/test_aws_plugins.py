"""The built-in plugins for AWS, in the embedded world."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pinnace.bootstrap import Pinnace
from pinnace.engine.node import NodeType
from pinnace.ports.observer import Silence
from pinnace.settings import read_settings
from pinnace.spec.bundle import read_bundle
from pinnace.world.world import World

EXAMPLE = Path(__file__).parents[2] / "examples" / "aws-plugins.yaml"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:prices"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"


def test_the_example_invokes_publishes_and_queues(module_world: World, tmp_path: Path) -> None:
    home = {"PINNACE_HOME": str(tmp_path), "PINNACE_ISOLATED": "false", "HOME": str(tmp_path)}
    pinnace = Pinnace(read_settings(home), module_world)
    bundle = read_bundle([("aws-plugins.yaml", EXAMPLE.read_text())])
    assert bundle.problems == ()
    ready = module_world.prepare_from(bundle.workflows, {})
    assert {f"{TOPIC} is ready", f"{QUEUE} is ready"} <= set(ready)
    uid = pinnace.submit(bundle.workflows[0], bundle.catalogue)
    asyncio.run(pinnace.drive([uid], observer=Silence()))
    run = pinnace.load(uid)
    messages = {node.key: node.message for node in run.nodes.values() if node.type is NodeType.PLUGIN}
    assert (run.state.phase, messages) == ("Succeeded", {"price": "", "tell": "", "order": ""})
    report = module_world.report()
    told = report.index(f"{TOPIC} got a message, subject 'A new price'")
    assert report[told + 1] == "    A sail costs 1200."
    assert report[report.index(f"{QUEUE} got a message") + 1] == '    {"article": "sail", "most": 1200}'
    pinnace.close()

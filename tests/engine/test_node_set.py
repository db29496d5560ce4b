"""What somebody gives a waiting step."""

from __future__ import annotations

import pytest

from pinnace.engine.events import NodeSet
from pinnace.testing.builders import document
from pinnace.testing.play import Play


@pytest.mark.parametrize("phase", ["", "Succeeded"])
def test_an_output_that_is_given_is_exported_at_once(phase: str) -> None:
    output = {"name": "o", "globalName": "g", "valueFrom": {"supplied": {}}}
    wait = {"name": "wait", "suspend": {}, "outputs": {"parameters": [output]}}
    played = Play(document({"entrypoint": "wait", "templates": [wait]})).start()
    entry = min(played.run.nodes)
    played.tell(NodeSet(nodes=(entry,), phase=phase, parameters={"o": "1"}))
    assert played.run.state.outputs.parameters == {"g": "1"}

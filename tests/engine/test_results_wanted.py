"""A call's standard output is kept only if the template that calls it mentions it."""

from __future__ import annotations

import pytest

from pinnace.engine.advance import advance
from pinnace.engine.commands import StartTask
from pinnace.engine.events import RunStarted
from pinnace.testing.builders import bundle_of, document, run_of


@pytest.mark.parametrize(
    ("text", "is_wanted"),
    [
        ("{{tasks.a.outputs.result}}", True),
        ("{{=tasks.a.outputs.result}}", True),
        ("{{=tasks['a'].outputs.result}}", True),
        ('{{=tasks["a"]?.outputs?.result}}', True),
        ("{{tasks.ab.outputs.result}}", False),
        ("{{tasks.a.outputs.parameters.result}}", False),
        ("{{tasks.a.status}}", False),
    ],
)
def test_it_is_wanted_if_somebody_refers_to_it(text: str, is_wanted: bool) -> None:
    tasks = [
        {"name": "a", "template": "work"},
        {"name": "b", "template": "work", "depends": "a", "when": f"'{text}' == ''"},
    ]
    work = {"name": "work", "script": {"image": "i", "command": ["c"], "source": "s"}}
    spec = {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, work]}
    run = run_of(bundle_of(document(spec)))
    commands = advance(run, [RunStarted()], 0.0).commands
    assert [each.want_result for each in commands if isinstance(each, StartTask)] == [is_wanted]

"""Whatever a task printed, and wherever that stands then: a node may end in error, the run goes on."""

from __future__ import annotations

from typing import Any

import pytest

from pinnace.engine.commands import StartTask
from pinnace.service.status import workflow_object
from pinnace.testing.builders import document
from pinnace.testing.play import Play

PRINTED = "{{steps.first.outputs.result}}"
GIVEN = "{{inputs.parameters.x}}"
CONTAINER = {"image": "i", "command": ["c"]}
NUMBERS = ["-1", "1e400", "1" + "0" * 400, "9" * 5000, "0x10", "1_000", "１２", "NaN", "-Infinity", "1 2"]
JSON = [
    "[NaN]",
    "[1e999]",
    r'["\ud800"]',
    "[" * 5000,
    f"[{'9' * 5000}]",
    "[１]",
    "[1]\u2028",
    "\ufeff[]",
    "[{}]",
]
TEXTS = [
    "",
    " ",
    "\x00",
    "null",
    "{",
    "'",
    '"',
    "\\",
    "{{",
    "{{=",
    "{{item}}",
    "}}",
    "(",
    "a && b",
    "%s%d",
    "- a\n- b",
]

#: What the second step says, beside its name and template.
CALLS: dict[str, dict[str, Any]] = {
    "items": {"withParam": PRINTED, "x": "{{item}} {{=item}}"},
    "keys of items": {"withParam": PRINTED, "x": "{{item.a}}"},
    "a count": {"withSequence": {"count": PRINTED}},
    "bounds": {"withSequence": {"start": PRINTED, "end": PRINTED}},
    "a format": {"withSequence": {"count": "2", "format": PRINTED}},
    "a condition": {"when": PRINTED},
    "an operand": {"when": f"{PRINTED} == 1"},
    "a quoted operand": {"when": f"'{PRINTED}' == '1'"},
    "JSON": {"x": "{{=toJson(fromJSON(steps.first.outputs.result))}}"},
    "a number": {"x": "{{=asInt(steps.first.outputs.result) + asFloat(steps.first.outputs.result)}}"},
    "a document": {"x": "{{=jsonpath(steps.first.outputs.result, '$.a')}}"},
    "a template's name": {"template": PRINTED},
}
#: What the template of the second step says, which is given it.
TEMPLATES: dict[str, dict[str, Any]] = {
    "a lock": {"synchronization": {"mutexes": [{"name": GIVEN}]}},
    "a cache": {"memoize": {"key": GIVEN, "maxAge": GIVEN, "cache": {"configMap": {"name": GIVEN}}}},
    "times": {"timeout": GIVEN},
    "seconds": {"activeDeadlineSeconds": GIVEN},
    "a wait": {"container": None, "suspend": {"duration": GIVEN}},
    "retries": {"retryStrategy": {"limit": GIVEN, "backoff": {"duration": GIVEN, "factor": GIVEN}}},
    "an expression": {"retryStrategy": {"limit": "1", "expression": f"asInt('{GIVEN}') > 1"}},
    "a patch": {"podSpecPatch": GIVEN},
    "amounts": {"container": {**CONTAINER, "resources": {"limits": {"cpu": GIVEN}}}},
    "a name for people": {"annotations": {"workflows.argoproj.io/display-name": GIVEN}},
    "the name of a step": {"container": None, "steps": [[{"name": GIVEN, "template": "first"}]]},
    "a metric": {
        "metrics": {
            "prometheus": [
                {
                    "name": "a",
                    "help": "h",
                    "labels": [{"key": "k", "value": GIVEN}],
                    "counter": {"value": GIVEN},
                },
                {"name": "b", "help": "h", "when": GIVEN, "histogram": {"value": GIVEN, "buckets": [1]}},
            ]
        }
    },
}


@pytest.mark.parametrize("place", [*CALLS, *TEMPLATES])
def test_a_result_stops_no_run_wherever_it_stands(place: str) -> None:
    for printed in (*NUMBERS, *JSON, *TEXTS):
        play = Play(manifest(CALLS.get(place, {"x": PRINTED}), TEMPLATES.get(place, {}))).start()
        for attempt in range(20):
            if not play.open:
                break
            name, command = next(iter(play.open.items()))
            told = {"result": printed} if isinstance(command, StartTask) else {}
            play.end(name, int(attempt == 1), **told)
        assert workflow_object(play.run)["status"]["nodes"]


def test_the_results_of_a_loop_stop_no_run() -> None:
    for printed in (*NUMBERS, *JSON, *TEXTS):
        spec = manifest({"x": f"{PRINTED} {{{{steps.first.outputs.parameters}}}}"}, {})
        spec["spec"]["templates"][0]["steps"][0][0]["withItems"] = [1, 2]
        play = Play(spec).start()
        while play.open:
            play.end(next(iter(play.open)), result=printed)
        assert play.run.state.is_finished


def manifest(call: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    """Return a workflow whose second step has to do with what the first printed."""
    fields = {key: value for key, value in call.items() if key != "x"}
    arguments = {"parameters": [{"name": "x", "value": call.get("x", "none")}]}
    second = {"name": "second", "template": "second", "arguments": arguments, **fields}
    called = {"name": "second", "inputs": {"parameters": [{"name": "x"}]}, "container": CONTAINER, **template}
    return document(
        {
            "entrypoint": "main",
            "templates": [
                {"name": "main", "steps": [[{"name": "first", "template": "first"}], [second]]},
                {"name": "first", "container": CONTAINER},
                {key: value for key, value in called.items() if value is not None},
            ],
        }
    )

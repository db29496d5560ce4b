"""The two scripts of the deal aggregator do what their templates promise, run by themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from pinnace.world.posts import post

WORKFLOW = Path(__file__).parents[2] / "examples" / "deal-aggregator" / "workflow.yaml"


def run(template: str, place: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a template's script with ``place`` for its /tmp."""
    spec = yaml.safe_load(WORKFLOW.read_text())["spec"]
    (source,) = (one["script"]["source"] for one in spec["templates"] if one["name"] == template)
    script = place / "script.py"
    script.write_text(source.replace("/tmp/", f"{place}/"))
    command = [sys.executable, "-I", str(script)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def aggregate(place: Path, responses: object, expected: int) -> subprocess.CompletedProcess[str]:
    (place / "responses.json").write_text(json.dumps(responses))
    return run("aggregate-deals", place, {"EXPECTED_COUNT": str(expected)})


def test_responses_become_one_document_in_the_order_of_their_ids(tmp_path: Path) -> None:
    responses: list[Any] = [post(12), json.dumps(post(3)), post(1)]
    done = aggregate(tmp_path, responses, 3)
    assert (done.returncode, done.stdout) == (0, "3 deals of 2 users are valid\n")
    written = json.loads((tmp_path / "deals.json").read_text())
    assert written == {"count": 3, "users": 2, "deals": [post(1), post(3), post(12)]}
    assert (tmp_path / "count").read_text() == "3"


def test_every_wrong_response_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    garbled = post(5) | {"id": True, "title": None}
    done = aggregate(tmp_path, [post(1), "<html>", 7, {}, garbled, post(1)], 5)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "validation: response 2 is not JSON: Expecting value: line 1 column 1 (char 0)",
        "validation: response 3 is not an object",
        "validation: response 4 lacks or garbles id, userId, title, body",
        "validation: response 5 lacks or garbles id, title",
        "validation: expected 5 responses, got 6",
        "validation: an id occurs twice",
    ]
    assert not (tmp_path / "deals.json").exists()


def report(place: Path, status: str, failures: object) -> str:
    # The reference quotes the JSON once more: workflow.failures is a JSON string that holds JSON.
    (place / "failures.json").write_text(json.dumps(json.dumps(failures)))
    environment = {
        "WORKFLOW": "deals-x",
        "STATUS": status,
        "DURATION": "12.34",
    }
    done = run("compose-report", place, environment)
    assert (done.returncode, done.stderr) == (0, "")
    return (place / "message").read_text()


def test_a_success_is_one_line(tmp_path: Path) -> None:
    assert report(tmp_path, "Succeeded", None) == "Workflow deals-x: Succeeded after 12 s"


def test_a_success_counts_the_attempts_that_were_repeated(tmp_path: Path) -> None:
    failure = {"displayName": "fetch(0)", "phase": "Failed", "message": "503", "finishedAt": "2026-01-01T01Z"}
    assert report(tmp_path, "Succeeded", [failure] * 3).splitlines() == [
        "Workflow deals-x: Succeeded after 12 s",
        "Attempts that failed and were repeated: 3",
    ]


def test_failures_are_told_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    failures = [
        {
            "displayName": "deals-x",
            "phase": "Failed",
            "message": "child failed",
            "finishedAt": "2026-01-01T02Z",
        },
        {"displayName": "fetch", "phase": "Error", "message": 'a "quote"', "finishedAt": "2026-01-01T01Z"},
    ]
    assert report(tmp_path, "Failed", failures).splitlines() == [
        "Workflow deals-x: Failed after 12 s",
        '- fetch: Error: a "quote"',
        "- deals-x: Failed: child failed",
    ]


def test_a_report_of_a_thousand_failures_stays_small(tmp_path: Path) -> None:
    failure = {"displayName": "fetch", "phase": "Failed", "message": "x" * 10_000, "finishedAt": None}
    message = report(tmp_path, "Error", [failure] * 1000)
    assert message.endswith("\n- and 980 more")
    assert len(message) < 12_000

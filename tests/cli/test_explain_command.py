from __future__ import annotations

import json
from pathlib import Path

from terminals import Cli

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
  arguments: {parameters: [{name: long, value: "0"}]}
  templates:
  - name: main
    steps:
    - - name: wait
        template: wait
        arguments: {parameters: [{name: time, value: "{{workflow.parameters.long}}"}]}
      - {name: never, template: wait, when: "1 == 2", arguments: {parameters: [{name: time, value: "1"}]}}
  - {name: wait, inputs: {parameters: [{name: time}]}, suspend: {duration: "{{inputs.parameters.time}}"}}
"""


def test_a_step_is_explained_by_the_name_that_get_shows(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiting.yaml"
    path.write_text(MANIFEST)
    assert cli("run", str(path), "-o", "name")[0] == 0

    assert cli("explain", "wf", "wait") == (
        0,
        """\
wf[0].wait (Suspend) is Succeeded
  wf called it, with the template wait
Inputs
  time = 0
    from {{workflow.parameters.long}} at step wait of wf
    from {{workflow.parameters.long}}: argument long of the workflow
""",
        "",
    )
    status, output, _ = cli("explain", "@latest", "never", "-o", "json")
    assert (status, json.loads(output)["phase"]) == (0, "Skipped")


def test_a_step_that_is_not_there_is_wrong_use(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiting.yaml"
    path.write_text(MANIFEST)
    cli("run", str(path), "-o", "name")

    status, output, errors = cli("explain", "wf", "wiat")

    assert (status, output) == (2, "")
    assert "wf has no step 'wiat'" in errors
    assert "Did you mean wait" in errors

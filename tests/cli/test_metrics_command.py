from __future__ import annotations

from pathlib import Path

from terminals import Cli

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: counted-}
spec:
  entrypoint: main
  metrics:
    prometheus:
    - {name: runs, help: Runs., labels: [{key: end, value: "{{workflow.status}}"}], counter: {value: "1"}}
  templates: [{name: main, suspend: {duration: "0"}}]
"""


def test_metrics_are_those_of_all_runs_even_of_deleted_ones(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "counted.yaml"
    path.write_text(MANIFEST)
    assert cli("metrics") == (0, "", "")

    assert cli("run", str(path), "-o", "name")[0] == 0
    cli("delete", "@latest")
    assert cli("run", str(path), "-o", "name")[0] == 0

    status, output, errors = cli("metrics")

    assert (status, errors) == (0, "")
    assert output == (
        "# HELP argo_workflows_runs Runs.\n"
        "# TYPE argo_workflows_runs counter\n"
        'argo_workflows_runs{end="Succeeded"} 2\n'
    )

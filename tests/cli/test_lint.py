"""``pinnace lint`` as editors, pre-commit and CI meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from terminals import Cli

HEAD = 'apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: "{name}"}}\n'
GOOD = "spec: {entrypoint: main, templates: [{name: main, suspend: {}}]}\n"
USER = """\
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: a, templateRef: {name: far, template: x}}]]
  - name: other
    container: {image: x, env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}
"""


def write(folder: Path, name: str, body: str, kind: str = "Workflow") -> str:
    path = folder / f"{name}.yaml"
    path.write_text(HEAD.format(kind=kind, name=name.translate(str.maketrans(" ,", "--"))) + body)
    return str(path)


def test_what_the_files_lack_is_told_and_can_be_passed_over(cli: Cli, tmp_path: Path) -> None:
    user = write(tmp_path, "user", USER)
    status, out, _ = cli("lint", user, "-o", "text")
    assert status == 2
    assert [line.split("[")[1].split("]")[0] for line in out.splitlines()] == [
        "missing-template", "missing-secret",
    ]  # fmt: skip
    assert cli("lint", user, "-o", "text", "--ignore-missing")[:2] == (0, "")


def test_references_are_looked_for_in_all_files(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, "user", USER)
    write(tmp_path, "far", "spec: {templates: [{name: x, suspend: {}}]}\n", kind="WorkflowTemplate")
    write(tmp_path, "s", "stringData: {k: v}\n", kind="Secret")
    assert cli("lint", str(tmp_path), "-o", "text")[:2] == (0, "")


def test_only_the_kinds_that_are_asked_for_are_checked(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, "bad", GOOD.replace("suspend", "suspnd"), kind="WorkflowTemplate")
    write(tmp_path, "user", USER.replace("far", "bad"))
    assert cli("lint", str(tmp_path))[0] == 2
    status, out, _ = cli("lint", str(tmp_path), "--kinds", "workflows", "-o", "json", "--ignore-missing")
    assert {problem["file"] for problem in json.loads(out)} == {str(tmp_path / "user.yaml")}
    assert status == 2
    assert cli("lint", str(tmp_path), "--kinds=cronworkflows,clusterworkflowtemplates")[0] == 0
    status, _, err = cli("lint", str(tmp_path), "--kinds", "workflow")
    assert (status, err) == (2, "error: --kinds: no such kind 'workflow'\n  did you mean 'workflows'?\n")


def test_warnings_fail_only_when_asked_to(cli: Cli, tmp_path: Path) -> None:
    trap = write(tmp_path, "trap", GOOD.replace("suspend: {}", "container: {image: x, args: ['{{item}}']}"))
    assert cli("lint", trap)[0] == 0
    assert cli("lint", trap, "--warnings-as-errors")[0] == 2


def test_unknown_fields_are_errors_when_strict(cli: Cli, tmp_path: Path) -> None:
    odd = write(tmp_path, "odd", GOOD.replace("entrypoint", "colour: red, entrypoint"))
    assert cli("lint", odd)[0] == 2
    assert cli("lint", odd, "--no-strict", "--offline")[0] == 0


def test_sarif_names_rule_file_and_place(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a b", GOOD.replace("entrypoint: main", "entrypoint: main1"))
    monkeypatch.chdir(tmp_path)
    status, out, _ = cli("lint", "a b.yaml", "-o", "sarif")
    assert status == 2
    (run,) = json.loads(out)["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "unknown-template"
    assert result["level"] == "error"
    assert result["message"]["text"].endswith("template name 'main1' undefined (did you mean 'main'?)")
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.yaml"}, "region": {"startLine": 4, "startColumn": 20},
    }  # fmt: skip
    assert location["logicalLocations"] == [{"fullyQualifiedName": "spec.entrypoint"}]
    assert cli("lint", "-o", "sarif", write(tmp_path, "good", GOOD))[0] == 0


def test_annotations_of_github_escape_what_would_end_them(cli: Cli, tmp_path: Path) -> None:
    bad = write(tmp_path, "a,b", GOOD.replace("suspend: {}", "suspend: {duration: '5%'}"))
    status, out, _ = cli("lint", bad, "-o", "github")
    assert status == 2
    place = str(tmp_path / "a%2Cb.yaml")
    assert out.startswith(f"::error file={place},line=4,col=71,title=invalid-duration::spec.templates[0].")
    assert "'5%25' is not a duration" in out


def test_a_code_is_explained(cli: Cli) -> None:
    status, out, _ = cli("lint", "--explain", "endless-retry")
    assert status == 0
    assert out.startswith("endless-retry: A retry strategy has no end.\n\nWithout `limit`")
    assert cli("lint", "--explain", "endles-retry")[2].endswith("did you mean 'endless-retry'?\n")


def test_objects_for_the_cluster_are_passed_over(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, "account", "", kind="ServiceAccount")
    assert cli("lint", str(tmp_path))[0] == 2
    write(tmp_path, "good", GOOD)
    assert cli("lint", str(tmp_path), "--warnings-as-errors")[:2] == (0, "✔ no linting errors found\n")


def test_the_hook_for_other_repositories_is_a_command_line(cli: Cli, tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    command = [*hook["entry"].split(), *hook["args"]]
    assert command[0] == "pinnace"
    assert cli(*command[1:], write(tmp_path, "good", GOOD))[0] == 0


def test_nothing_to_lint_is_no_success(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    status, out, err = cli("lint", str(tmp_path))
    assert (status, out) == (2, "")
    assert err.startswith("error: found nothing to lint in the files given\n")
    assert cli("lint")[0] == 2


def test_what_differs_on_this_machine_is_told_when_asked_for(cli: Cli, tmp_path: Path) -> None:
    body = GOOD.replace("suspend: {}", "nodeSelector: {a: b}, container: {image: x, resources: {limits: {}}}")
    manifest = write(tmp_path, "here", body)
    assert cli("lint", manifest, "-o", "text")[:2] == (0, "")
    status, out, _ = cli("lint", manifest, "-o", "text", "--here")
    assert status == 0
    assert "warning[differs-here]: spec.templates[0]: nodeSelector: there is one machine" in out


def test_every_kind_of_template_can_be_asked_what_differs(cli: Cli, tmp_path: Path) -> None:
    manifest = write(
        tmp_path,
        "kinds",
        """apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: kinds}
spec:
  schedules: ["@daily"]
  workflowSpec:
    entrypoint: main
    templates:
    - {name: main, steps: [[{name: a, template: dag}]]}
    - {name: dag, dag: {tasks: [{name: a, template: wait}, {name: b, template: set}]}}
    - {name: wait, suspend: {duration: "1"}}
    - name: set
      nodeSelector: {a: b}
      containerSet:
        containers:
        - {name: one, image: x, command: [a], tty: true}
        - {name: main, image: x, command: [a], stdin: true}
""",
    )
    status, out, _ = cli("lint", manifest, "-o", "text", "--here")
    assert status == 0
    assert [
        line.partition("[differs-here]: ")[2] for line in out.splitlines() if "[differs-here]" in line
    ] == [
        "spec.workflowSpec.templates[3]: one: tty: there is no terminal",
        "spec.workflowSpec.templates[3]: main: stdin: standard input is empty",
        "spec.workflowSpec.templates[3]: nodeSelector: there is one machine",
    ]


def test_workflow_defaults_of_the_settings_count(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = GOOD.replace("suspend: {}", "container: {image: x, args: ['{{workflow.labels.team}}']}")
    manifest = write(tmp_path, "labelled", body)
    assert cli("lint", manifest)[0] == 2
    defaults = tmp_path / "defaults"
    defaults.write_text("spec: {workflowMetadata: {labels: {team: x}}}\n")
    monkeypatch.setenv("PINNACE_WORKFLOW_DEFAULTS", str(defaults))
    assert cli("lint", manifest)[0] == 0
    defaults.write_text("spec: {workflowMetadata: {label: {team: x}}}\n")
    status, _, err = cli("lint", manifest)
    assert status == 2
    assert "unknown field 'label' (did you mean 'labels'?)" in err

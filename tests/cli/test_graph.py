"""``pinnace graph`` and ``pinnace schema``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from terminals import Cli

MANIFEST = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - {name: ok, suspend: {}}
  - {name: group, steps: [[{name: x, template: ok}], [{name: z, template: ok}]]}
  - name: main
    dag:
      tasks:
      - {name: a, template: group}
      - {name: b, template: ok, depends: a, when: '"<a>" != "#"'}
"""


@pytest.fixture
def drawn(cli: Cli, tmp_path: Path) -> str:
    path = tmp_path / "w.yaml"
    path.write_text(MANIFEST)
    return str(path)


def test_a_tree_says_what_calls_what_and_what_waits(cli: Cli, drawn: str) -> None:
    assert cli("graph", drawn) == (
        0,
        """\
w
└─ main (dag)
   ├─ a (group, steps)
   │  ├─ x (ok, suspend)
   │  └─ z (ok, suspend)  [after x]
   └─ b (ok, suspend)  [after a]  [when "<a>" != "#"]
""",
        "",
    )


def test_mermaid_has_a_box_a_call_and_escapes_what_it_would_read(cli: Cli, drawn: str) -> None:
    assert (
        cli("graph", drawn, "-o", "mermaid")[1]
        == """\
---
title: "w"
---
flowchart TD
  subgraph n1["main<br/>dag"]
    subgraph n2["a<br/>group: steps"]
      n3["x<br/>ok: suspend"]
      n4["z<br/>ok: suspend"]
    end
    n5["b<br/>ok: suspend<br/>when #quot;#lt;a#gt;#quot; != #quot;#35;#quot;"]
  end
  n3 --> n4
  n2 --> n5
"""
    )


def test_dot_ends_edges_at_the_border_of_a_cluster(cli: Cli, drawn: str) -> None:
    out = cli("graph", drawn, "-o", "dot")[1]
    assert out.startswith('digraph "w" {\n')
    assert "    subgraph cluster_2 {\n" in out
    assert out.endswith("  n3 -> n4\n  n4 -> n5 [ltail=cluster_2]\n}\n")
    assert out.count("{") == out.count("}")


def test_one_workflow_of_several_is_shown_by_its_name(cli: Cli, drawn: str, tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(MANIFEST.replace("name: w", "name: v"))
    assert [line[0] for line in cli("graph", str(tmp_path))[1].splitlines() if line and line[0] in "vw"] == [
        "v", "w",
    ]  # fmt: skip
    assert cli("graph", str(tmp_path), "--workflow", "v")[1].startswith("v\n")
    status, _, err = cli("graph", str(tmp_path), "--workflow", "u")
    assert (status, err) == (2, "error: the files hold no workflow 'u'\n  They hold: v, w.\n")


def test_templates_are_shown_when_there_is_nothing_else(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(MANIFEST.replace("kind: Workflow", "kind: WorkflowTemplate"))
    assert cli("graph", str(path))[0] == 0
    path.write_text(
        MANIFEST.replace("kind: Workflow", "kind: WorkflowTemplate").replace("entrypoint: main", "")
    )
    assert cli("graph", str(path))[0] == 2


def test_what_cannot_be_read_cannot_be_drawn(cli: Cli, drawn: str) -> None:
    Path(drawn).write_text("kind: [")
    status, _, err = cli("graph", drawn)
    assert status == 2
    assert "error[invalid-yaml]" in err


def test_the_schema_is_printed(cli: Cli) -> None:
    status, out, _ = cli("schema")
    assert status == 0
    assert "CronWorkflow" in json.loads(out)["properties"]["kind"]["enum"]


RUN = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: kept}
spec:
  entrypoint: main
  onExit: ok
  templates:
  - {name: ok, container: {image: busybox, command: ["true"]}}
  - {name: bad, retryStrategy: {limit: 1}, container: {image: busybox, command: ["false"]}}
  - {name: group, steps: [[{name: x, template: ok}], [{name: z, template: ok, withItems: [1, 2]}]]}
  - name: set
    containerSet:
      containers:
      - {name: one, image: busybox, command: ["true"]}
      - {name: two, image: busybox, command: ["true"], dependencies: [one]}
  - name: main
    dag:
      tasks:
      - {name: a, template: group}
      - {name: b, template: bad, depends: a, onExit: ok}
      - {name: c, template: set, depends: a}
      - {name: d, template: ok, depends: b}
"""


def test_a_run_is_drawn_with_what_became_of_each_step(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(RUN)
    assert cli("run", "-q", str(path))[0] == 1
    status, tree, _ = cli("graph", "@latest")
    assert status == 0
    assert "│  │  ├─ z(0:1) (ok, Pod)  [after x]  [Succeeded]\n" in tree
    assert "│  │  └─ b(1) (bad, Pod)  [after b(0)]  [Failed]  [main: Error (exit code 1)]\n" in tree
    assert "│  │  └─ two (set, Container)  [after one]  [Succeeded]\n" in tree
    assert "│  ├─ b.onExit (ok, Pod)  [after b]  [Succeeded]\n" in tree
    assert "│  └─ d (ok, Skipped)  [after b]  [Omitted]" in tree
    assert tree.startswith("kept\n├─ kept (main, DAG)  [Failed]\n")
    assert tree.endswith("└─ kept.onExit (ok, Pod)  [Succeeded]\n")
    mermaid = cli("graph", "kept", "-o", "mermaid")[1]
    assert "  style n0 stroke:red\n  style n1 stroke:green\n" in mermaid
    dot = cli("graph", "kept", "-o", "dot")[1]
    assert dot.count("color=red") == 4
    assert dot.count("{") == dot.count("}")


def test_what_is_neither_a_file_nor_a_run_is_told(cli: Cli) -> None:
    assert "There is no run 'nosuch'" in cli("graph", "nosuch")[2]
    assert "nosuch.yaml: No such file" in cli("graph", "nosuch.yaml")[2]

from __future__ import annotations

import pytest

from pinnace.base.errors import ManifestError
from pinnace.engine.run import RunInfo
from pinnace.service.submission import run_info
from pinnace.spec.merge import with_template_ref
from pinnace.spec.references import TemplateLookup
from pinnace.testing.builders import bundle_of

HEAD = """
apiVersion: v1
kind: ConfigMap
metadata: {name: config, labels: {workflows.argoproj.io/configmap-type: Parameter}}
data: {size: large}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf, labels: {team: red}}
spec:
  entrypoint: main
  templates: [{name: main, suspend: {}}]
"""


def made(spec: str) -> RunInfo:
    """Return what is fixed of a run of the workflow with more of a spec."""
    bundle = bundle_of(HEAD + "".join(f"  {line}\n" for line in spec.strip().splitlines()))
    workflow = with_template_ref(bundle.workflows[0], bundle.catalogue)
    return run_info(workflow, TemplateLookup(workflow, bundle.catalogue), "wf", 0.0, "", {})


def test_labels_are_computed_from_parameters_and_parameters_from_labels() -> None:
    info = made("""
arguments:
  parameters:
  - {name: size, valueFrom: {configMapKeyRef: {name: config, key: size}}}
  - {name: who, default: anybody}
  - {name: note, value: "{{workflow.labels.size}} {{workflow.labels.team}} {{workflow.annotations.owner}}"}
workflowMetadata:
  labels: {team: blue}
  annotations: {owner: "{{workflow.name}}"}
  labelsFrom:
    size: {expression: workflow.parameters.size + "-" + workflow.parameters.who}
""")

    assert info.labels == {"team": "blue", "size": "large-anybody"}
    assert info.annotations == {"owner": "wf"}
    assert info.parameters["note"] == "large-anybody blue wf"


@pytest.mark.parametrize(
    "metadata",
    ['labels: {a: "two words"}', "labelsFrom: {a: {expression: \"'-x'\"}}", f"labels: {{a: {'x' * 64}}}"],
)
def test_what_kubernetes_takes_for_no_label_is_refused(metadata: str) -> None:
    with pytest.raises(ManifestError, match="is no value of a label"):
        made(f"workflowMetadata: {{{metadata}}}")


def test_a_label_whose_expression_gives_no_text_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"labelsFrom\.a: the expression gives no text"):
        made("workflowMetadata: {labelsFrom: {a: {expression: 1 + 1}}}")

from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.errors import ManifestError
from pinnace.spec.bundle import Bundle
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.defaults import read_workflow_defaults
from pinnace.spec.encode import encode
from pinnace.spec.merge import strategic_merge, with_template_defaults, with_template_ref
from pinnace.spec.parameters import Parameter, ValueFrom
from pinnace.spec.templates import Container, EnvVar, Suspend, Template
from pinnace.spec.workflow import Workflow

BundleOf = Callable[..., Bundle]

TEMPLATE = """
kind: WorkflowTemplate
apiVersion: argoproj.io/v1alpha1
metadata: {name: base}
spec:
  entrypoint: main
  suspend: true
  onExit: cleanup
  hooks: {a: {template: main, expression: "true"}, b: {template: main, expression: "true"}}
  workflowMetadata: {labels: {x: base}, labelsFrom: {z: {expression: base}}}
  arguments:
    parameters: [{name: p, value: base, enum: [base]}, {name: q, default: base}, {name: r, value: base}]
    artifacts: [{name: a, s3: {bucket: base, key: base}}, {name: b, raw: {data: base}}]
  volumes: [{name: v, emptyDir: {}}]
  templates: [{name: main, suspend: {}}, {name: cleanup, suspend: {}}]
"""
WORKFLOW = """
kind: Workflow
apiVersion: argoproj.io/v1alpha1
metadata: {generateName: w-}
spec:
  workflowTemplateRef: {name: base}
"""


def merged(bundle_of: BundleOf, own: str = "") -> Workflow:
    bundle = bundle_of(TEMPLATE, WORKFLOW + own)
    assert bundle.problems == ()
    return with_template_ref(bundle.workflows[0], bundle.catalogue)


def test_what_the_workflow_leaves_out_comes_from_the_template(bundle_of: BundleOf) -> None:
    spec = merged(bundle_of).spec
    assert (spec.entrypoint, spec.on_exit, len(spec.templates)) == ("main", "cleanup", 2)
    assert spec.workflow_template_ref is None


def test_what_the_workflow_says_wins(bundle_of: BundleOf) -> None:
    spec = merged(bundle_of, "  entrypoint: cleanup\n  workflowMetadata: {labels: {x: own}}\n").spec
    assert spec.entrypoint == "cleanup"
    assert spec.workflow_metadata is not None
    assert spec.workflow_metadata.labels == {"x": "own"}
    assert spec.workflow_metadata.labels_from["z"].expression == "base"


def test_suspension_is_never_inherited(bundle_of: BundleOf) -> None:
    assert merged(bundle_of).spec.suspend is None
    assert merged(bundle_of, "  suspend: false\n").spec.suspend is False


def test_a_parameter_comes_whole_from_one_of_both(bundle_of: BundleOf) -> None:
    own = "  arguments:\n    parameters:\n"
    own += "      [{name: q, valueFrom: {event: x}}, {name: p, value: own}, {name: s, value: own}]\n"
    assert merged(bundle_of, own).spec.arguments.parameters == (
        Parameter(name="q", value_from=ValueFrom(event="x")),
        Parameter(name="p", value="own"),
        Parameter(name="s", value="own"),
        Parameter(name="r", value="base"),
    )


def test_an_artifact_of_the_same_kind_keeps_the_fields_it_does_not_name(bundle_of: BundleOf) -> None:
    own = "  arguments: {artifacts: [{name: a, s3: {key: own}}, {name: b, s3: {key: own}}]}"
    first, second = merged(bundle_of, own).spec.arguments.artifacts
    assert first.s3 is not None
    assert (first.s3.bucket, first.s3.key) == ("base", "own")
    assert second.raw is None
    assert second.s3 is not None


def test_hooks_are_taken_whole_by_name(bundle_of: BundleOf) -> None:
    hooks = merged(bundle_of, '  hooks: {a: {template: cleanup, expression: "false"}}\n').spec.hooks
    assert hooks["a"].template == "cleanup"
    assert hooks["b"].template == "main"


def test_templates_beside_the_reference_are_refused(bundle_of: BundleOf) -> None:
    with pytest.raises(ManifestError, match="Templates is invalid field in spec"):
        merged(bundle_of, "  templates: [{name: x, suspend: {}}]\n")


def test_a_missing_template_names_a_similar_one(bundle_of: BundleOf) -> None:
    bundle = bundle_of(TEMPLATE, WORKFLOW.replace("name: base", "name: bass"))
    with pytest.raises(ManifestError, match=r"workflow template bass not found\n.*did you mean 'base'"):
        with_template_ref(bundle.workflows[0], bundle.catalogue)


def test_the_wrong_scope_is_told(bundle_of: BundleOf) -> None:
    bundle = bundle_of(TEMPLATE, WORKFLOW.replace("base}", "base, clusterScope: true}"))
    with pytest.raises(ManifestError, match="set clusterScope accordingly"):
        with_template_ref(bundle.workflows[0], bundle.catalogue)


def test_a_workflow_without_a_reference_stays_itself(bundle_of: BundleOf) -> None:
    bundle = bundle_of(TEMPLATE)
    workflow = Workflow()
    assert with_template_ref(workflow, bundle.catalogue) is workflow


def test_items_that_only_the_base_has_keep_their_place_before_the_items_they_preceded() -> None:
    def named(names: str) -> dict[str, object]:
        return {"parameters": [{"name": name} for name in names]}

    def order(base: str, patch: str) -> str:
        return "".join(item["name"] for item in strategic_merge(named(base), named(patch))["parameters"])

    assert order("abc", "") == "abc"
    assert order("abc", "xb") == "xabc"
    assert order("abc", "cx") == "abcx"
    assert order("abc", "xy") == "xyabc"
    assert order("abc", "ca") == "bca"


def test_lists_without_a_merge_key_are_replaced() -> None:
    assert strategic_merge({"args": ["a"], "x": 1}, {"args": ["b"]}) == {"args": ["b"], "x": 1}


def test_opaque_lists_whose_items_have_no_key_are_replaced() -> None:
    assert strategic_merge({"ports": [80]}, {"ports": [{"containerPort": 1}]}) == {
        "ports": [{"containerPort": 1}]
    }


def test_defaults_fill_a_template_of_the_same_type_only() -> None:
    defaults = Template(
        container=Container(
            image="busybox", env=(EnvVar(name="A", value="default"), EnvVar(name="B", value="default"))
        ),
        timeout="5s",
    )
    own = Template(name="x", container=Container(command=("true",), env=(EnvVar(name="A", value="own"),)))
    filled = with_template_defaults(own, defaults)
    assert encode(filled) == {
        "name": "x",
        "container": {
            "image": "busybox",
            "command": ["true"],
            "env": [{"name": "A", "value": "own"}, {"name": "B", "value": "default"}],
        },
        "timeout": "5s",
    }
    other = Template(name="y", suspend=Suspend(), timeout="1s")
    assert with_template_defaults(other, defaults) == other
    assert with_template_defaults(own, None) is own


DEFAULTS = """
metadata: {labels: {team: default, tier: default}}
spec:
  serviceAccountName: default
  onExit: other
  podGC: {strategy: OnPodSuccess}
  hooks: {c: {template: main, expression: "true"}}
  workflowMetadata: {labels: {x: default, w: default}}
  arguments: {parameters: [{name: q, value: default}, {name: s, value: default}]}
"""


def with_all(bundle_of: BundleOf, *texts: str, defaults: str = DEFAULTS) -> Workflow:
    bundle = bundle_of(*texts)
    assert bundle.problems == ()
    templates, workflow = bundle.workflow_templates, bundle.workflows[0]
    given = read_workflow_defaults(defaults, "defaults.yaml")
    return with_template_ref(workflow, Catalogue(templates, workflow_defaults=given))


def test_workflow_defaults_come_last(bundle_of: BundleOf) -> None:
    workflow = with_all(bundle_of, TEMPLATE, WORKFLOW.replace("w-}", "w-, labels: {team: own}}"))
    spec = workflow.spec
    assert workflow.metadata.labels == {"team": "own", "tier": "default"}
    assert (spec.service_account_name, spec.on_exit, spec.entrypoint) == ("default", "cleanup", "main")
    assert spec.workflow_metadata is not None
    assert spec.workflow_metadata.labels == {"x": "base", "w": "default"}
    assert set(spec.hooks) == {"a", "b", "c"}
    values = {parameter.name: (parameter.value, parameter.default) for parameter in spec.arguments.parameters}
    assert (values["q"], values["s"]) == ((None, "base"), ("default", None))
    assert spec.suspend is None


def test_workflow_defaults_hold_without_a_reference_too(bundle_of: BundleOf) -> None:
    own = WORKFLOW.replace("workflowTemplateRef: {name: base}", "templates: [{name: main, suspend: {}}]")
    spec = with_all(bundle_of, own, defaults=DEFAULTS.replace("onExit: other", "suspend: true")).spec
    assert (spec.pod_gc and spec.pod_gc.strategy, spec.suspend) == ("OnPodSuccess", True)


def test_workflow_defaults_may_be_the_config_map_of_a_controller() -> None:
    text = "kind: ConfigMap\ndata:\n  workflowDefaults: |\n    spec: {serviceAccountName: x}\n"
    assert read_workflow_defaults(text, "f").spec.service_account_name == "x"


@pytest.mark.parametrize("text", ["[1]", "", "spec: [", "spec: {serviceAcount: x}", "a: 1\n---\na: 1"])
def test_workflow_defaults_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ManifestError, match=r"f: (these )?workflow defaults"):
        read_workflow_defaults(text, "f")

from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.errors import ManifestError
from pinnace.spec.bundle import Bundle
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.references import LOCAL, TemplateLookup
from pinnace.spec.templates import Call, LifecycleHook, Suspend, Template, TemplateRef
from pinnace.spec.workflow import ConfigMap, ObjectMeta, Secret

BundleOf = Callable[..., Bundle]

FILES = (
    """
kind: Workflow
apiVersion: argoproj.io/v1alpha1
spec:
  templateDefaults: {timeout: 9s}
  podMetadata: {labels: {of: caller, by: caller}}
  templates:
  - {name: a, http: {url: own}}
""",
    """
kind: WorkflowTemplate
apiVersion: argoproj.io/v1alpha1
metadata: {name: wt}
spec:
  podMetadata: {labels: {of: called}, annotations: {a: called}}
  templates:
  - {name: a, http: {url: namespaced}, metadata: {annotations: {a: own}}}
  - {name: s, steps: [[{name: x, template: a}]]}
""",
    """
kind: ClusterWorkflowTemplate
apiVersion: argoproj.io/v1alpha1
metadata: {name: wt}
spec:
  templates:
  - {name: a, http: {url: cluster}}
""",
)


@pytest.fixture
def lookup(bundle_of: BundleOf) -> TemplateLookup:
    bundle = bundle_of(*FILES)
    return TemplateLookup(bundle.workflows[0], bundle.catalogue)


def url(template: Template) -> str:
    assert template.http is not None
    return template.http.url


def test_a_name_resolves_in_the_object_that_holds_the_call(lookup: TemplateLookup) -> None:
    call = Call(name="x", template="a")
    assert url(lookup.resolve(call, LOCAL).template) == "own"
    assert url(lookup.resolve(call, "namespaced/wt").template) == "namespaced"
    assert url(lookup.resolve(call, "cluster/wt").template) == "cluster"


def test_a_reference_leads_into_the_scope_of_its_template(lookup: TemplateLookup) -> None:
    template, scope = lookup.resolve(Call(name="x", template_ref=TemplateRef(name="wt", template="s")), LOCAL)
    assert scope == "namespaced/wt"
    assert template.steps is not None
    assert url(lookup.resolve(template.steps[0][0], scope).template) == "namespaced"
    ref = TemplateRef(name="wt", template="a", cluster_scope=True)
    assert lookup.resolve(LifecycleHook(template_ref=ref)).scope == "cluster/wt"


def test_the_workflows_defaults_reach_every_template(lookup: TemplateLookup) -> None:
    inline = Call(name="x", inline=Template(suspend=Suspend()))
    assert lookup.entrypoint("a").template.timeout == "9s"
    assert lookup.find("a", "cluster/wt").template.timeout == "9s"
    assert lookup.resolve(inline).template.timeout == "9s"


def test_pods_are_labelled_by_their_template_then_by_who_holds_it_then_by_the_workflow(
    lookup: TemplateLookup,
) -> None:
    caller = {"labels": {"of": "caller", "by": "caller"}}
    call = Call(name="x", template="a")
    assert lookup.resolve(call, LOCAL).template.metadata == caller
    assert lookup.resolve(call, "cluster/wt").template.metadata == caller
    assert lookup.resolve(Call(name="x", inline=Template(suspend=Suspend()))).template.metadata == caller
    assert lookup.resolve(call, "namespaced/wt").template.metadata == {
        "labels": {"of": "called", "by": "caller"},
        "annotations": {"a": "own"},
    }


def test_the_same_call_always_gives_the_same_object(lookup: TemplateLookup) -> None:
    inline = Call(name="x", inline=Template(suspend=Suspend()))
    assert lookup.resolve(inline).template is lookup.resolve(inline).template
    ref = Call(name="x", template_ref=TemplateRef(name="wt", template="a"))
    assert lookup.resolve(ref).template is lookup.find("a", "namespaced/wt").template


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call(template="b"), "template name 'b' undefined"),
        (Call(), "no template"),
        (
            Call(template="a", template_ref=TemplateRef(name="wt", template="a")),
            "template name cannot be specified",
        ),
        (Call(template_ref=TemplateRef(name="wt")), "template name is required"),
        (Call(template_ref=TemplateRef(template="a")), "resource name is required"),
        (Call(template_ref=TemplateRef(name="wt", template="z")), "template reference wt.z not found"),
        (Call(template_ref=TemplateRef(name="w", template="z")), "workflow template w not found"),
    ],
)
def test_a_call_of_nothing_says_so_in_argos_words(lookup: TemplateLookup, call: Call, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        lookup.resolve(call)


def test_secrets_give_bytes_and_plain_text_wins() -> None:
    secret = Secret(
        metadata=ObjectMeta(name="s"), data={"a": "aGk=", "b": "aGk=", "c": "!"}, string_data={"b": "yo"}
    )
    catalogue = Catalogue(secrets=[secret])
    assert catalogue.secret_value("s", "a") == b"hi"
    assert catalogue.secret_value("s", "b") == b"yo"
    assert catalogue.secret_value("s", "z") is None
    assert catalogue.secret_value("t", "a") is None
    with pytest.raises(ManifestError, match="key 'c' of Secret 's' is not base64"):
        catalogue.secret_value("s", "c")


def test_config_maps_give_text() -> None:
    catalogue = Catalogue(config_maps=[ConfigMap(metadata=ObjectMeta(name="m"), data={"a": "1"})])
    assert catalogue.config_map_value("m", "a") == "1"
    assert catalogue.config_map_value("m", "b") is None
    assert catalogue.config_map_value("n", "a") is None


def test_an_object_that_hides_another_is_told(bundle_of: BundleOf) -> None:
    (problem,) = bundle_of(FILES[1], FILES[1]).problems
    assert str(problem) == (
        "1.yaml:4:18: warning[duplicate-object]: metadata.name: "
        "WorkflowTemplate 'wt' is also in 0.yaml; this one counts"
    )


def test_a_bundle_knows_the_document_of_each_manifest(bundle_of: BundleOf) -> None:
    bundle = bundle_of(*FILES)
    assert bundle.document_of(bundle.workflow_templates[1]).origin == "2.yaml"
    with pytest.raises(KeyError):
        bundle.document_of(ConfigMap())

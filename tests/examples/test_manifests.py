"""The examples are valid, for Pinnace and for Argo, and say what they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pinnace.spec.decode import decode
from pinnace.spec.documents import read_documents
from pinnace.world.prepare import read_needs

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
AGGREGATOR = EXAMPLES / "deal-aggregator"
SCHEMA = REPOSITORY.parent / "shared" / "spec" / "argo-jsonschema.json"
MANIFESTS = sorted(path for path in EXAMPLES.rglob("*.yaml") if path.name != "rbac.yaml")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def named(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


@pytest.mark.parametrize("path", MANIFESTS, ids=named)
def test_pinnace_reads_an_example_without_a_problem(path: Path) -> None:
    documents, problems = read_documents(path.read_bytes(), path.name)
    assert documents
    assert problems == []
    for document in documents:
        manifest, problems = decode(document)
        assert problems == []
        assert manifest is not None


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    if not SCHEMA.exists():
        pytest.skip("Argo's schema is not beside this checkout")
    document: dict[str, Any] = json.loads(SCHEMA.read_text())
    return document


@pytest.mark.parametrize("path", MANIFESTS, ids=named)
def test_argo_s_schema_accepts_an_example(path: Path, schema: dict[str, Any]) -> None:
    document = load(path)
    name = f"io.argoproj.workflow.v1alpha1.{document['kind']}"
    if name in schema["definitions"]:
        only = {"definitions": schema["definitions"], "$ref": f"#/definitions/{name}"}
        errors = jsonschema.Draft7Validator(only).iter_errors(document)
        assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("path", [path for path in MANIFESTS if load(path)["kind"] != "Secret"], ids=named)
def test_every_container_of_an_example_has_a_command_and_an_image_with_a_version(path: Path) -> None:
    for template in load(path).get("spec", {}).get("templates", ()):
        container = template.get("container") or template.get("script")
        if container:
            assert container["command"]
            assert ":" in container["image"]


def test_the_readme_lists_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text()
    listed = [f"({path.name})" in text for path in EXAMPLES.glob("*.yaml")]
    assert listed
    assert all(listed)


def test_the_template_variant_has_the_spec_of_the_workflow() -> None:
    assert load(AGGREGATOR / "workflow-template.yaml")["spec"] == load(AGGREGATOR / "workflow.yaml")["spec"]


def test_the_run_of_the_template_names_it() -> None:
    reference = load(AGGREGATOR / "workflow-from-template.yaml")["spec"]["workflowTemplateRef"]
    assert reference == {"name": load(AGGREGATOR / "workflow-template.yaml")["metadata"]["name"]}


def test_the_aggregator_is_hardened_as_production_asks() -> None:
    spec = load(AGGREGATOR / "workflow.yaml")["spec"]
    hardening = {"onExit", "ttlStrategy", "podGC", "activeDeadlineSeconds", "parallelism", "archiveLogs"}
    assert hardening <= spec.keys()
    parameters = {parameter["name"] for parameter in spec["arguments"]["parameters"]}
    assert parameters == {"count", "baseUrl", "region", "bucket", "topicArn"}
    assert any("prometheus" in template.get("metrics", {}) for template in spec["templates"])
    for template in spec["templates"]:
        container = template.get("container") or template.get("script")
        if container:
            assert {"resources", "securityContext"} <= container.keys()
            assert template["activeDeadlineSeconds"]


def test_the_world_finds_what_the_aggregator_needs() -> None:
    documents = [load(AGGREGATOR / name) for name in ("workflow.yaml", "namespace.yaml", "world.yaml")]
    needs = read_needs(documents, {"bucket": "mine"})
    assert needs.buckets == {"mine": "us-east-1"}
    assert [arn.name for arn in needs.arns] == ["deal-reports"]
    assert needs.faults.unavailable == {3, 7, 11}
    assert needs.faults.dropped == {5}
    from_template = [load(AGGREGATOR / f"workflow-{name}.yaml") for name in ("from-template", "template")]
    assert read_needs(from_template, {"bucket": "mine"}).arns == needs.arns

"""Argo's own manifests are accepted or refused as Argo does; needs the shared manifests beside the clone."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from pinnace.checks.check import Checked, check
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.problems import Problem

SHARED = Path(__file__).parents[3] / "shared" / "conformance"
if not SHARED.exists():
    pytest.skip("the shared manifests are not beside this clone", allow_module_level=True)

#: Where the expected phase is no matter of reading and checking one file, and why.
EXCEPTIONS = {
    "test/e2e/synchronization/db-mutex-wf-level.yaml": "an unknown field, which Argo's test reads leniently",
    "test/e2e/synchronization/mutex-wf-level.yaml": "an unknown field, which Argo's test reads leniently",
    "test/e2e/testdata/convert/convert-legacy-sync.yaml": "fields of Argo 3, as input for its converter",
    "test/e2e/testdata/convert/convert-legacy-cron.yaml": "fields of Argo 3, as input for its converter",
    "test/e2e/testdata/parameters-workflow.yaml": "needs a parameter file",
    "test/e2e/testdata/artifactgc/artgc-step-wf-tmpl-2-plugin.yaml": "refers to what no file holds",
    "test/e2e/testdata/wellformed/wellformed-workflow-with-malformed-workflow-template-ref.yaml": (
        "fails in the run there because the template it refers to is malformed"
    ),
}


def rows() -> list[tuple[str, bool]]:
    """Return path and whether it is refused, for every manifest that is there."""
    with (SHARED / "manifests.csv").open() as table:
        listed = [(row["path"], "rejected" in row["expected_phase"]) for row in csv.DictReader(table)]
    return [(path, refused) for path, refused in listed if (SHARED / "manifests" / path).exists()]


@cache
def everything() -> Bundle:
    """Return all manifests at once: the namespace that Argo's tests apply first."""
    return read_bundle([(path, (SHARED / "manifests" / path).read_bytes()) for path, _ in rows()])


def errors(path: str) -> list[Problem]:
    bundle = read_bundle([(path, (SHARED / "manifests" / path).read_bytes())])
    problems = list(bundle.problems)
    manifests: list[Checked] = [*bundle.workflow_templates, *bundle.workflows]
    manifests += [*bundle.cron_workflows, *bundle.event_bindings]
    for manifest in manifests:
        problems += check(manifest, bundle.document_of(manifest), everything().catalogue)
    # What this version does not run yet is no verdict on the manifest.
    return [problem for problem in problems if problem.is_error and problem.code != "unsupported-here"]


@pytest.mark.parametrize(("path", "refused"), rows(), ids=str)
def test_a_manifest_is_refused_exactly_when_argo_refuses_it(path: str, refused: bool) -> None:
    found = [str(problem) for problem in errors(path)]
    if path in EXCEPTIONS:
        assert found, "the exception is not needed any more"
    else:
        assert bool(found) is refused, found

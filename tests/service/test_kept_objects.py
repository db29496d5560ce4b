"""Names of what a namespace holds beside runs."""

from __future__ import annotations

import pytest

from pinnace.base.errors import UsageError
from pinnace.service.objects import new_object


@pytest.mark.parametrize(
    ("kind", "longest"), [("ConfigMap", 253), ("Secret", 253), ("WorkflowTemplate", 63), ("CronWorkflow", 63)]
)
def test_a_name_is_as_long_as_its_kind_allows(kind: str, longest: int) -> None:
    name = "a" * longest
    assert new_object({"kind": kind, "metadata": {"name": name}}, "", 0.0).name == name
    with pytest.raises(UsageError, match=f"of a {kind} must not be more than {longest} characters long"):
        new_object({"kind": kind, "metadata": {"name": f"{name}a"}}, "", 0.0)


def test_a_generated_name_is_cut_to_the_same_length_for_every_kind() -> None:
    kept = new_object({"kind": "ConfigMap", "metadata": {"generateName": "a" * 100}}, "", 0.0)
    assert len(kept.name) == 63


@pytest.mark.parametrize("metadata", [{}, {"name": "Upper"}, {"name": "a..b"}, {"name": "a/b"}])
def test_a_name_that_kubernetes_would_refuse_is_refused(metadata: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        new_object({"kind": "Secret", "metadata": metadata}, "", 0.0)

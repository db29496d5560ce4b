from __future__ import annotations

import pytest

from pinnace.spec.variables import VARIABLES, find_variable


def test_every_variable_is_listed_once_and_explained() -> None:
    keys = [variable.key for variable in VARIABLES]
    assert len(keys) == len(set(keys))
    assert all(variable.where and variable.meaning for variable in VARIABLES)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("workflow.name", "workflow.name"),
        ("workflow.parameters.x", "workflow.parameters.<name>"),
        ("workflow.parameters.json", "workflow.parameters.json"),
        ("steps.a.outputs.parameters.b", "steps.<name>.outputs.parameters.<parameter>"),
        ("steps.a.outputs.result", "steps.<name>.outputs.result"),
        ("tasks.a.outputs.parameters", "tasks.<name>.outputs.parameters"),
        ("inputs.artifacts.a.path", "inputs.artifacts.<name>.path"),
        ("lastRetry.exitCode", "lastRetry.exitCode"),
    ],
)
def test_a_concrete_name_finds_its_entry(key: str, found: str) -> None:
    variable = find_variable(key)
    assert variable is not None
    assert variable.key == found


@pytest.mark.parametrize("key", ["workflow.nme", "input.parameters.x", "custom", "steps.a"])
def test_a_name_that_exists_nowhere_finds_nothing(key: str) -> None:
    assert find_variable(key) is None

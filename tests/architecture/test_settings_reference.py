"""Settings: each is documented, and nothing else reads the environment."""

from __future__ import annotations

import ast
from pathlib import Path

from pinnace.settings import documented

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "pinnace"
REFERENCE = REPOSITORY / "docs" / "reference" / "settings.md"

#: They run as programs of their own inside a task's environment, which is theirs to read.
PROGRAMS = {"world/awscli.py"}


def reads_environment(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}


def test_every_setting_has_a_text_a_unit_and_a_variable_of_its_own() -> None:
    settings = documented()
    assert settings
    assert all(doc.text.endswith(".") and doc.unit and doc.default for doc in settings.values())
    assert len({doc.variable for doc in settings.values()}) == len(settings)


def test_the_reference_has_every_setting() -> None:
    text = REFERENCE.read_text()
    assert [doc.variable for doc in documented().values() if f"`{doc.variable}`" not in text] == []


def test_only_the_settings_read_the_environment() -> None:
    reading = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(reads_environment(node) for node in ast.walk(ast.parse(path.read_text())))
    }
    assert reading - PROGRAMS == {"settings.py"}

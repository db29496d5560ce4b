from __future__ import annotations

from pathlib import Path

import pytest

from pinnace.cli.reference import pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_says_what_the_commands_and_settings_say(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")

    assert written == pages()[name], "run: python -m pinnace.cli.reference docs/reference"

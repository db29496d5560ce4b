"""Every transcript happens as it is written. Its form: a command, its input, ``----``, what happens, a blank.

``pytest tests/transcripts --rewrite`` writes what happens instead; read the difference before it is kept.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from people import Audience
from timetable import Timetable

FOLDER = Path(__file__).parent
SCENE = re.compile(r"((?:^#.*\n|^\n)*)^(?!#)(.+)\n((?:(?!----$).*\n)*?)^----\n((?:.+\n)*)", re.MULTILINE)


def played(text: str, stage: Audience | Timetable) -> str:
    """Return the transcript with what happens now."""
    parts = []
    end = 0
    for scene in SCENE.finditer(text):
        before, command, given, _ = scene.groups()
        assert not text[end : scene.start()].strip(), f"not understood: {text[end : scene.start()]}"
        end = scene.end()
        parts.append(f"{before}{command}\n{given}----\n{stage.perform(command, given)}\n")
    assert parts, "a transcript has at least one scene"
    assert not text[end:].strip(), f"not understood: {text[end:]}"
    return "".join(parts)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.txt")), ids=lambda path: path.stem)
def test_it_happens_as_it_is_written(path: Path, is_rewriting: bool) -> None:
    text = path.read_text()
    now = played(text, Timetable() if path.parent.name == "schedules" else Audience())
    if is_rewriting:
        path.write_text(now)
    else:
        assert now == text

"""What the documents name exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "pinnace"
DOCUMENTS = sorted(
    [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("examples/**/*.md")]
)
LAYERS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

#: A name in code style, as `pinnace.base.errors`; where layers are the subject, also `engine.advance`.
_FULL = re.compile(rf"`pinnace\.((?:{'|'.join(LAYERS)})(?:\.[A-Za-z_]\w*)*)(?:\(\))?`")
_SHORT = re.compile(rf"`((?:{'|'.join(LAYERS)})(?:\.[A-Za-z_]\w*)+)(?:\(\))?`")
ABOUT_LAYERS = "ARCHITECTURE.md"
#: A path in code style, as `src/pinnace/world/posts.py` or `tests/world/`.
_PATH = re.compile(r"`((?:src|tests|docs|examples|benchmarks|requirements)/[\w./-]*)`")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_TARGET = re.compile(r"`make ([a-z][a-z-]*)")


def named(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def exists(dotted: str) -> bool:
    """Return whether ``dotted`` is a module of Pinnace, or something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(("pinnace", *parts[:length])))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute, None)
        return found is not None
    return False


def test_the_rule_tells_what_exists_from_what_does_not() -> None:
    assert exists("base.errors")
    assert exists("base.errors.PinnaceError")
    assert not exists("base.errors.Nothing")
    assert not exists("base.nothing")


def test_names_are_found_with_and_without_the_package() -> None:
    text = "`pinnace.base.errors.PinnaceError`, `pinnace.world` and `world.posts.post()`"
    assert _FULL.findall(text) == ["base.errors.PinnaceError", "world"]
    assert _SHORT.findall(text) == ["world.posts.post"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_module_and_function_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    names = _FULL.findall(text)
    # Elsewhere `spec.parallelism` is a field of a manifest.
    names += _SHORT.findall(text) if document.name == ABOUT_LAYERS else []
    assert [name for name in names if not exists(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_file_that_a_document_names_or_links_exists(document: Path) -> None:
    text = document.read_text()
    missing = [path for path in _PATH.findall(text) if not (REPOSITORY / path).exists()]
    missing += [path for path in _LINK.findall(text) if not (document.parent / path).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert [target for target in _TARGET.findall(document.read_text()) if target not in targets] == []


def test_the_makefile_lists_no_target_twice_and_every_phony_one_exists() -> None:
    text = (REPOSITORY / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    targets = re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE)
    assert sorted(phony.split()) == sorted(targets)

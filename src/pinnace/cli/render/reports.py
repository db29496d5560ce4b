"""Problems of manifests in the forms that other programs read: JSON, SARIF, GitHub's annotations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from pinnace.spec.problem_codes import CODES
from pinnace.spec.problems import Problem

_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_json(problems: Sequence[Problem]) -> str:
    """Return the problems as a JSON list of objects."""
    return json.dumps([msgspec.to_builtins(problem) for problem in problems], indent=2)


def as_sarif(problems: Sequence[Problem], version: str) -> str:
    """Return the problems as a SARIF 2.1.0 log, which code scanners take; ``version`` is Pinnace's."""
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "pinnace", "version": version, "rules": [_rule(code) for code in codes]}
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def as_github(problems: Iterable[Problem]) -> str:
    """Return the problems as workflow commands, which GitHub shows as annotations of the files."""
    return "".join(f"{_annotation(problem)}\n" for problem in problems)


def _rule(code: str) -> dict[str, object]:
    meaning = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": meaning.title},
        "fullDescription": {"text": meaning.text},
        "help": {"text": f"{meaning.title}. {meaning.text}"},
    }


def _result(problem: Problem, rule: int) -> dict[str, object]:
    region = {"startLine": problem.line, "startColumn": problem.column} if problem.line else {}
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(problem.file)}}
    if region:
        place["region"] = region
    location: dict[str, object] = {"physicalLocation": place}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": _message(problem)},
        "locations": [location],
    }


def _uri(file: str) -> str:
    if "://" in file:
        return file
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _message(problem: Problem) -> str:
    where = f"{problem.path}: " if problem.path else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{where}{problem.message}{hint}"


def _annotation(problem: Problem) -> str:
    fields = {"file": problem.file, "line": problem.line, "col": problem.column, "title": problem.code}
    given = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value)
    return f"::{problem.severity} {given}::{_escaped(_message(problem))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")

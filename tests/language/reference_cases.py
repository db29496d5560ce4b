"""Reads the shared conformance cases and says whether one passes.

A case gives a text, an environment and what the reference engine made of it. ``shared`` stands beside the
repository; where it is absent only ``cases.json`` here is run.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from argo_templates import argo_replace, argo_resolve_var, argo_tags

from pinnace.base.errors import PinnaceError
from pinnace.language import date_layouts, dates
from pinnace.language.conditions import evaluate_condition, evaluate_when
from pinnace.language.dates import Duration, Time, Zone
from pinnace.language.depends import RESULTS, Depends, TaskResults
from pinnace.language.errors import UnresolvedVariable
from pinnace.language.expressions import evaluate
from pinnace.language.semver import Version
from pinnace.language.values import AnyMap, Header, Sized, Strings, is_nil

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED_CASES = REPOSITORY.parent / "shared" / "conformance" / "expressions.jsonl"
OWN_CASES = Path(__file__).with_name("cases.json")

Case = dict[str, Any]


def shared_cases() -> Iterator[Case]:
    """Yield the shared cases of all languages."""
    if not SHARED_CASES.exists():
        return
    with SHARED_CASES.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def own_cases() -> list[Case]:
    """Return the cases that are part of this repository."""
    cases: list[Case] = json.loads(OWN_CASES.read_text(encoding="utf-8"))
    return cases


def problem(case: Case) -> str | None:
    """Return why ``case`` fails, or ``None`` when it passes."""
    try:
        got = RUNNERS[case["lang"]](case)
    except PinnaceError as error:
        return _problem_of_error(case, error)
    if case.get("error"):
        return f"expected an error ({case.get('stage')}: {case.get('message')}), got {got!r}"
    wanted = case["want"]
    return None if same(got, wanted) else f"expected {wanted!r}, got {plain(got)!r}"


def _problem_of_error(case: Case, error: PinnaceError) -> str | None:
    if not case.get("error"):
        return f"expected {case['want']!r}, got the error {error}"
    if case.get("missing") is True and not isinstance(error, UnresolvedVariable):
        return f"expected a missing variable, got {type(error).__name__}: {error}"
    if case.get("missing") is False and isinstance(error, UnresolvedVariable):
        return f"expected another error than a missing variable ({case['message']}), got {error}"
    stage = getattr(error, "stage", None)
    wanted = case.get("stage")
    if case["lang"] == "expr" and wanted and stage != wanted:
        return f"expected stage {wanted} ({case.get('message')}), got {stage}: {error}"
    return None


def _run_expression(case: Case) -> object:
    if case.get("mode") == "depends":
        return _run_depends(case)
    return evaluate(case["expr"], decoded(case["env"]), functions=bool(case.get("funcs")))


def _run_depends(case: Case) -> object:
    depends = Depends(case["expr"])
    if "logic" in case:
        assert depends.expand().replace("-", "_") == case["logic"]
        assert sorted(depends.tasks) == sorted(case["deps"])
    results = {
        name: TaskResults(**{RESULTS[each]: value for each, value in fields.items()})
        for name, fields in case["env"].items()
    }
    return depends.evaluate(results)


def _run_condition(case: Case) -> object:
    if case["mode"] == "when":
        return evaluate_when(case["expr"])
    return evaluate_condition(case["expr"], decoded(case["env"]))


def _run_template(case: Case) -> object:
    env = decoded(case["env"])
    if case["fn"] == "ResolveVar":
        return argo_resolve_var(case["expr"], env)
    if case["fn"] == "tags":
        return argo_tags(case["expr"])
    return argo_replace(case, env)


RUNNERS: dict[str, Callable[[Case], object]] = {
    "expr": _run_expression,
    "govaluate": _run_condition,
    "template": _run_template,
}


def decoded(value: Any) -> Any:
    """Return a value of a case as the language has it."""
    if isinstance(value, list):
        return [decoded(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in _WRAPPERS:
            return _WRAPPERS[key](inner)
    return {key: decoded(each) for key, each in value.items()}


def _time(text: str) -> Time:
    return dates.parse_time(date_layouts.RFC3339, text)


_WRAPPERS: dict[str, Callable[[Any], object]] = {
    "$bytes": base64.b64decode,
    "$time": _time,
    "$duration": Duration,
    "$float": lambda text: float(text.replace("+Inf", "inf").replace("-Inf", "-inf")),
    "$header": lambda fields: Header({key: Strings(values) for key, values in fields.items()}),
}


def plain(value: object) -> object:
    """Return a value of the language as a case writes it."""
    for kind, written in _WRITTEN:
        if isinstance(value, kind):
            return written(value)
    return value


def _plain_string(text: str) -> object:
    if not re.search(r"[\udc80-\udcff]", text):
        return text
    return {"$rawstr": base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()}


def _plain_float(number: float) -> object:
    if math.isfinite(number):
        return number
    return {"$float": "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"}


def _plain_any_map(value: AnyMap) -> object:
    pairs = [(plain(key), plain(each)) for key, each in value.values()]
    if all(isinstance(key, str) for key, _ in pairs):
        return {str(key): each for key, each in pairs}
    return {"$map": [list(pair) for pair in pairs]}


_WRITTEN: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (Sized, int), (float, _plain_float), (str, _plain_string), (Version, str), (AnyMap, _plain_any_map),
    (bytes, lambda raw: {"$bytes": base64.b64encode(raw).decode()}),
    (Time, lambda time: {"$time": time.format(date_layouts.RFC3339_NANO)}),
    (Duration, lambda duration: {"$duration": duration.nanoseconds}), (Zone, lambda zone: {"$tz": zone.name}),
    (dict, lambda values: {key: plain(each) for key, each in values.items()}),
    (list, lambda values: [plain(each) for each in values]),
)  # fmt: skip


def same(got: object, wanted: object) -> bool:
    """Return whether ``got`` is what the case wants: types count, ``1`` is not ``1.0`` nor ``true``."""
    if is_nil(got) and wanted in (None, []):
        return True
    return _alike(plain(got), wanted)


def _alike(got: object, wanted: object) -> bool:
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(_alike, got, wanted))
    if isinstance(got, dict) and isinstance(wanted, dict):
        if "$map" in got and "$map" in wanted:
            return _sorted(got["$map"]) == _sorted(wanted["$map"])
        return got.keys() == wanted.keys() and all(_alike(got[key], wanted[key]) for key in got)
    if isinstance(got, float) and isinstance(wanted, float):
        return got == wanted or math.isclose(got, wanted, rel_tol=1e-15)
    return type(got) is type(wanted) and got == wanted


def _sorted(pairs: object) -> list[str]:
    assert isinstance(pairs, list)
    return sorted(json.dumps(pair, sort_keys=True) for pair in pairs)

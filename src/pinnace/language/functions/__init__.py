"""The functions that an expression can call: the language's own, Argo's, and ``sprig``.

To add one, write it in the module of its family with ``@builtin`` or ``@sprig``; nothing else is needed.
Source: expr-lang v1.17.8 builtin; Argo util/expr/env/env.go; Masterminds/sprig v3.3.0.
"""

from __future__ import annotations

from pinnace.language.functions import (
    collections,
    conversions,
    dates,
    numbers,
    sprig_dates,
    sprig_encoding,
    sprig_lists,
    sprig_logic,
    sprig_maps,
    sprig_numbers,
    sprig_paths,
    sprig_patterns,
    sprig_strings,
    strings,
)
from pinnace.language.functions.registry import BUILTIN_FUNCTIONS, SPRIG_FUNCTIONS
from pinnace.language.gojson import decode_json, encode_json
from pinnace.language.jsonpath import query
from pinnace.language.values import Function


def _jsonpath(document: str, path: str) -> object:
    return query(path, decode_json(document))


#: What Argo adds to the environment of an expression.
ARGO_FUNCTIONS: dict[str, object] = {
    "asInt": Function("asInt", "func(any) any", numbers.as_int),
    "asFloat": Function("asFloat", "func(any) any", numbers.as_float),
    "toJson": Function("toJson", "func(any) string", encode_json),
    "jsonpath": Function("jsonpath", "func(string, string) any", _jsonpath),
    "sprig": SPRIG_FUNCTIONS,
}

#: The modules whose import registers functions.
FAMILIES = (
    collections, conversions, dates, numbers, sprig_dates, sprig_encoding, sprig_lists, sprig_logic,
    sprig_maps, sprig_numbers, sprig_paths, sprig_patterns, sprig_strings, strings,
)  # fmt: skip

__all__ = ["ARGO_FUNCTIONS", "BUILTIN_FUNCTIONS", "FAMILIES", "SPRIG_FUNCTIONS"]

"""One reader for each manifest type, made from its annotations: scalars become what Go makes of them.

A reader takes a plain value and where it is, and returns the value that ``msgspec.convert`` accepts, or
``ABSENT`` after reporting why there is none. Called by ``decode``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from pinnace.spec.documents import Document
from pinnace.spec.problems import Path, Problem, did_you_mean, format_path
from pinnace.spec.scalars import format_float32, format_float64
from pinnace.spec.templates import WorkflowStep

#: A place as a linked path, cheap to extend: (parent, key); None is the document's root.
At = tuple[Any, str | int] | None
#: A value that is not there: null, or dropped because it is wrong.
ABSENT: Any = object()

#: Fields that Argo 4 removed, and the lists of such values that replace them.
_LISTS = {"mutex": "mutexes", "semaphore": "semaphores", "schedule": "schedules"}
_INT64 = range(-(2**63), 2**63)
#: Where so much is wrong, nobody reads what else might be meant, and guessing would take minutes.
_MOST_GUESSED = 1000
#: Go prints a whole float without its point below this size.
_WHOLE_FLOATS_END = 1e21


class Report:
    """Collects the problems of one document; unknown fields are errors only when ``strict``."""

    def __init__(self, document: Document, *, strict: bool) -> None:
        self.problems: list[Problem] = []
        self.strict = strict
        self._document = document

    def changed_word(self, at: At) -> str:
        """Return the word at ``at`` that became a value of another look (``n``, ``1.10``), else ""."""
        return self._document.positions.changed_word(_path(at))

    def add(self, code: str, message: str, at: At, hint: str = "", *, on_key: bool = False) -> None:
        """Record an error at ``at``; it points at the value, or at the key when ``on_key``."""
        self._record(Problem(code=code, message=message, hint=hint), at, on_key)

    def warn(self, code: str, message: str, at: At, hint: str = "", *, on_key: bool = False) -> None:
        """Record a warning, as ``add`` does an error."""
        self._record(Problem(code=code, message=message, hint=hint, severity="warning"), at, on_key)

    def _record(self, problem: Problem, at: At, on_key: bool) -> None:
        path = _path(at)
        problem = msgspec.structs.replace(problem, path=format_path(path))
        self.problems.append(self._document.locate(problem, path, at_value=not on_key))


Reader = Callable[[Any, At, Report], Any]

#: The readers made so far.
_MADE: dict[type, Reader] = {}


def _path(at: At) -> Path:
    keys: list[str | int] = []
    while at is not None:
        at, key = at
        keys.append(key)
    return tuple(reversed(keys))


def reader_of(cls: type[msgspec.Struct]) -> Reader:
    """Return the reader of a manifest type; its value is a dict that ``msgspec.convert`` accepts.

    Unknown fields, missing required ones and wrong types are reported, all of them.
    """
    known = _MADE.get(cls)
    if known is not None:
        return known
    fields: dict[str, Reader] = {}
    required: list[str] = []
    # Argo reads a group of steps with a decoder of its own, which knows no leniency.
    # Source: Argo api/workflow_types.go, ParallelSteps.UnmarshalJSON.
    is_strict = cls is WorkflowStep

    def read(value: Any, at: At, report: Report) -> Any:
        if type(value) is not dict:
            return ABSENT if value is None else _wrong_type("a mapping", value, at, report)
        if not fields:
            # Filled at first use: no manifest has every type, and templates have calls that have templates.
            declared = msgspec.structs.fields(cls)
            fields.update((field.encode_name, _reader(field.type)) for field in declared)
            required.extend(field.encode_name for field in declared if field.required)
        result = {}
        for key, item in value.items():
            name, field = key, fields.get(key)
            if field is None:
                name = _read_as(key, fields, value, at, report, is_strict=is_strict or report.strict)
                if not name:
                    continue
                item = [item] if key in _LISTS and type(item) is not list else item
                field = fields[name]
            item = field(item, (at, key), report)
            if item is not ABSENT:
                result[name] = item
        for name in required:
            if name not in result:
                if name not in value or value[name] is None:
                    report.add("missing-field", f"{name} is required", at)
                result[name] = ""
        return result

    _MADE[cls] = read
    return read


def _read_as(
    key: str, fields: dict[str, Reader], value: dict[str, Any], at: At, report: Report, *, is_strict: bool
) -> str:
    """Return the field that the unknown field ``key`` is read as, "" if none; report it in either case."""
    name = "" if is_strict else _in_other_case(key, fields, value)
    if name:
        message = f"'{key}' is read as '{name}', but a cluster does not know it"
        report.warn("unknown-field", message, (at, key), f"write {name}", on_key=True)
        return name
    _unknown_field(key, fields, at, report, is_error=is_strict)
    # Nothing runs with such an error; what is read keeps the checks from telling that it is not there.
    name = _LISTS.get(key, "") if is_strict else ""
    return name if name in fields and name not in value else ""


def _in_other_case(key: str, fields: dict[str, Reader], value: dict[str, Any]) -> str:
    """Return the field that ``key`` is but for upper and lower case, "" if none or if it is there itself.

    Source: Argo reads with Go's encoding/json where it is not strict.
    """
    folded = key.lower()
    return next((name for name in fields if name.lower() == folded and name not in value), "")


def _unknown_field(key: str, fields: dict[str, Reader], at: At, report: Report, *, is_error: bool) -> None:
    hint = ""
    if _LISTS.get(key) in fields:
        hint = f"write '{_LISTS[key]}:' with a list"
    elif key == "podPriority":  # Argo 4 removed this one too
        hint = "write 'podPriorityClassName:'"
    elif len(report.problems) < _MOST_GUESSED:
        hint = did_you_mean(key, fields)
    record = report.add if is_error else report.warn
    record("unknown-field", f"unknown field '{key}'", (at, key), hint, on_key=True)


def _reader(annotation: Any) -> Reader:
    """Return the reader for one annotation."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = inner[1].extra_json_schema
        return _MARKED[marks["x-read-as"]] if marks else _reader(inner[0])
    if origin in {Union, UnionType}:
        (member,) = (each for each in inner if each is not NoneType)
        return _reader(member)
    if origin is tuple:
        return _list_reader(_reader(inner[0]))
    if origin is dict:
        return _mapping_reader(_reader(inner[1]))
    return _PLAIN[annotation] if annotation in _PLAIN else reader_of(annotation)


def _list_reader(read_item: Reader) -> Reader:
    def read(value: Any, at: At, report: Report) -> Any:
        if type(value) is not list:
            return ABSENT if value is None else _wrong_type("a list", value, at, report)
        items = [read_item(item, (at, index), report) for index, item in enumerate(value)]
        # A null in a list is Go's zero value: kept only where the item type has one that converts.
        return [item for item in items if item is not ABSENT]

    return read


def _mapping_reader(read_item: Reader) -> Reader:
    def read(value: Any, at: At, report: Report) -> Any:
        if type(value) is not dict:
            return ABSENT if value is None else _wrong_type("a mapping", value, at, report)
        items = {key: read_item(item, (at, key), report) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not ABSENT}

    return read


def _read_text(value: Any, at: At, report: Report) -> Any:
    """Return text; numbers and booleans become what Kubernetes' YAML library makes of them."""
    if type(value) is str:
        return value
    if type(value) is bool:
        text = "true" if value else "false"
        _boolean_word(report.changed_word(at) or text, text, at, report)
        return text
    if type(value) is int or type(value) is float:
        text = str(value) if type(value) is int else format_float32(value)
        message = f"a number here is read as the text '{text}', and Argo's own command refuses it"
        report.warn("number-as-text", message, at, "put quotes around it")
        return text
    return ABSENT if value is None else _wrong_type("a text", value, at, report)


def _boolean_word(word: str, text: str, at: At, report: Report) -> None:
    """Warn that ``word``, unquoted, is YAML's boolean."""
    message = f"{word} without quotes is a boolean in YAML, read as the text '{text}'"
    report.warn("boolean-as-text", message, at, "put quotes around it")


def _read_any_string(value: Any, at: At, report: Report) -> Any:
    """Return the text that Argo's AnyString keeps. Source: Argo api/anystring.go, UnmarshalJSON."""
    if type(value) is str:
        return value
    if type(value) is bool:
        text = "true" if value else "false"
        word = report.changed_word(at)
        if word:
            _boolean_word(word, text, at, report)
        return text
    if type(value) is int or type(value) is float:
        # Through float64 as there: beyond 2^53 the last digits change.
        text = format_float64(float(value))
        word = report.changed_word(at)
        if word:
            message = f"{word} without quotes is a number in YAML, read as the text '{text}'"
            report.warn("number-as-text", message, at, "put quotes around it")
        return text
    if value is None:
        return ABSENT
    message = f"{_describe(value)} here is silently read as an empty text"
    report.warn("value-lost", message, at, "write it as JSON inside quotes")
    return ""


def _read_int_or_string(value: Any, at: At, report: Report) -> Any:
    if type(value) is str:
        return value
    if type(value) is int and value in _INT64:
        return str(value)
    if type(value) is float and value.is_integer():
        return str(int(value))
    return ABSENT if value is None else _wrong_type("an integer or a text", value, at, report)


def _read_int(value: Any, at: At, report: Report) -> Any:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int and value in _INT64:
        return value
    return ABSENT if value is None else _wrong_type("an integer", value, at, report)


def _read_bool(value: Any, at: At, report: Report) -> Any:
    if type(value) is bool:
        return value
    return ABSENT if value is None else _wrong_type("true or false", value, at, report)


def _read_json(value: Any, at: At, report: Report) -> Any:
    """Return any value as JSON would carry it from Go: whole floats without their point."""
    if type(value) is float:
        return int(value) if value.is_integer() and abs(value) < _WHOLE_FLOATS_END else value
    if type(value) is list:
        return [_read_json(item, at, report) for item in value]
    if type(value) is dict:
        return {key: _read_json(item, at, report) for key, item in value.items()}
    return value


def _wrong_type(expected: str, value: Any, at: At, report: Report) -> Any:
    hint = ""
    if isinstance(value, str) and "{{" in value:
        hint = "this field cannot hold a variable"
    elif isinstance(value, str) and expected == "an integer" and value.strip("-").isdecimal():
        hint = "write it without quotes"
    report.add("wrong-type", f"expected {expected}, found {_describe(value)}", at, hint)
    return ABSENT


def _describe(value: Any) -> str:
    match value:
        case bool():
            return f"the boolean {'true' if value else 'false'}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return "null"


_MARKED: dict[str, Reader] = {"any-string": _read_any_string, "int-or-string": _read_int_or_string}
_PLAIN: dict[Any, Reader] = {Any: _read_json, str: _read_text, int: _read_int, bool: _read_bool}

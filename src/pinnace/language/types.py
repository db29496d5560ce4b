"""Static types: what ``checker`` knows of a value before an expression runs.

Source: expr-lang v1.17.8, checker/nature/nature.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """What is known of a value's type.

    Attributes:
        name: as Go writes it; two types are the same when their names are.
        kind: ``unknown any nil bool int float string slice map struct func``.
        element: of a slice or map, what its elements are; ``None`` where not known.
        key: of a map, what its keys are.
        function: of a function, how it is called.
        methods: what can be called on a value.
        fields: of a struct, the types of what can be read.
    """

    name: str
    kind: str
    element: Type | None = None
    key: Type | None = None
    function: Signature | None = None
    methods: Mapping[str, Signature] = field(default_factory=dict)
    fields: Mapping[str, Type] = field(default_factory=dict)

    @property
    def is_unknown(self) -> bool:
        """Return whether nothing is known, so that everything is allowed until the expression runs."""
        return self.kind in {"unknown", "any"}

    @property
    def is_nil(self) -> bool:
        """Return whether it is nil for certain."""
        return self.kind == "nil"

    @property
    def is_integer(self) -> bool:
        """Return whether it is one of Go's own integers; a duration is not."""
        return self.kind == "int" and "." not in self.name

    @property
    def is_number(self) -> bool:
        """Return whether it can be counted with."""
        return self.kind == "float" or self.is_integer

    def of(self) -> Type:
        """Return the type of its elements."""
        return self.element or UNKNOWN


@dataclass(frozen=True, slots=True)
class Signature:
    """How a function is called.

    Attributes:
        parameters: their types; the last one repeats when ``variadic``.
        result: what it returns.
        variadic: whether the last parameter takes any number of arguments.
    """

    parameters: tuple[Type, ...]
    result: Type
    variadic: bool = False

    def accepts(self, count: int) -> bool:
        """Return whether it can be called with ``count`` arguments."""
        fixed = len(self.parameters)
        return count >= fixed - 1 if self.variadic else count == fixed

    def parameter(self, index: int) -> Type:
        """Return the type of the argument at ``index``."""
        return self.parameters[min(index, len(self.parameters) - 1)]


UNKNOWN = Type("unknown", "unknown")
ANY = Type("interface {}", "any")
NIL = Type("unknown", "nil")
BOOL = Type("bool", "bool")
INT = Type("int", "int")
INT64 = Type("int64", "int")
UINT8 = Type("uint8", "int")
UINT64 = Type("uint64", "int")
FLOAT = Type("float64", "float")
STRING = Type("string", "string")
LIST = Type("[]interface {}", "slice", ANY)
STRINGS = Type("[]string", "slice", STRING)
INTS = Type("[]int", "slice", INT)
FLOATS = Type("[]float64", "slice", FLOAT)
BYTES = Type("[]uint8", "slice", UINT8)
PAIR = Type("[2]interface {}", "slice", ANY)
PAIRS = Type("[][2]interface {}", "slice", PAIR)
LISTS = Type("[][]interface {}", "slice", LIST)
MAP = Type("map[string]interface {}", "map", ANY, STRING)
STRING_MAP = Type("map[string]string", "map", STRING, STRING)
HEADER_MAP = Type("map[string][]string", "map", STRINGS, STRING)
ANY_MAP = Type("map[interface {}]interface {}", "map", ANY, ANY)
GROUP_MAP = Type("map[interface {}][]interface {}", "map", LIST, ANY)
FUNCTION = Type("func", "func")


def list_of(element: Type) -> Type:
    """Return the type of a list made by the language itself, whose elements are known better than ``any``."""
    return replace(LIST, element=element)


def assignable(given: Type, wanted: Type) -> bool:
    """Return whether a value of ``given`` can stand where ``wanted`` is asked for."""
    if given.is_nil and wanted.kind in {"any", "func", "map", "slice", "struct"}:
        return wanted.kind != "struct" or wanted.name.startswith("*")
    if "unknown" in {given.kind, wanted.kind} or given.is_nil or wanted.is_nil:
        return False
    return wanted.kind == "any" or given.name == wanted.name


def comparable(left: Type, right: Type) -> bool:
    """Return whether ``==`` between the two can ever make sense."""
    return (
        left.is_unknown or right.is_unknown or left.is_nil or right.is_nil
        or (left.is_number and right.is_number)
        or (left.kind == "slice" and right.kind == "slice")
        or assignable(left, right)
    )  # fmt: skip


def parse_signature(text: str) -> Signature:
    """Return the signature of a Go function type, as ``func(string, ...int) bool``.

    A second result, Go's error, is not a result here: functions raise.
    """
    inside, _, result = text.removeprefix("func(").partition(")")
    names = [each.strip() for each in inside.split(",")] if inside else []
    variadic = bool(names) and names[-1].startswith("...")
    parameters = tuple(_BY_NAME[name.removeprefix("...")] for name in names)
    return Signature(parameters, _BY_NAME[result.strip().removeprefix("(").partition(",")[0]], variadic)


def named(name: str) -> Type:
    """Return the type of a Go name."""
    return _BY_NAME[name]


def _struct(name: str, methods: Mapping[str, Signature], kind: str = "struct") -> Type:
    return Type(name, kind, methods=methods)


_TIME_METHODS: dict[str, Signature] = {}
_DURATION_METHODS: dict[str, Signature] = {}
_NAMED_METHODS = {"String": Signature((), STRING)}
TIME = _struct("time.Time", _TIME_METHODS)
DURATION = _struct("time.Duration", _DURATION_METHODS, "int")
LOCATION = _struct("*time.Location", _NAMED_METHODS)
MONTH = _struct("time.Month", _NAMED_METHODS, "int")
WEEKDAY = _struct("time.Weekday", _NAMED_METHODS, "int")
VERSION = _struct("*semver.Version", {})
HEADER = Type("http.Header", "map", STRINGS, STRING, methods={
    "Get": Signature((STRING,), STRING), "Values": Signature((STRING,), STRINGS),
})  # fmt: skip

_TIME_METHODS.update(
    {
        **dict.fromkeys(["Year", "Day", "YearDay", "Hour", "Minute"], Signature((), INT)),
        **dict.fromkeys(["Second", "Nanosecond"], Signature((), INT)),
        **dict.fromkeys(["Unix", "UnixMilli", "UnixMicro", "UnixNano"], Signature((), INT64)),
        "Month": Signature((), MONTH), "Weekday": Signature((), WEEKDAY), "Location": Signature((), LOCATION),
        "String": Signature((), STRING), "Format": Signature((STRING,), STRING),
        "IsZero": Signature((), BOOL), "UTC": Signature((), TIME), "Local": Signature((), TIME),
        "In": Signature((LOCATION,), TIME), "Add": Signature((DURATION,), TIME),
        "AddDate": Signature((INT, INT, INT), TIME), "Sub": Signature((TIME,), DURATION),
        **dict.fromkeys(["Truncate", "Round"], Signature((DURATION,), TIME)),
        **dict.fromkeys(["Before", "After", "Equal"], Signature((TIME,), BOOL)),
        "Compare": Signature((TIME,), INT),
    }
)  # fmt: skip
_DURATION_METHODS.update(
    {
        **dict.fromkeys(["Hours", "Minutes", "Seconds"], Signature((), FLOAT)),
        **dict.fromkeys(["Milliseconds", "Microseconds", "Nanoseconds"], Signature((), INT64)),
        "String": Signature((), STRING), "Abs": Signature((), DURATION),
        **dict.fromkeys(["Truncate", "Round"], Signature((DURATION,), DURATION)),
    }
)  # fmt: skip

_BY_NAME = {
    each.name: each
    for each in (
        ANY, BOOL, INT, INT64, UINT8, UINT64, FLOAT, STRING, LIST, STRINGS, INTS, FLOATS, BYTES, PAIR,
        PAIRS, LISTS, MAP, STRING_MAP, HEADER_MAP, ANY_MAP, GROUP_MAP, TIME, DURATION, LOCATION, MONTH,
        WEEKDAY, VERSION, HEADER, FUNCTION,
    )
} | {"any": ANY, "[]any": LIST, "map[string]any": MAP, "uint32": Type("uint32", "int")}  # fmt: skip

"""The values of an expression, as Python objects: one Python class for each Go type.

    nil            None                    []any                    list
    bool           bool                    []string, []int, …       subclasses of ``Slice``
    int            int                     map[string]any           dict
    int64, uint8   subclasses of ``Sized`` map[string]string, …     subclasses of ``TypedMap``
    float64        float                   []byte                   bytes
    string         str                     time.Time, …             classes of ``dates``
    function       ``Function``

A string is UTF-8 bytes to the language; a byte that is not UTF-8 is a lone surrogate here, as Python's
``surrogateescape`` makes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

#: The most characters a string may grow to, so that no expression can exhaust memory.
MAX_TEXT = 64 * 1024 * 1024
#: The most elements that an evaluation may make, as in expr-lang.
MEMORY_BUDGET = 1_000_000


class Failure(Exception):
    """An operation on values that is not possible; becomes an ``ExpressionError`` at the door.

    ``position`` is set by the innermost node of the expression that the failure passes through.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Sized(int):
    """An integer of a type other than ``int``; only parameters of functions see the difference."""

    __slots__ = ()
    go_type: ClassVar[str]
    bits: ClassVar[int] = 64
    signed: ClassVar[bool] = False


class Int64(Sized):
    """Go's int64."""

    __slots__ = ()
    go_type = "int64"
    signed = True


class Uint8(Sized):
    """Go's byte, as in ``"abc"[0]``."""

    __slots__ = ()
    go_type = "uint8"
    bits = 8


class Uint64(Sized):
    """Go's uint64, as the parts of a semantic version are."""

    __slots__ = ()
    go_type = "uint64"


class Slice(list[object]):
    """A list whose elements all have one Go type; one subclass a type."""

    __slots__ = ()
    go_type: ClassVar[str]
    is_nil: ClassVar[bool] = False


class Strings(Slice):
    """Go's []string."""

    __slots__ = ()
    go_type = "[]string"


class Ints(Slice):
    """Go's []int."""

    __slots__ = ()
    go_type = "[]int"


class Floats(Slice):
    """Go's []float64."""

    __slots__ = ()
    go_type = "[]float64"


class Pair(Slice):
    """Go's [2]any: a key and its value."""

    __slots__ = ()
    go_type = "[2]interface {}"


class Pairs(Slice):
    """Go's [][2]any."""

    __slots__ = ()
    go_type = "[][2]interface {}"


class Lists(Slice):
    """Go's [][]any."""

    __slots__ = ()
    go_type = "[][]interface {}"


class NilList(Slice):
    """A nil []any: empty, and equal to nil."""

    __slots__ = ()
    go_type = "[]interface {}"
    is_nil = True


class NilStrings(Strings):
    """A nil []string."""

    __slots__ = ()
    is_nil = True


class TypedMap(dict[str, object]):
    """A map of another type than map[string]any; ``absent`` is what it has for a key that it lacks."""

    __slots__ = ()
    go_type: ClassVar[str]

    @staticmethod
    def absent() -> object:
        """Return the zero value of the map's elements."""
        return None


class StringMap(TypedMap):
    """Go's map[string]string."""

    __slots__ = ()
    go_type = "map[string]string"

    @staticmethod
    def absent() -> object:
        """Return the empty string."""
        return ""


class HeaderMap(TypedMap):
    """Go's map[string][]string, as the headers of a request are."""

    __slots__ = ()
    go_type = "map[string][]string"

    @staticmethod
    def absent() -> object:
        """Return a nil list of strings."""
        return NilStrings()


class Header(HeaderMap):
    """Go's http.Header, as the headers of a response are: keys as ``Content-Type``, values lists."""

    __slots__ = ()
    go_type = "http.Header"

    @classmethod
    def of(cls, fields: Iterable[tuple[str, str]]) -> Header:
        """Return the headers of ``fields``, names in their canonical case, in the order they came."""
        made = cls()
        for name, value in fields:
            values = made.setdefault(canonical_header(name), Strings())
            assert isinstance(values, Strings)
            values.append(value)
        return made


class AnyMap(dict[tuple[type, object], tuple[object, object]]):
    """Go's map[any]any: keys of different types differ, so that ``1``, ``1.0`` and ``true`` are three."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[interface {}]interface {}"

    def put(self, key: object, value: object) -> None:
        """Make ``key`` mean ``value``."""
        self[_hashable(key)] = (key, value)

    def fetch(self, key: object) -> object:
        """Return the value of ``key``, or what an absent one is worth."""
        found = self.get(_hashable(key))
        return self.absent() if found is None else found[1]

    def holds(self, key: object) -> bool:
        """Return whether ``key`` is there."""
        return _hashable(key) in self

    @staticmethod
    def absent() -> object:
        """Return nil."""
        return None


class GroupMap(AnyMap):
    """Go's map[any][]any: what ``groupBy`` returns."""

    __slots__ = ()
    go_type = "map[interface {}][]interface {}"

    @staticmethod
    def absent() -> object:
        """Return a nil list."""
        return NilList()


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function as a value: its name, its Go signature and what it does.

    ``call`` gets arguments that fit the signature; see ``signatures``.
    """

    name: str
    signature: str
    call: Callable[..., object]

    go_type: ClassVar[str] = "func"


class Struct(ABC):
    """A value with named fields, of which an expression can read those in ``fields``."""

    __slots__ = ()
    go_type: ClassVar[str]
    fields: ClassVar[Mapping[str, object]]

    @abstractmethod
    def field(self, name: str) -> object:
        """Return the value of a field among ``fields``."""


def _hashable(key: object) -> tuple[type, object]:
    if isinstance(key, (list, dict, bytes)):
        message = f"runtime error: hash of unhashable type {type(key).__name__}"
        raise Failure(message)
    return (type(key), key)


def is_nil(value: object) -> bool:
    """Return whether ``value`` is nil, or a nil list."""
    return value is None or (isinstance(value, Slice) and value.is_nil)


def entries(value: dict[str, object] | AnyMap) -> Iterator[tuple[object, object]]:
    """Yield the keys and values of a map, sorted by key where keys are strings.

    Differs from Argo: Go's order is random.
    """
    if isinstance(value, AnyMap):
        yield from value.values()
    else:
        for key in sorted(value):
            yield key, value[key]


def canonical_header(name: str) -> str:
    """Return a header's name as Go writes it: ``content-type`` is ``Content-Type``."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def wrap(number: int) -> int:
    """Return ``number`` as 64 bits hold it."""
    if -0x8000_0000_0000_0000 <= number <= 0x7FFF_FFFF_FFFF_FFFF:
        return number
    return ((number + 0x8000_0000_0000_0000) & 0xFFFF_FFFF_FFFF_FFFF) - 0x8000_0000_0000_0000


def encode(text: str) -> bytes:
    """Return the bytes of a string."""
    return text.encode("utf-8", "surrogateescape")


def decode(raw: bytes) -> str:
    """Return the string of ``raw``; bytes that are not UTF-8 survive a later ``encode``."""
    return raw.decode("utf-8", "surrogateescape")


def bounded(text: str) -> str:
    """Return ``text``.

    Raises:
        Failure: it is longer than an expression may make.
    """
    check_size(len(text))
    return text


def check_size(characters: int) -> None:
    """Refuse a string of that many characters before it is made.

    Raises:
        Failure: it would be longer than an expression may make.
    """
    if characters > MAX_TEXT:
        message = f"memory budget exceeded: a string of more than {MAX_TEXT} characters"
        raise Failure(message)

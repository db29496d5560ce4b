"""Semantic versions and constraints on them, for ``sprig.semver`` and ``sprig.semverCompare``.

Source: Masterminds/semver v3, version.go, constraints.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering
from typing import ClassVar

from pinnace.language.values import Failure

_VERSION = re.compile(
    r"v?(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.(0|[1-9]\d*))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_PART = r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
_CONSTRAINT = re.compile(rf"\s*(=|!=|>|<|>=|=>|<=|=<|~|~>|\^)?\s*{_PART}\s*", re.ASCII)
_HYPHEN = re.compile(rf"\s*({_PART})\s+-\s+({_PART})\s*", re.ASCII)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A semantic version."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    metadata: str = ""
    original: str = ""
    go_type: ClassVar[str] = "*semver.Version"

    def __str__(self) -> str:
        """Return it in full: ``1.2.0-rc.1+build``."""
        pre = f"-{self.prerelease}" if self.prerelease else ""
        meta = f"+{self.metadata}" if self.metadata else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{meta}"

    def json(self) -> str:
        """Return what JSON has for it."""
        return str(self)

    def _order(self) -> tuple[object, ...]:
        parts = tuple(_identifier(part) for part in self.prerelease.split(".")) if self.prerelease else ()
        return (self.major, self.minor, self.patch, not self.prerelease, parts)

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same precedence; metadata does not count."""
        return isinstance(other, Version) and self._order() == other._order()

    def __lt__(self, other: Version) -> bool:
        """Return whether it comes before ``other``."""
        return self._order() < other._order()

    def __hash__(self) -> int:
        """Return a hash that agrees with equality."""
        return hash(self._order())


def _identifier(part: str) -> tuple[bool, int, str]:
    """Return how a part of a prerelease sorts: numbers first, by value."""
    return (False, int(part), "") if part.isdigit() else (True, 0, part)


def parse_version(text: str) -> Version:
    """Return the version of ``text``; a leading ``v`` and missing parts are allowed.

    Raises:
        Failure: it is no semantic version.
    """
    match = _VERSION.fullmatch(text) if len(text) < 256 else None
    if match is None:
        message = f"invalid semantic version: {text[:80]!r}"
        raise Failure(message)
    major, minor, patch = (int(match[index] or 0) for index in (1, 2, 3))
    return Version(major, minor, patch, match[4] or "", match[5] or "", text)


def satisfies(version: Version, constraint: str) -> bool:
    """Return whether ``version`` is within ``constraint``: ``>=1.2, <2 || ~3.1``.

    Raises:
        Failure: the constraint cannot be read.
    """
    alternatives = [_parse_row(row, constraint) for row in constraint.split("||")]
    return any(all(each.allows(version) for each in row) for row in alternatives)


@dataclass(frozen=True, slots=True)
class _Bound:
    """One comparison; ``fixed`` says how many parts of its version are written."""

    operator: str
    version: Version
    fixed: int

    def allows(self, version: Version) -> bool:
        if version.prerelease and not self.version.prerelease and self.operator != "!=":
            return False
        return _CHECKS[self.operator](self, version)

    def same(self, version: Version) -> bool:
        """Return whether the written parts are those of ``version``."""
        ours = (self.version.major, self.version.minor, self.version.patch)
        theirs = (version.major, version.minor, version.patch)
        return ours[: self.fixed] == theirs[: self.fixed] and (self.fixed < 3 or version == self.version)

    def tilde(self, version: Version) -> bool:
        """Return whether ``version`` differs only in the patch, or in what is not written."""
        if version < self.version:
            return False
        if self.fixed == 0:
            return True
        return version.major == self.version.major and (self.fixed < 2 or version.minor == self.version.minor)

    def caret(self, version: Version) -> bool:
        """Return whether ``version`` has the same leftmost part that is not zero."""
        if version < self.version:
            return False
        ours = (self.version.major, self.version.minor, self.version.patch)
        theirs = (version.major, version.minor, version.patch)
        kept = next((index for index, part in enumerate(ours) if part), self.fixed - 1)
        return (
            self.fixed == 0
            or theirs[: min(kept, self.fixed - 1) + 1] == ours[: min(kept, self.fixed - 1) + 1]
        )


_CHECKS: dict[str, Callable[[_Bound, Version], bool]] = {
    "": lambda bound, version: bound.same(version) if bound.fixed == 3 else bound.tilde(version),
    "=": lambda bound, version: bound.same(version) if bound.fixed == 3 else bound.tilde(version),
    "!=": lambda bound, version: not bound.same(version),
    ">": lambda bound, version: version > bound.version and (bound.fixed == 3 or not bound.same(version)),
    "<": lambda bound, version: version < bound.version,
    ">=": lambda bound, version: version >= bound.version,
    "<=": lambda bound, version: version <= bound.version or (bound.fixed < 3 and bound.same(version)),
    "~": _Bound.tilde,
    "^": _Bound.caret,
}
_ALIASES = {"=>": ">=", "=<": "<=", "~>": "~"}


def _parse_row(row: str, whole: str) -> list[_Bound]:
    """Return the comparisons of one alternative, which commas or blanks separate."""
    hyphen = _HYPHEN.fullmatch(row)
    if hyphen is not None:
        row = f">={hyphen[1]} <={hyphen[6]}"
    bounds: list[_Bound] = []
    at = 0
    while at < len(row):
        match = _CONSTRAINT.match(row, at)
        if match is None:
            break
        bounds.append(_bound(match))
        at = match.end()
        if row.startswith(",", at):
            at += 1
    if at < len(row) or not bounds:
        message = f"improper constraint: {whole[:80]}"
        raise Failure(message)
    return bounds


def _bound(match: re.Match[str]) -> _Bound:
    written: list[int] = []
    for index in (2, 3, 4):
        if match[index] is None or match[index] in "xX*":
            break
        written.append(int(match[index]))
    parts = [*written, 0, 0, 0]
    operator = match[1] or ""
    version = Version(parts[0], parts[1], parts[2], match[5] or "")
    return _Bound(_ALIASES.get(operator, operator), version, len(written))

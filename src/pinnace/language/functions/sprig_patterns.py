"""``sprig``'s functions on regular expressions and semantic versions.

Source: Masterminds/sprig v3.3.0, regex.go, semver.go.
"""

from __future__ import annotations

from pinnace.language.functions.registry import sprig
from pinnace.language.regex import compile_pattern, quote_meta
from pinnace.language.semver import parse_version, satisfies
from pinnace.language.values import Failure, NilStrings, Strings

sprig("func(string) string", "regexQuoteMeta")(quote_meta)
sprig("func(string, string) bool", "mustRegexMatch")(
    lambda pattern, text: compile_pattern(pattern).matches(text)
)
sprig("func(string, string, string) string", "regexReplaceAll", "mustRegexReplaceAll")(
    lambda pattern, text, template: compile_pattern(pattern).replace(text, template)
)
sprig("func(string, string, string) string", "regexReplaceAllLiteral", "mustRegexReplaceAllLiteral")(
    lambda pattern, text, made: compile_pattern(pattern).replace(text, made, literal=True)
)
sprig("func(string, string, int) []string", "regexSplit", "mustRegexSplit")(
    lambda pattern, text, limit: compile_pattern(pattern).split(text, limit)
)
sprig("func(string) *semver.Version", "semver")(parse_version)


@sprig("func(string, string) bool", "regexMatch")
def regex_match(pattern: str, text: str) -> bool:
    """Return whether the pattern occurs; false for what is no pattern."""
    try:
        return compile_pattern(pattern).matches(text)
    except Failure:
        return False


@sprig("func(string, string) string", "regexFind", "mustRegexFind")
def regex_find(pattern: str, text: str) -> str:
    """Return the first match, or the empty string."""
    spans = compile_pattern(pattern).search(text)
    return "" if spans is None else text[slice(*spans[0])]


@sprig("func(string, string, int) []string", "regexFindAll", "mustRegexFindAll")
def regex_find_all(pattern: str, text: str, limit: int) -> Strings:
    """Return the matches, ``limit`` at most unless negative."""
    found = Strings(text[slice(*spans[0])] for spans in compile_pattern(pattern).find_all(text, limit))
    return found or NilStrings()


@sprig("func(string, string) bool", "semverCompare")
def semver_compare(constraint: str, version: str) -> bool:
    """Return whether a version is within a constraint."""
    return satisfies(parse_version(version), constraint)

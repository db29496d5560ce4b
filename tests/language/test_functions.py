"""Functions of the language and of ``sprig``, by example; the shared cases have many more."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language import functions
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import evaluate
from pinnace.language.functions import BUILTIN_FUNCTIONS, SPRIG_FUNCTIONS
from pinnace.language.functions.strings import lower, split_string, upper
from pinnace.language.semver import parse_version, satisfies
from pinnace.language.signatures import invoke
from pinnace.language.values import Failure, Function


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('trim("  a ") + trim("xax", "x")', "aa"),
        ('split("a,b,c", ",", 2)', ["a", "b,c"]),
        ('splitAfter("a,b", ",")', ["a,", "b"]),
        ('join(["a", "b"], "-")', "a-b"),
        ('replace("aaa", "a", "b", 2)', "bba"),
        ("max(1, [2.5, [3]], -1)", 3),
        ("median([1, 2, 3, 4]) + mean(1, 2)", 4.0),
        ("round(2.5) + round(-2.5)", 0.0),
        ("abs(-1.5)", 1.5),
        ("bitushr(-1, 63) + bitshl(1, 70) + bitnand(7, 2)", 6),
        ("take([1, 2, 3], 2) == first([[1, 2]])", True),
        ("flatten([1, [2, [3]]]) | reverse()", [3, 2, 1]),
        ("uniq([1, 1.0, 'a', 'a', [1], [1]])", [1, "a", [1]]),
        ("sort(['b', 'a'], 'desc')", ["b", "a"]),
        ("keys({b: 1, a: 2}) == ['a', 'b']", True),
        ("fromPairs(toPairs({a: 1})).a", 1),
        ("get([1], 5) ?? get({}, 'x') ?? 'none'", "none"),
        ("type(1.5) + type([]) + type(nil) + type(now())", "floatarraynil" + "time.Time"),
        ("fromBase64(toBase64('é'))", "é"),
        ("get([true][0] ?? 1, 'x') ?? 'none'", "none"),
        ("sprig.merge({a: 1, e: '', o: {}}, {a: nil, n: nil, e: 0, o: []})", {"a": 1, "e": 0, "o": []}),
        (
            "sprig.mergeOverwrite({a: 1, o: {p: 1, q: 2}}, {a: 0, n: nil, o: {p: nil}})",
            {"a": 0, "n": None, "o": {"p": None, "q": 2}},
        ),
        ("[sprig.chunk(-3, [1, 2, 3, 4]), sprig.chunk(-3, [1])]", [[], [[1]]]),
        ("'x' in now() || 'x' not in now() && !('wall' in [now()][0])", True),
        ("fromJSON('{\"a\": [1]}').a[0]", 1.0),
        ("sprig.default('d', '') + sprig.ternary('a', 'b', false)", "db"),
        ("sprig.title('hello wORLD') + sprig.untitle('Ab Cd')", "Hello WORLDab cd"),
        ("sprig.camelcase('http_server-two') + sprig.kebabcase('FooBar1')", "HttpServerTwofoo-bar1"),
        ("sprig.abbrev(8, 'hello world') + sprig.initials('ab cd')", "hello...ac"),
        ("sprig.indent(2, 'a\\nb')", "  a\n  b"),
        ("sprig.wrap(5, 'hello big world')", "hello\nbig\nworld"),
        ("sprig.join('-', [1, nil, 'a'])", "1-a"),
        ("sprig.splitn('$', 2, 'a$b$c')", {"_0": "a", "_1": "b$c"}),
        ("sprig.div(-7, 2) == -3 && sprig.mod(-7, 2) == -1", True),
        ("sprig.seq(5, -2, 0)", "5 3 1"),
        ("sprig.round(1.005, 2)", 1.0),
        ("sprig.merge({a: 1, b: {c: 2}}, {a: 5, b: {d: 3}})", {"a": 1, "b": {"c": 2, "d": 3}}),
        ("sprig.without([1, 2, 1.0], 1)", [2, 1.0]),
        ("sprig.chunk(2, [1, 2, 3])", [[1, 2], [3]]),
        ("sprig.sortAlpha(['b', 1, 'a'])", ["1", "a", "b"]),
        ("sprig.quote('a\"b', nil, 1)", '"a\\"b" "1"'),
        ("sprig.sha256sum('')[:8]", "e3b0c442"),
        ("sprig.kindOf([]) + sprig.typeOf(sprig.int64(1))", "sliceint64"),
        ("sprig.dir('/a/b/c.txt') + sprig.ext('c.tar.gz') + sprig.clean('a//b/../c')", "/a/b.gza/c"),
        ("sprig.urlParse('https://u:p@h:80/p?q=1#f').hostname", "h"),
        ("sprig.urlJoin({scheme: 'http', host: 'h', path: '/a b', query: 'q=1'})", "http://h/a%20b?q=1"),
        ("sprig.date('2006', sprig.toDate('2006-01-02', '2024-05-06'))", "2024"),
        ("sprig.durationRound('2h10m') + sprig.duration('95')", "2h1m35s"),
        ("len(sprig.randAlphaNum(12)) + len(sprig.uuidv4())", 48),
        ("sprig.regexFindAll('[a-z]', 'a1b2', -1)", ["a", "b"]),
        ("sprig.semver('v1.2.3-rc.1').Prerelease()", "rc.1"),
    ],
)
def test_a_function_returns(text: str, value: object) -> None:
    assert evaluate(text, {}) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sprig.div(1, 0)", "divide by zero"),
        ("sprig.fail('no')", "no"),
        ("sprig.substr(0, sprig.int64(1), 'a')", "using int64 as type int"),
        ("sprig.trim()", "expected 1, got 0"),
        ("sprig.deepCopy(nil)", "zero Value"),
        ("sprig.chunk(-3, [1, 2, 3, 4, 5])", "cannot chunk by -3"),
        ("1 in [now(), nil][0]", "as field name of time.Time"),
        ("sprig.nope(1)", "cannot call nil"),
        ("sprig.mustFromJson('{')", "JSON"),
        ("sprig.first('a')", "Cannot find first"),
        ("sprig.slice([1], 2)", "out of bounds"),
        ("join(['a', 1])", "not string"),
        ("repeat('a', -1)", "positive"),
        ("fromBase64('a')", "base64"),
        ("reduce([], # + #acc)", "empty array"),
        ("timezone('x/y')", "unknown time zone"),
        ("groupBy([1], [#])", "unhashable"),
    ],
)
def test_a_function_refuses(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        evaluate(text, {})
    assert caught.value.stage == "run"


def test_every_module_of_functions_is_imported() -> None:
    names = {each.name for each in pkgutil.iter_modules(functions.__path__)} - {
        "arguments",
        "registry",
        "words",
    }
    imported = {module.__name__.rpartition(".")[2] for module in functions.FAMILIES}
    assert imported == names
    for name in names:
        assert importlib.import_module(f"{functions.__name__}.{name}").__doc__


@pytest.mark.parametrize("name", sorted(SPRIG_FUNCTIONS))
def test_no_function_of_sprig_breaks_on_any_argument_of_the_right_type(name: str) -> None:
    function = SPRIG_FUNCTIONS[name]
    assert isinstance(function, Function)
    for count in range(6):
        for value in (None, "", "a,b", 0, -1, 3, 2.5, True, [], ["a", 1], {}, {"a": {"b": 1}}, b"x"):
            try:
                invoke(function, [value] * count)
            except (Failure, RecursionError):
                continue


@pytest.mark.parametrize("name", sorted(BUILTIN_FUNCTIONS))
def test_no_builtin_breaks_on_any_argument(name: str) -> None:
    function = BUILTIN_FUNCTIONS[name]
    for count in range(function.least, min(function.most, 4) + 1):
        for value in (None, "", "a,b", 0, -1, 3, 2.5, True, [], ["a", 1], {}, {"a": {"b": 1}}, b"x"):
            try:
                function.call(*[value] * count)
            except Failure:
                continue


@given(st.text(), st.text(min_size=1), st.integers(-1, 5))
def test_the_parts_of_a_string_make_the_string(text: str, separator: str, count: int) -> None:
    parts = split_string(text, separator, count)
    assert count == 0 or separator.join(map(str, parts)) == text
    assert count < 1 or len(parts) <= count


@given(st.text())
def test_case_changes_keep_the_number_of_characters(text: str) -> None:
    assert len(upper(text)) == len(lower(text)) == len(text)


@pytest.mark.parametrize(
    ("constraint", "version", "within"),
    [
        ("^1.2.3", "1.9.0", True),
        ("^0.2.3", "0.3.0", False),
        ("~1.2.3", "1.2.9", True),
        ("~1", "1.9.0", True),
        ("1.2.x", "1.3.0", False),
        (">=1.2, <2 || 3.x", "3.1.0", True),
        ("1.2 - 1.4", "1.4.9", True),
        (">1.0.0", "1.1.0-rc.1", False),
        (">1.0.0-0", "1.1.0-rc.1", True),
        ("!=1.2.3", "1.2.3", False),
        ("*", "9.9.9", True),
    ],
)
def test_a_version_is_within_a_constraint(constraint: str, version: str, within: bool) -> None:
    assert satisfies(parse_version(version), constraint) is within


@pytest.mark.parametrize("text", ["", "a", "1.2.3.4", "01.2.3", "1.2.3-"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(Failure, match=re.escape("invalid semantic version")):
        parse_version(text)

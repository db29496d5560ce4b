"""The reading of a jq filter into its parts.

From the loosest to the tightest: ``|``, ``,``, ``//``, ``=`` and other updates, ``or``, ``and``, comparisons,
``+ -``, ``* / %``. What follows ``as … |``, ``def …;`` and ``label … |`` reaches as far as it can.
Source: itchyny/gojq v0.12.19, parser.go.y.
"""

from __future__ import annotations

from pinnace.language.jq.numbers import parse_number
from pinnace.language.jq.syntax import (
    Access,
    Alternative,
    Array,
    ArrayPattern,
    Binary,
    Bind,
    Break,
    Call,
    Comma,
    Define,
    Entry,
    Foreach,
    Format,
    Function,
    Identity,
    If,
    Iterate,
    Label,
    Literal,
    NamePattern,
    Node,
    Object,
    ObjectPattern,
    Pattern,
    Pipe,
    Reduce,
    Sign,
    Slice,
    Text,
    Try,
    Update,
)
from pinnace.language.jq.tokens import END, KEYWORDS, Token, tokenize, unexpected
from pinnace.language.values import Failure

_LONGEST = 100_000
_UPDATES = frozenset({"=", "|=", "+=", "-=", "*=", "/=", "%=", "//="})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
#: How tightly an operator binds, and how tightly its right side must bind at least.
_BINDING = (
    {
        "//": (1, 1),
        "or": (3, 4),
        "and": (4, 5),
        "+": (6, 7),
        "-": (6, 7),
        "*": (7, 8),
        "/": (7, 8),
        "%": (7, 8),
    }
    | dict.fromkeys(_UPDATES, (2, 3))
    | dict.fromkeys(_COMPARISONS, (5, 6))
)
_CONSTANTS = {"null": None, "true": True, "false": False}
_UNCHAINED = _UPDATES | _COMPARISONS


def parse_filter(text: str) -> Node:
    """Return the filter that ``text`` means.

    Raises:
        Failure: it cannot be read.
    """
    if len(text) > _LONGEST:
        raise Failure("the filter is too long")
    try:
        return _Parser(tokenize(text)).whole()
    except RecursionError:
        raise Failure("the filter is nested too deeply") from None


def parse_definitions(text: str) -> tuple[Function, ...]:
    """Return the functions that ``text`` defines."""
    parser = _Parser(tokenize(text))
    functions = []
    while parser.peek() == "def":
        functions.append(parser.function())
    return tuple(functions)


class _Parser:
    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at].kind

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind == END:
            raise unexpected(token)
        self.at += 1
        return token

    def accept(self, kind: str) -> bool:
        if self.peek() != kind:
            return False
        self.at += 1
        return True

    def expect(self, kind: str) -> Token:
        if self.peek() != kind:
            raise unexpected(self.tokens[self.at])
        return self.take()

    def whole(self) -> Node:
        """Return the filter that all tokens make."""
        query = self.query()
        if self.peek() != END:
            raise unexpected(self.tokens[self.at])
        return query

    def query(self) -> Node:
        items = [self.item()]
        while self.accept(","):
            items.append(self.item())
        left = items[0] if len(items) == 1 else Comma(tuple(items))
        return Pipe(left, self.query()) if self.accept("|") else left

    def item(self) -> Node:
        """Return what stands between commas; a definition or binding takes in all that follows."""
        if self.peek() == "def":
            function = self.function()
            return Define(function, self.query())
        if self.accept("label"):
            name = self.expect("variable").text
            self.expect("|")
            return Label(name, self.query())
        left = self.expression(0)
        if not self.accept("as"):
            return left
        patterns = [self.pattern()]
        while self.accept("?//"):
            patterns.append(self.pattern())
        self.expect("|")
        return Bind(left, tuple(patterns), self.query())

    def expression(self, least: int) -> Node:
        left = self.term()
        unchained = -1
        while (operator := self.peek()) in _BINDING:
            binding, right_binding = _BINDING[operator]
            if binding < least:
                break
            if binding == unchained:
                raise unexpected(self.tokens[self.at])
            self.take()
            left = _joined(operator, left, self.expression(right_binding))
            unchained = binding if operator in _UNCHAINED else -1
        return left

    def function(self) -> Function:
        self.expect("def")
        name = self.expect("name").text
        parameters = []
        if self.accept("("):
            while True:
                parameters.append(self.expect("variable" if self.peek() == "variable" else "name").text)
                if not self.accept(";"):
                    break
            self.expect(")")
        self.expect(":")
        body = self.query()
        self.expect(";")
        return Function(name, tuple(parameters), body)

    def pattern(self) -> Pattern:
        if self.accept("["):
            items = [self.pattern()]
            while self.accept(","):
                items.append(self.pattern())
            self.expect("]")
            return ArrayPattern(tuple(items))
        if self.accept("{"):
            entries = [self.entry()]
            while self.accept(","):
                entries.append(self.entry())
            self.expect("}")
            return ObjectPattern(tuple(entries))
        return NamePattern(self.expect("variable").text)

    def entry(self) -> Entry:
        token = self.tokens[self.at]
        if self.accept("variable"):
            key: Node = Literal(token.text[1:])
            return Entry(key, token.text, self.pattern() if self.accept(":") else None)
        key = self.key()
        self.expect(":")
        return Entry(key, "", self.pattern())

    def key(self) -> Node:
        """Return the key of an object that is not a variable."""
        if self.accept("("):
            key = self.query()
            self.expect(")")
            return key
        if self.peek() == "string":
            return self.string()
        token = self.take()
        if token.kind != "name" and token.kind not in KEYWORDS:
            raise unexpected(token)
        return Literal(token.text)

    def term(self) -> Node:
        if self.peek() in {"+", "-"}:
            operator = self.take().text
            return Sign(operator, self.term())
        term = self.primary()
        is_step = False
        while True:
            token = self.tokens[self.at]
            if self.accept("?"):
                term = _optional(term) if is_step else Try(term, None)
                is_step = False
                continue
            if self.accept("field"):
                term = Access(term, Literal(token.text[1:]))
            elif token.kind == "[":
                term = self.subscript(term)
            elif self.accept("."):
                term = Access(term, self.string()) if self.peek() == "string" else self.subscript(term)
            else:
                return term
            is_step = True

    def primary(self) -> Node:
        token = self.take()
        kind = token.kind
        if kind in _CONSTANTS:
            return Literal(_CONSTANTS[kind])
        if kind == "number":
            return Literal(parse_number(token.text))
        if kind in {"name", "variable"}:
            return Call(token.text, self.arguments() if kind == "name" else (), token.at)
        if kind == "field":
            return Access(Identity(), Literal(token.text[1:]))
        if kind == "string":
            self.at -= 1
            return self.string()
        if kind == "format":
            return Format(token.text, self.string() if self.peek() == "string" else None)
        reader = _PRIMARIES.get(kind)
        if reader is None:
            raise unexpected(token)
        return reader(self)

    def dot(self) -> Node:
        if self.peek() == "string":
            return Access(Identity(), self.string())
        return self.subscript(Identity()) if self.peek() == "[" else Identity()

    def arguments(self) -> tuple[Node, ...]:
        if not self.accept("("):
            return ()
        arguments = [self.query()]
        while self.accept(";"):
            arguments.append(self.query())
        self.expect(")")
        return tuple(arguments)

    def string(self) -> Literal | Text:
        written = self.expect("string").parts
        if len(written) == 1:
            return Literal(written[0])
        parts = [part if isinstance(part, str) else _Parser(part).whole() for part in written]
        return Text(tuple(part for part in parts if part != ""))

    def subscript(self, of: Node) -> Node:
        self.expect("[")
        if self.accept("]"):
            return Iterate(of)
        start = None if self.peek() == ":" else self.query()
        if self.accept(":"):
            end = None if start is not None and self.peek() == "]" else self.query()
            self.expect("]")
            return Slice(of, start, end)
        self.expect("]")
        assert start is not None
        return Access(of, start)

    def group(self) -> Node:
        query = self.query()
        self.expect(")")
        return query

    def array(self) -> Node:
        if self.accept("]"):
            return Array(None)
        body = self.query()
        self.expect("]")
        return Array(body)

    def object(self) -> Node:
        pairs: list[tuple[Node, Node | None]] = []
        while not self.accept("}"):
            pairs.append(self.pair())
            if self.peek() != "}":
                self.expect(",")
        return Object(tuple(pairs))

    def pair(self) -> tuple[Node, Node | None]:
        token = self.tokens[self.at]
        if self.accept("variable"):
            variable = Call(token.text, (), token.at)
            return (variable, self.value()) if self.accept(":") else (Literal(token.text[1:]), variable)
        key = self.key()
        if token.kind == "(" or self.peek() == ":":
            self.expect(":")
            return key, self.value()
        return key, None

    def value(self) -> Node:
        value = self.expression(0)
        return Pipe(value, self.value()) if self.accept("|") else value

    def condition(self) -> Node:
        """Return what follows ``if`` or ``elif``, up to ``end``."""
        condition = self.query()
        self.expect("then")
        then = self.query()
        if self.accept("elif"):
            return If(condition, then, self.condition())
        otherwise: Node = self.query() if self.accept("else") else Identity()
        self.expect("end")
        return If(condition, then, otherwise)

    def attempt(self) -> Node:
        body = self.term()
        return Try(body, self.term() if self.accept("catch") else None)

    def loop(self) -> tuple[Node, Pattern, list[Node]]:
        """Return what follows ``reduce`` and ``foreach``: the source, the pattern and what is in brackets."""
        source = self.expression(0)
        self.expect("as")
        pattern = self.pattern()
        if self.peek() != "(":
            raise unexpected(self.tokens[self.at])
        return source, pattern, list(self.arguments())

    def reduce(self) -> Node:
        source, pattern, arguments = self.loop()
        if len(arguments) != 2:
            raise unexpected(self.tokens[self.at - 1])
        return Reduce(source, pattern, *arguments)

    def foreach(self) -> Node:
        source, pattern, arguments = self.loop()
        if len(arguments) not in {2, 3}:
            raise unexpected(self.tokens[self.at - 1])
        return Foreach(source, pattern, arguments[0], arguments[1], (*arguments[2:], Identity())[0])

    def leave(self) -> Node:
        token = self.expect("variable")
        return Break(token.text, token.at)

    def recurse(self) -> Node:
        return Call("recurse", (), self.tokens[self.at - 1].at)


_PRIMARIES = {
    ".": _Parser.dot, "..": _Parser.recurse, "(": _Parser.group, "[": _Parser.array, "{": _Parser.object,
    "if": _Parser.condition, "try": _Parser.attempt, "reduce": _Parser.reduce, "foreach": _Parser.foreach,
    "break": _Parser.leave,
}  # fmt: skip


def _joined(operator: str, left: Node, right: Node) -> Node:
    if operator == "//":
        return Alternative(left, right)
    return (Update if operator in _UPDATES else Binary)(operator, left, right)


def _optional(term: Node) -> Node:
    """Return ``term?``, which forgives the errors of the last step of a path, not of those before it."""
    if isinstance(term, Access):
        return Pipe(term.of, Try(Access(Identity(), term.key), None))
    if isinstance(term, Slice):
        return Pipe(term.of, Try(Slice(Identity(), term.start, term.end), None))
    if isinstance(term, Iterate):
        return Pipe(term.of, Try(Iterate(Identity()), None))
    return Try(term, None)

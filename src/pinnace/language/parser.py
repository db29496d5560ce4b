"""The grammar of expressions: ``parse`` turns a text into a tree.

A Pratt parser: each binary operator has a strength. The grammar depends on the
environment in one point: a variable named as a builtin hides it, hence ``overridden``.
Source: expr-lang v1.17.8, parser/parser.go and parser/operator/operator.go.
"""

from __future__ import annotations

from pinnace.language import syntax
from pinnace.language.errors import ExpressionError
from pinnace.language.grammar import (
    BINARY,
    COMPARISONS,
    CONSTANTS,
    MAX_DEPTH,
    MAX_NODES,
    PLAIN_BUILTINS,
    PREDICATE_BUILTINS,
    RIGHT_ASSOCIATIVE,
    UNARY,
)
from pinnace.language.syntax import Node
from pinnace.language.tokens import (
    BRACKET,
    BYTES,
    END,
    IDENTIFIER,
    NEGATABLE,
    NUMBER,
    OPERATOR,
    STRING,
    Token,
    literal_number,
    tokenize,
)


def parse(text: str, overridden: frozenset[str] = frozenset()) -> Node:
    """Return the tree of ``text``.

    Args:
        text: the expression, without ``{{=`` and ``}}``.
        overridden: names of variables that hide a builtin of the same name.

    Raises:
        ExpressionError: (stage parse) ``text`` is not an expression, is too long or too deep.
    """
    try:
        return _Parser(text, overridden).whole()
    except RecursionError:
        message = "the expression is nested too deeply"
        raise ExpressionError(message, text, None, "parse") from None


class _Parser:
    """The state of one parse: the tokens and how far it has come."""

    def __init__(self, text: str, overridden: frozenset[str]) -> None:
        self.text = text
        self.overridden = overridden
        self.tokens = tokenize(text)
        self.at = 0
        self.current = self.tokens[0]
        self.predicates = 0  # how many predicates enclose this place; ``#`` is known inside one
        self.depth = 0

    def whole(self) -> Node:
        node = self.sequence()
        if self.current.kind != END:
            raise self.unexpected()
        # Every token makes at most three nodes, so that short expressions need not be counted.
        if len(self.tokens) * 3 > MAX_NODES and sum(1 for _ in syntax.walk(node)) > MAX_NODES:
            message = "compilation failed: expression exceeds maximum allowed nodes"
            raise self.error(self.tokens[-1], message)
        return node

    def error(self, token: Token, message: str) -> ExpressionError:
        return ExpressionError(message, self.text, token.position, "parse")

    def unexpected(self) -> ExpressionError:
        if self.current.kind == END:
            return self.error(self.current, "unexpected end of expression")
        return self.error(self.current, f"unexpected token {self.current}")

    def next(self) -> None:
        if self.current.kind == END:
            raise self.error(self.current, "unexpected end of expression")
        self.at += 1
        self.current = self.tokens[self.at]

    def sees(self, kind: str, text: str) -> bool:
        return self.current.text == text and self.current.kind == kind

    def expect(self, kind: str, text: str | None = None) -> Token:
        token = self.current
        if token.kind != kind or (text is not None and token.text != text):
            raise self.unexpected()
        self.next()
        return token

    def sequence(self) -> Node:
        nodes = [self.expression(0)]
        while self.sees(OPERATOR, ";"):
            self.next()
            if self.current.kind == END:
                break
            nodes.append(self.expression(0))
        return nodes[0] if len(nodes) == 1 else syntax.Sequence(nodes[0].position, nodes)

    def expression(self, strength: int) -> Node:
        self.deepen()
        if strength == 0 and self.sees(OPERATOR, "let"):
            node = self.let()
        elif strength == 0 and self.sees(OPERATOR, "if"):
            node = self.if_else()
        else:
            node = self.operators(self.primary(), strength)
            if strength == 0:
                node = self.ternary(node)
        self.depth -= 1
        return node

    def deepen(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(self.current, f"the expression is nested more than {MAX_DEPTH} levels deep")

    def let(self) -> Node:
        self.next()
        name = self.expect(IDENTIFIER)
        self.expect(OPERATOR, "=")
        value = self.expression(0)
        self.expect(OPERATOR, ";")
        return syntax.Let(name.position, name.text, value, self.sequence())

    def if_else(self) -> Node:
        position = self.current.position
        self.next()
        condition = self.expression(0)
        then = self.block()
        self.expect(OPERATOR, "else")
        if self.sees(OPERATOR, "if"):
            self.deepen()
            otherwise = self.if_else()
            self.depth -= 1
        else:
            otherwise = self.block()
        return syntax.Conditional(position, condition, then, otherwise)

    def block(self) -> Node:
        self.expect(BRACKET, "{")
        node = self.sequence()
        self.expect(BRACKET, "}")
        return node

    def ternary(self, node: Node) -> Node:
        while self.sees(OPERATOR, "?"):
            self.next()
            if self.sees(OPERATOR, ":"):
                self.next()
                then = node
            else:
                then = self.expression(0)
                self.expect(OPERATOR, ":")
            otherwise = self.expression(0)
            node = syntax.Conditional(self.current.position, node, then, otherwise)
        return node

    def operators(self, left: Node, strength: int) -> Node:
        """Return ``left`` extended by every operator that binds at least as hard as ``strength``."""
        previous = ""
        while self.current.kind == OPERATOR:
            token = self.current
            negated = token.text == "not"
            if negated:
                suffix = self.tokens[self.at + 1]
                if suffix.text not in NEGATABLE:
                    self.next()
                    raise self.unexpected()
                if BINARY[suffix.text] < strength:
                    break
                self.next()
                token = suffix
            if BINARY.get(token.text, -1) < strength:
                break
            self.next()
            if token.text == "|":
                left = self.call(self.expect(IDENTIFIER), [left], may_override=True)
            else:
                if previous == "??" and token.text != "??":
                    reason = f"Operator ({token.text}) and coalesce expressions (??) cannot be mixed. "
                    raise self.error(token, f"{reason}Wrap either by parentheses.")
                left = self.binary(left, token, negated=negated)
            previous = token.text
        return left

    def binary(self, left: Node, token: Token, *, negated: bool) -> Node:
        strength = BINARY[token.text]
        if token.text in COMPARISONS:
            return self.comparison(left, token, strength)
        right = self.expression(strength if token.text in RIGHT_ASSOCIATIVE else strength + 1)
        node: Node = syntax.Binary(token.position, token.text, left, right)
        return syntax.Unary(token.position, "not", node) if negated else node

    def comparison(self, left: Node, token: Token, strength: int) -> Node:
        """Return a comparison; ``a < b < c`` means ``a < b && b < c``."""
        root: Node | None = None
        while True:
            right = self.expression(strength + 1)
            pair = syntax.Binary(token.position, token.text, left, right)
            root = pair if root is None else syntax.Binary(token.position, "&&", root, pair)
            left, token = right, self.current
            if token.kind != OPERATOR or token.text not in COMPARISONS:
                return root
            self.next()

    def primary(self) -> Node:
        token = self.current
        if token.kind == OPERATOR:
            if token.text in UNARY:
                self.next()
                operand = self.expression(UNARY[token.text])
                return self.postfix(syntax.Unary(token.position, token.text, operand))
            if self.predicates and token.text in {"#", "."}:
                return self.postfix(self.pointer())
            if token.text == "::":
                self.next()
                return self.postfix(self.call(self.expect(IDENTIFIER), [], may_override=False))
        elif token.kind == BRACKET and token.text == "(":
            self.next()
            node = self.sequence()
            self.expect(BRACKET, ")")
            return self.postfix(node)
        return self.operand()

    def pointer(self) -> Node:
        token, name = self.current, ""
        if token.text == "#":
            self.next()
            if self.current.kind == IDENTIFIER:
                name = self.current.text
                self.next()
        return syntax.Pointer(token.position, name)

    def operand(self) -> Node:
        token = self.current
        if token.kind == IDENTIFIER:
            self.next()
            if token.text in CONSTANTS:
                return syntax.Literal(token.position, CONSTANTS[token.text])
            if self.sees(BRACKET, "("):
                return self.postfix(self.call(token, [], may_override=True))
            return self.postfix(syntax.Name(token.position, token.text))
        if token.kind == NUMBER:
            self.next()
            return syntax.Literal(token.position, literal_number(token, self.text))
        if token.kind == STRING:
            self.next()
            return self.postfix(syntax.Literal(token.position, token.text))
        if token.kind == BYTES:
            self.next()
            return self.postfix(syntax.Literal(token.position, token.text.encode("latin-1")))
        if token.kind == BRACKET and token.text == "[":
            return self.postfix(self.array())
        if token.kind == BRACKET and token.text == "{":
            return self.postfix(self.map())
        raise self.unexpected()

    def array(self) -> Node:
        position = self.expect(BRACKET, "[").position
        return syntax.Array(position, self.items("]"))

    def items(self, closing: str) -> list[Node]:
        """Return expressions separated by commas up to ``closing``; a last comma may stand before it."""
        nodes: list[Node] = []
        while not self.sees(BRACKET, closing):
            if nodes:
                self.expect(OPERATOR, ",")
                if self.sees(BRACKET, closing):
                    break
            nodes.append(self.expression(0))
        self.expect(BRACKET, closing)
        return nodes

    def map(self) -> Node:
        token = self.expect(BRACKET, "{")
        pairs: list[tuple[Node, Node]] = []
        while not self.sees(BRACKET, "}"):
            if pairs:
                self.expect(OPERATOR, ",")
                if self.sees(BRACKET, "}"):
                    break
            key = self.key()
            self.expect(OPERATOR, ":")
            pairs.append((key, self.expression(0)))
        self.expect(BRACKET, "}")
        return syntax.Map(token.position, pairs)

    def key(self) -> Node:
        token = self.current
        if token.kind in {NUMBER, STRING, IDENTIFIER}:
            self.next()
            return syntax.Literal(token.position, token.text)
        if token.kind == BRACKET and token.text == "(":
            return self.expression(0)
        reason = "a map key must be a quoted string, a number, a identifier, or an expression in parentheses"
        raise self.error(token, f"{reason} (unexpected token {token})")

    def call(self, token: Token, given: list[Node], *, may_override: bool) -> Node:
        """Return the call of ``token`` whose first arguments, those of a pipe, are already ``given``."""
        overridden = may_override and token.text in self.overridden
        if not overridden and token.text in PREDICATE_BUILTINS:
            return syntax.BuiltinCall(token.position, token.text, self.predicate_call(token, given))
        self.expect(BRACKET, "(")
        arguments = [*given, *self.items(")")]
        if not overridden and token.text in PLAIN_BUILTINS:
            return syntax.BuiltinCall(token.position, token.text, arguments)
        callee = syntax.Name(token.position, token.text)
        return syntax.Call(token.position, callee, arguments)

    def predicate_call(self, token: Token, given: list[Node]) -> list[Node]:
        self.expect(BRACKET, "(")
        arguments = list(given)
        rest = PREDICATE_BUILTINS[token.text][len(given) :]
        for index, kind in enumerate(rest):
            if self.sees(BRACKET, ")"):
                if kind.endswith("?"):
                    break
                raise self.error(self.current, f"expected at least {len(rest)} arguments")
            if index > 0:
                self.expect(OPERATOR, ",")
                if kind.endswith("?") and self.sees(BRACKET, ")"):
                    break
            arguments.append(self.predicate() if kind[0] == "p" else self.expression(0))
        if self.sees(OPERATOR, ","):
            self.next()
        self.expect(BRACKET, ")")
        return arguments

    def predicate(self) -> Node:
        position = self.current.position
        self.predicates += 1
        if self.sees(BRACKET, "{"):
            self.next()
            body = self.sequence()
            self.predicates -= 1
            self.expect(BRACKET, "}")
        else:
            body = self.expression(0)
            self.predicates -= 1
            if self.sees(OPERATOR, ";"):
                raise self.error(self.current, "wrap predicate with brackets { and }")
        return syntax.Predicate(position, body)

    def postfix(self, node: Node) -> Node:
        """Return ``node`` with the accesses, slices and method calls that follow it."""
        while True:
            token = self.current
            if token.kind == OPERATOR and token.text in {".", "?."}:
                self.next()
                optional = token.text == "?."
                if optional and self.sees(BRACKET, "["):
                    node = self.index(node, optional=True)
                else:
                    node = self.access(node, optional=optional)
            elif token.kind == BRACKET and token.text == "[":
                node = self.index(node, optional=False)
            else:
                return node

    def access(self, node: Node, *, optional: bool) -> Node:
        token = self.current
        self.next()
        if token.kind != IDENTIFIER and not (token.kind == OPERATOR and token.text.isidentifier()):
            raise self.error(token, "expected name")
        chained = isinstance(node, syntax.Chain)
        base = node.node if isinstance(node, syntax.Chain) else node
        name = syntax.Literal(token.position, token.text)
        member = syntax.Member(token.position, base, name, optional)
        made: Node = member
        if self.sees(BRACKET, "("):
            member.called = True
            self.next()
            made = syntax.Call(token.position, member, self.items(")"))
        return syntax.Chain(token.position, made) if chained or optional else made

    def index(self, node: Node, *, optional: bool) -> Node:
        position = self.expect(BRACKET, "[").position
        start = None if self.sees(OPERATOR, ":") else self.expression(0)
        if self.sees(OPERATOR, ":"):
            self.next()
            stop = None if self.sees(BRACKET, "]") else self.expression(0)
            self.expect(BRACKET, "]")
            return syntax.Slice(position, node, start, stop)
        self.expect(BRACKET, "]")
        assert start is not None
        member = syntax.Member(position, node, start, optional)
        return syntax.Chain(position, member) if optional else member

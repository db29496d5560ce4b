"""The static check: what in an expression can never be right, given the types of the environment.

Part of the language, not an extra: ``retries == 2`` where ``retries`` is a string is an error, not false.
Top-level names have the types of their values; what a ``map[string]any`` holds is ``any``, which is only
checked when the expression runs. Source: expr-lang v1.17.8, checker/checker.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pinnace.language import syntax
from pinnace.language.errors import ExpressionError
from pinnace.language.functions import BUILTIN_FUNCTIONS
from pinnace.language.grammar import BUILTINS
from pinnace.language.operations import result_of_binary, result_of_unary
from pinnace.language.regex import check_pattern
from pinnace.language.syntax import Node
from pinnace.language.types import (
    ANY,
    BOOL,
    FUNCTION,
    GROUP_MAP,
    INT,
    LIST,
    MAP,
    UNKNOWN,
    Signature,
    Type,
    assignable,
    list_of,
)
from pinnace.language.value_types import type_of
from pinnace.language.values import Failure


def check(tree: Node, env: Mapping[str, object], text: str) -> None:
    """Refuse a tree that cannot be right in environments of the same types as ``env``.

    Raises:
        ExpressionError: (stage compile) an unknown name, types that cannot fit, a wrong argument.
    """
    _Checker(env, text).visit(tree)


class _Loop(NamedTuple):
    """What a predicate sees: the type of its elements, and the pointers it may use besides ``#``."""

    collection: Type
    pointers: Mapping[str, Type]


class _Checker:
    def __init__(self, env: Mapping[str, object], text: str) -> None:
        self.env = env
        self.text = text
        self.variables: list[tuple[str, Type]] = []
        self.loops: list[_Loop] = []

    def visit(self, node: Node) -> Type:
        return _VISITORS[type(node)](self, node)

    def error(self, node: Node, message: str) -> ExpressionError:
        return ExpressionError(message, self.text, node.position, "compile")

    def literal(self, node: syntax.Literal) -> Type:
        return type_of(node.value)

    def name(self, node: syntax.Name) -> Type:
        for name, found in reversed(self.variables):
            if name == node.name:
                return found
        if node.name == "$env":
            return UNKNOWN
        if node.name in self.env:
            return type_of(self.env[node.name])
        if node.name in BUILTINS:
            return FUNCTION
        raise self.error(node, f"unknown name {node.name}")

    def let(self, node: syntax.Let) -> Type:
        if node.name in self.env:
            raise self.error(node, f"cannot redeclare {node.name}")
        if node.name in BUILTINS:
            raise self.error(node, f"cannot redeclare builtin {node.name}")
        if any(name == node.name for name, _ in self.variables):
            raise self.error(node, f"cannot redeclare variable {node.name}")
        self.variables.append((node.name, self.visit(node.value)))
        found = self.visit(node.body)
        self.variables.pop()
        return found

    # -- operators ------------------------------------------------------------------------------

    def unary(self, node: syntax.Unary) -> Type:
        operand = self.visit(node.operand)
        found = result_of_unary(node.operator, operand)
        if found is None:
            raise self.error(node, f"invalid operation: {node.operator} (mismatched type {operand.name})")
        return found

    def binary(self, node: syntax.Binary) -> Type:
        """Return the type of an operation; a long row of operators is walked, not descended."""
        row: list[syntax.Binary] = [node]
        while isinstance(row[-1].left, syntax.Binary):
            row.append(row[-1].left)
        left = self.visit(row[-1].left)
        for each in reversed(row):
            left = self.operation(each, left, self.visit(each.right))
        return left

    def operation(self, node: syntax.Binary, left: Type, right: Type) -> Type:
        if node.operator == "matches" and isinstance(node.right, syntax.Literal):
            if isinstance(node.right.value, str):
                self.pattern(node, node.right.value)
        elif node.operator == "in":
            self.containment(node, left, right)
        found = result_of_binary(node.operator, left, right)
        if found is None:
            reason = f"invalid operation: {node.operator} (mismatched types {left.name} and {right.name})"
            raise self.error(node, reason)
        return found

    def pattern(self, node: Node, pattern: str) -> None:
        try:
            check_pattern(pattern)
        except Failure as failure:
            raise self.error(node, failure.message) from None

    def containment(self, node: syntax.Binary, left: Type, right: Type) -> None:
        if right.kind == "map" and right.key is not None:
            if not left.is_unknown and not assignable(left, right.key):
                raise self.error(node, f"cannot use {left.name} as type {right.key.name} in map key")
        elif right.kind == "slice" and result_of_binary("==", left, right.of()) is None:
            raise self.error(node, f"cannot use {left.name} as type {right.of().name} in array")

    def conditional(self, node: syntax.Conditional) -> Type:
        condition = self.visit(node.condition)
        if condition.kind != "bool" and not condition.is_unknown:
            raise self.error(node.condition, f"non-bool expression (type {condition.name}) used as condition")
        then, otherwise = self.visit(node.then), self.visit(node.otherwise)
        if then.is_nil:
            return otherwise
        if otherwise.is_nil:
            return then
        if not assignable(then, otherwise):
            return UNKNOWN
        if then.kind == "slice" and otherwise.kind == "slice":
            a, b = then.of(), otherwise.of()
            if not (assignable(a, b) and assignable(b, a)):
                return LIST
        return then

    def sequence(self, node: syntax.Sequence) -> Type:
        return [self.visit(each) for each in node.nodes][-1]

    # -- collections ----------------------------------------------------------------------------

    def array(self, node: syntax.Array) -> Type:
        found = [self.visit(each) for each in node.nodes]
        if not found:
            return list_of(UNKNOWN)
        kinds = {_kind(each) for each in found}
        return list_of(found[-1]) if len(kinds) == 1 else LIST

    def map(self, node: syntax.Map) -> Type:
        for key, value in node.pairs:
            self.visit(key)
            self.visit(value)
        return MAP

    def chain(self, node: syntax.Chain) -> Type:
        return self.visit(node.node)

    def member(self, node: syntax.Member) -> Type:
        key = node.property.value if isinstance(node.property, syntax.Literal) else None
        name = key if isinstance(key, str) else None
        if isinstance(node.base, syntax.Name) and node.base.name == "$env":
            return self.of_env(node, name)
        base, prop = self.visit(node.base), self.visit(node.property)
        if base.is_unknown:
            return UNKNOWN
        if name is not None:
            if base.is_nil:
                raise self.error(node, f"type nil has no field {name}")
            if name in base.methods:
                return Type(f"method {name}", "func", function=base.methods[name])
        if base.kind == "map":
            if base.key is not None and not assignable(prop, base.key) and not prop.is_unknown:
                raise self.error(node.property, f"cannot use {prop.name} to get an element from {base.name}")
            return base.of()
        if base.kind == "slice":
            if not prop.is_integer and not prop.is_unknown:
                reason = f"array elements can only be selected using an integer (got {prop.name})"
                raise self.error(node.property, reason)
            return base.of()
        if name is not None and name in base.fields:
            return base.fields[name]
        if name is None:
            raise self.error(node, f"type {base.name}[{prop.name}] is undefined")
        raise self.error(node, f"type {base.name} has no {'method' if node.called else 'field'} {name}")

    def of_env(self, node: syntax.Member, name: str | None) -> Type:
        """Return the type of ``$env.name``; without ``?.`` the name must exist."""
        if name is None:
            return UNKNOWN
        if name in self.env:
            return type_of(self.env[name])
        if node.optional:
            return UNKNOWN
        raise self.error(node, f"unknown name {name}")

    def slice(self, node: syntax.Slice) -> Type:
        base = self.visit(node.base)
        if base.is_unknown:
            return UNKNOWN
        if base.kind not in {"string", "slice"}:
            raise self.error(node, f"cannot slice {base.name}")
        for end in (node.start, node.stop):
            found = UNKNOWN if end is None else self.visit(end)
            if end is not None and not found.is_integer and not found.is_unknown:
                raise self.error(end, f"non-integer slice index {found.name}")
        return base

    # -- predicates -----------------------------------------------------------------------------

    def pointer(self, node: syntax.Pointer) -> Type:
        if not self.loops:
            raise self.error(node, "cannot use pointer accessor outside predicate")
        loop = self.loops[-1]
        if not node.name:
            return UNKNOWN if loop.collection.is_unknown else loop.collection.of()
        if node.name in loop.pointers:
            return loop.pointers[node.name]
        raise self.error(node, f"unknown pointer #{node.name}")

    def predicate(self, node: syntax.Predicate) -> Type:
        return self.visit(node.body)

    def predicate_call(self, node: syntax.BuiltinCall) -> Type:
        collection = self.visit(node.arguments[0])
        if collection.kind != "slice" and not collection.is_unknown:
            reason = f"builtin {node.name} takes only array (got {collection.name})"
            raise self.error(node.arguments[0], reason)
        body: Type | None = None
        if len(node.arguments) > 1:
            pointers = {"map": {"index": INT}, "reduce": {"index": INT, "acc": UNKNOWN}}.get(node.name, {})
            self.loops.append(_Loop(collection, pointers))
            body = self.visit(node.arguments[1])
            self.loops.pop()
            self.predicate_result(node, body)
        if len(node.arguments) > 2:
            order = self.visit(node.arguments[2])
            if node.name == "sortBy" and order.kind != "string" and not order.is_unknown:
                reason = f"sortBy order argument must be a string (got {order.name})"
                raise self.error(node.arguments[2], reason)
        return _result_of_predicate_call(node.name, collection, body)

    def predicate_result(self, node: syntax.BuiltinCall, body: Type) -> None:
        """Refuse a predicate that is nil, or that is no condition where one is needed."""
        if body.is_nil:
            raise self.error(node.arguments[1], "predicate should has one input and one output param")
        free = {"map", "sum", "groupBy", "sortBy", "reduce"}
        if node.name not in free and body.kind != "bool" and not body.is_unknown:
            raise self.error(node.arguments[1], f"predicate should return boolean (got {body.name})")

    # -- calls ----------------------------------------------------------------------------------

    def builtin(self, node: syntax.BuiltinCall) -> Type:
        function = BUILTIN_FUNCTIONS.get(node.name)
        if function is None:
            return self.predicate_call(node)
        arguments = [self.visit(each) for each in node.arguments]
        if node.name == "get" and len(arguments) == 2:
            return self.builtin_get(node, arguments[0], arguments[1])
        if function.check is not None:
            try:
                return function.check([ANY if each.is_unknown else each for each in arguments])
            except Failure as failure:
                raise self.error(node, failure.message) from None
        return self.overloads(node, function.name, function.signatures, arguments)

    def builtin_get(self, node: syntax.BuiltinCall, base: Type, prop: Type) -> Type:
        first, second = node.arguments
        if isinstance(first, syntax.Name) and first.name == "$env":
            key = second.value if isinstance(second, syntax.Literal) else None
            return type_of(self.env[key]) if isinstance(key, str) and key in self.env else UNKNOWN
        if base.is_unknown:
            return UNKNOWN
        if base.kind == "slice":
            if not prop.is_integer and not prop.is_unknown:
                raise self.error(second, f"non-integer slice index {prop.name}")
        elif base.kind == "map" and base.key is not None:
            if not assignable(prop, base.key) and not prop.is_unknown:
                raise self.error(second, f"cannot use {prop.name} to get an element from {base.name}")
        else:
            raise self.error(first, f"type {base.name} does not support indexing")
        return base.of()

    def call(self, node: syntax.Call) -> Type:
        if isinstance(node.callee, syntax.Name) and node.callee.name == "$env":
            raise self.error(node, "$env is not callable")
        callee = self.visit(node.callee)
        if callee.is_unknown or (callee.kind == "func" and callee.function is None):
            # What is given to an unknown function is not looked at, not even for unknown names.
            return UNKNOWN
        name = _called_name(node.callee)
        if callee.is_nil:
            raise self.error(node, f"{name} is nil; cannot call nil as function")
        if callee.function is None:
            raise self.error(node, f"{callee.name} is not callable")
        arguments = [self.visit(each) for each in node.arguments]
        return self.overloads(node, name, (callee.function,), arguments)

    def overloads(
        self,
        node: syntax.BuiltinCall | syntax.Call,
        name: str,
        signatures: tuple[Signature, ...],
        arguments: list[Type],
    ) -> Type:
        """Return the result of the first signature that takes ``arguments``."""
        problem: tuple[Node, str] = (node, f"no matching overload for {name}")
        for signature in signatures:
            found = _refusal(signature, name, arguments)
            if found is None:
                return signature.result
            index, message = found
            problem = (node if index is None else node.arguments[index], message)
        raise self.error(*problem)


_VISITORS: dict[type, Callable[..., Type]] = {
    syntax.Literal: _Checker.literal,
    syntax.Name: _Checker.name,
    syntax.Unary: _Checker.unary,
    syntax.Binary: _Checker.binary,
    syntax.Chain: _Checker.chain,
    syntax.Member: _Checker.member,
    syntax.Slice: _Checker.slice,
    syntax.Call: _Checker.call,
    syntax.BuiltinCall: _Checker.builtin,
    syntax.Predicate: _Checker.predicate,
    syntax.Pointer: _Checker.pointer,
    syntax.Let: _Checker.let,
    syntax.Sequence: _Checker.sequence,
    syntax.Conditional: _Checker.conditional,
    syntax.Array: _Checker.array,
    syntax.Map: _Checker.map,
}


def _refusal(signature: Signature, name: str, arguments: list[Type]) -> tuple[int | None, str] | None:
    """Return why ``signature`` does not take ``arguments`` (and which of them), or ``None`` if it does."""
    if not signature.accepts(len(arguments)):
        few = len(arguments) < len(signature.parameters)
        return None, f"{'not enough' if few else 'too many'} arguments to call {name}"
    for index, given in enumerate(arguments):
        wanted = signature.parameter(index)
        if given.is_integer and (wanted.kind == "float" or wanted.is_integer):
            continue
        if given.is_nil:
            if wanted.kind != "any" and not wanted.name.startswith("*"):
                return index, f"cannot use nil as argument (type {wanted.name}) to call {name}"
        elif not assignable(given, wanted) and not given.is_unknown:
            return index, f"cannot use {given.name} as argument (type {wanted.name}) to call {name}"
    return None


def _kind(found: Type) -> str:
    """Return what must be the same for the elements of an array to share a type."""
    return found.name if found.kind == "int" else "unknown" if found.is_nil else found.kind


def _called_name(callee: Node) -> str:
    if isinstance(callee, syntax.Name):
        return callee.name
    if isinstance(callee, syntax.Member) and isinstance(callee.property, syntax.Literal):
        return str(callee.property.value)
    return "function"


def _result_of_predicate_call(name: str, collection: Type, body: Type | None) -> Type:
    element = UNKNOWN if collection.is_unknown else collection.of()
    if name in {"all", "none", "any", "one"}:
        return BOOL
    if name in {"count", "findIndex", "findLastIndex"}:
        return INT
    if name == "filter":
        return LIST if collection.is_unknown else list_of(element)
    if name == "map":
        return list_of(body or UNKNOWN)
    if name == "groupBy":
        return GROUP_MAP
    if name == "sortBy":
        return collection
    if name in {"sum", "reduce"} and body is not None:
        return body
    return element

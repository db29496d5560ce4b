"""Expressions, the language of ``{{= }}``, ``successCondition`` and ``retryStrategy.expression``.

The door to everything behind it: ``parser`` reads, ``checker`` finds what cannot be, ``compiler`` makes a
function. Programs are kept, by text and by the types of the variables that they mention, because the same
text may be right for one environment and wrong for another.

An expression can read its environment and call the registered functions. It cannot reach a Python
attribute, a file, the network or the process environment.

Source: expr-lang v1.17.8; Argo util/expr/env/env.go, util/expr/argoexpr/eval.go, util/expand/expand.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pinnace.language import syntax
from pinnace.language.checker import check
from pinnace.language.compiler import compile_tree
from pinnace.language.errors import ExpressionError, shown
from pinnace.language.functions import ARGO_FUNCTIONS
from pinnace.language.goformat import format_value
from pinnace.language.gojson import encode_json
from pinnace.language.grammar import BUILTINS
from pinnace.language.operators import type_name
from pinnace.language.parser import parse
from pinnace.language.values import Failure

#: Nested variables and functions, as a compiled expression reads them.
Environment = Mapping[str, object]
#: A compiled expression: from an environment to its value.
Program = Callable[[Environment], object]

#: Most programs kept for one text; a text is seldom used with more than a few kinds of environment.
_MOST_VARIANTS = 16
_UNKNOWN = object()


def evaluate(expression: str, env: Mapping[str, object], *, functions: bool = True) -> object:
    """Return the value of ``expression``.

    Args:
        expression: the text, without ``{{=`` and ``}}``.
        env: with ``functions``, flat variables (``"steps.a.outputs.result": "5"``); else nested, used as is.
        functions: offer ``asInt``, ``asFloat``, ``toJson``, ``jsonpath`` and ``sprig`` as well.

    Raises:
        ExpressionError: it cannot be read, its types cannot fit, or it fails.
    """
    return run(expression, environment(env) if functions else env)


def evaluate_bool(expression: str, env: Mapping[str, object], *, functions: bool = True) -> bool:
    """Return the value of a condition.

    Raises:
        ExpressionError: as for ``evaluate``, and when the value is neither true nor false.
    Source: Argo argoexpr.EvalBool.
    """
    result = evaluate(expression, env, functions=functions)
    if isinstance(result, bool):
        return result
    message = f"unable to cast expression result '{shown(format_value(result))}' to bool"
    raise ExpressionError(message, expression, None, "run")


def compile_expression(expression: str, env: Environment) -> Program:
    """Return the program of ``expression`` for environments of the same types as the nested ``env``.

    Raises:
        ExpressionError: it cannot be read, or its types cannot fit.
    """
    known = _known(expression)
    if len(known.names) == 1:
        signature: object = type(env.get(known.names[0], _UNKNOWN))
    else:
        signature = tuple([type(env.get(name, _UNKNOWN)) for name in known.names])
    program = known.programs.get(signature)
    if program is None:
        overridden = frozenset(name for name in known.names if name in BUILTINS and name in env)
        tree = parse(expression, overridden) if overridden else known.tree
        try:
            check(tree, env, expression)
            program = compile_tree(tree, expression)
        except RecursionError:
            message = "the expression is nested too deeply"
            raise ExpressionError(message, expression, None, "compile") from None
        if len(known.programs) >= _MOST_VARIANTS:
            known.programs.clear()
        known.programs[signature] = program
    return program


def run(expression: str, env: Environment) -> object:
    """Return the value of ``expression`` in the nested ``env``.

    Raises:
        ExpressionError: as for ``evaluate``.
    """
    program = compile_expression(expression, env)
    try:
        return program(env)
    except Failure as failure:
        raise ExpressionError(failure.message, expression, failure.position, "run") from None
    except RecursionError:
        message = "a value is nested too deeply"
        raise ExpressionError(message, expression, None, "run") from None


def environment(variables: Mapping[str, object]) -> dict[str, object]:
    """Return the nested environment of flat ``variables``, with Argo's functions.

    Of ``a`` and ``a.b`` the more specific wins. Source: Argo expand.Expand, exprenv.GetFuncMap.
    """
    env: dict[str, object] = {}
    branches: dict[str, dict[str, object]] = {"": env}
    for key in sorted(variables) if len(variables) > 1 else variables:
        path, dot, leaf = key.rpartition(".")
        (_branch(branches, path) if dot else env)[leaf] = variables[key]
    env.update(ARGO_FUNCTIONS)
    return env


def _branch(branches: dict[str, dict[str, object]], path: str) -> dict[str, object]:
    """Return the map at ``path``, made if needed; it replaces a value of the same name."""
    found = branches.get(f".{path}")
    if found is None:
        parent, dot, name = path.rpartition(".")
        found = {}
        (_branch(branches, parent) if dot else branches[""])[name] = found
        branches[f".{path}"] = found
    return found


def to_text(value: object) -> str:
    """Return ``value`` as a tag inserts it: a string as it is, anything else as Go's JSON.

    Raises:
        ExpressionError: JSON has no such value, as NaN or a function.
    Source: Argo expression_template.go, expressionReplaceCore.
    """
    if type(value) is str:
        return (
            value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        )
    try:
        text = encode_json(value)
    except Failure as failure:
        message = f"failed to marshal evaluated expression of type {type_name(value)}: {failure.message}"
        raise ExpressionError(message) from None
    return text[1:-1] if text.startswith('"') else text


def format_result(value: object) -> str:
    """Return ``value`` as ``valueFrom.expression`` stores it, by Go's ``%v``: a list is ``[1 2]``."""
    return format_value(value)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an expression mentions.

    Attributes:
        roots: top-level names, which decide what of a scope it needs.
        required: names and constant paths (``steps.a.status``) that it cannot do without: not those that
            ``??`` or ``?.`` guard. A base name is always required.
    """

    roots: frozenset[str]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a text: its tree, the names whose types matter, and its programs by those types."""

    tree: syntax.Node
    names: tuple[str, ...]
    analysis: Analysis
    programs: dict[object, Program]


def analyse(expression: str) -> Analysis:
    """Return what ``expression`` mentions.

    Raises:
        ExpressionError: (stage parse) it cannot be read.
    Source: Argo expression_template.go, getIdentifiers.
    """
    return _known(expression).analysis


@lru_cache(maxsize=4096)
def _known(expression: str) -> _Known:
    tree = parse(expression)
    guarded = _guarded(tree)
    required: dict[str, None] = {}
    names: dict[str, None] = {}
    for node in syntax.walk(tree):
        if isinstance(node, syntax.Name):
            names[node.name] = required[node.name] = None
        elif isinstance(node, (syntax.BuiltinCall, syntax.Let)):
            names[node.name] = None
        elif isinstance(node, syntax.Member) and id(node) not in guarded:
            path = _path(node)
            if path:
                required[path] = None
    if "$env" in names:
        names = {**names, **_named_through_env(tree)}
    roots = frozenset(name for name in required if "." not in name)
    return _Known(tree, tuple(names), Analysis(roots, tuple(required)), {})


def _named_through_env(tree: syntax.Node) -> dict[str, None]:
    """Return the names in ``$env.name``, whose types matter as those of bare names do."""
    texts = (node.value for node in syntax.walk(tree) if isinstance(node, syntax.Literal))
    return {text: None for text in texts if isinstance(text, str)}


def _guarded(tree: syntax.Node) -> set[int]:
    """Return the identities of accesses that ``??`` or ``?.`` excuse from having to exist."""
    found: set[int] = set()
    for node in syntax.walk(tree):
        if isinstance(node, syntax.Binary) and node.operator == "??":
            found.update(id(each) for each in syntax.walk(node.left) if isinstance(each, syntax.Member))
        elif isinstance(node, syntax.Member) and node.optional and isinstance(node.base, syntax.Member):
            found.add(id(node.base))
    return found


def _path(node: syntax.Member) -> str | None:
    """Return ``a.b.c`` for an access by constants from a name, else ``None``."""
    parts: list[str] = []
    current: syntax.Node = node
    while isinstance(current, syntax.Member) and not current.optional:
        if not (isinstance(current.property, syntax.Literal) and isinstance(current.property.value, str)):
            return None
        parts.append(current.property.value)
        current = current.base
    return ".".join([current.name, *reversed(parts)]) if isinstance(current, syntax.Name) else None

"""The way from the parts of a filter to its steps: what each name means is settled here.

Source: itchyny/gojq v0.12.19, compiler.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinnace.language.jq import assigning, binding, loops, steps, syntax
from pinnace.language.jq.functions import FORMATS, NATIVES
from pinnace.language.jq.machine import Step
from pinnace.language.jq.operators import OPERATORS, negate, plus
from pinnace.language.jq.prelude import DEFINITIONS
from pinnace.language.jq.scope import Lookup, Scope, frame_at, value_at
from pinnace.language.values import Failure


def compile_filter(node: syntax.Node) -> Step:
    """Return the step that does what a filter says.

    Raises:
        Failure: it names a function, variable or label that there is not.
    """
    try:
        return _compile(node, Scope())
    except RecursionError:
        raise Failure("the filter is nested too deeply") from None


def _compile(node: syntax.Node, scope: Scope) -> Step:
    return _COMPILERS[type(node)](node, scope)


def _simple(node: syntax.Node, scope: Scope) -> steps.Simple | None:
    """Return how the one value of a node is found at once, if it can be without steps."""
    if isinstance(node, syntax.Identity):
        return lambda value, _frame: value
    if isinstance(node, syntax.Literal):
        constant = node.value
        return lambda _value, _frame: constant
    if isinstance(node, syntax.Call) and node.name.startswith("$"):
        found = scope.find(node.name, 0)
        if found is not None:
            find_value = value_at(found[0])
            return lambda _value, frame: find_value(frame)
    return None


def _constant(value: object) -> Step:
    return steps.simple(lambda _value, _frame: value)


def _identity(_node: syntax.Identity, _scope: Scope) -> Step:
    return steps.identity


def _literal(node: syntax.Literal, _scope: Scope) -> Step:
    return _constant(node.value)


def _text(node: syntax.Text, scope: Scope, convert: Step | None = None) -> Step:
    convert = convert or steps.native(NATIVES["tostring", 0], ())
    made: Step | None = None
    for part in node.parts:
        piece = _constant(part) if isinstance(part, str) else steps.pipe(_compile(part, scope), convert)
        made = piece if made is None else _operation("+", made, piece)
    return made or _constant("")


def _format(node: syntax.Format, scope: Scope) -> Step:
    native = FORMATS.get(node.name)
    if native is None:
        convert = steps.native(NATIVES["format", 1], (_constant(node.name[1:]),))
    else:
        convert = steps.native(native, ())
    if node.text is None:
        return convert
    return (
        _text(node.text, scope, convert) if isinstance(node.text, syntax.Text) else _compile(node.text, scope)
    )


def _constant_key(node: syntax.Node | None) -> tuple[object, ...]:
    """Return the key that a part of a path is, in a tuple, or nothing if it is not known yet."""
    if isinstance(node, syntax.Sign) and isinstance(node.of, syntax.Literal) and node.operator == "-":
        number = node.of.value
        return (-number,) if isinstance(number, (int, float)) and not isinstance(number, bool) else ()
    if isinstance(node, syntax.Literal) and isinstance(node.value, (str, int, float)):
        return () if isinstance(node.value, bool) else (node.value,)
    return ()


def _constant_path(node: syntax.Node) -> list[object] | None:
    """Return the keys of a path that is known, as that of ``.a[0]``."""
    if isinstance(node, syntax.Access):
        outer = [] if isinstance(node.of, syntax.Identity) else _constant_path(node.of)
        key = _constant_key(node.key)
        return None if outer is None or not key else [*outer, *key]
    return None


def _access(node: syntax.Access, scope: Scope) -> Step:
    of = _compile(node.of, scope)
    key = _constant_key(node.key)
    return steps.access_constant(of, key[0]) if key else steps.access(of, _compile(node.key, scope))


def _slice(node: syntax.Slice, scope: Scope) -> Step:
    start, end = (
        _constant(None) if each is None else _compile(each, scope) for each in (node.start, node.end)
    )
    return steps.slice_(_compile(node.of, scope), start, end)


def _iterate(node: syntax.Iterate, scope: Scope) -> Step:
    return steps.iterate(_compile(node.of, scope))


def _call(node: syntax.Call, scope: Scope) -> Step:
    name, arity = node.name, len(node.args)
    found = scope.find(name, arity)
    if found is not None:
        distance, entry = found
        if entry.definition is not None:
            args = [_compile(arg, scope) for arg in node.args]
            return binding.call(entry.definition, frame_at(distance), args)
        find_value = value_at(distance)
        if name.startswith("$"):
            return steps.simple(lambda _value, frame: find_value(frame))
        return binding.call_parameter(find_value)
    if name in {"$ENV", "env"} and not arity:
        return _constant({})
    if name.startswith("$"):
        raise Failure(f"variable not defined: {name}", node.at)
    return _builtin(node, scope)


def _builtin(node: syntax.Call, scope: Scope) -> Step:
    """Return the step that calls a function that every filter has."""
    name, arity = node.name, len(node.args)
    args = [_compile(arg, scope) for arg in node.args]
    special = _SPECIAL.get((name, arity))
    if special is not None:
        return special(*args)
    if (name, arity) in DEFINITIONS:
        return binding.call(_prelude(name, arity), lambda _frame: None, args)
    native = NATIVES.get((name, arity))
    if native is not None:
        return steps.native(native, args)
    if name in {"input", "inputs"} and not arity:
        raise Failure("input(s)/0 is not allowed", node.at)
    raise Failure(f"function not defined: {name}/{arity}", node.at)


_SPECIAL: dict[tuple[str, int], Callable[..., Step]] = {
    ("empty", 0): lambda: steps.empty,
    ("path", 1): steps.find_paths,
    ("getpath", 1): steps.find_path,
    ("last", 1): loops.last,
    ("_range", 3): loops.range_,
    ("builtins", 0): lambda: _constant(_names_of_builtins()),
}


#: Functions that are looked for elsewhere, or exist only where a filter may talk to its caller.
_OTHER_BUILTINS = ("debug/1", "env/0", "input/0", "inputs/0")


def _names_of_builtins() -> list[object]:
    known = {f"{name}/{arity}" for name, arity in {*_SPECIAL, *DEFINITIONS, *NATIVES} if name[0] != "_"}
    return [*sorted(known.union(_OTHER_BUILTINS))]


#: The functions written in jq itself that some filter has called.
_prelude_definitions: dict[tuple[str, int], binding.Definition] = {}


def _prelude(name: str, arity: int) -> binding.Definition:
    """Return a function that is written in jq itself, ready to be called."""
    definition = _prelude_definitions.get((name, arity))
    if definition is None:
        function = DEFINITIONS[name, arity]
        definition = binding.Definition(function.parameters)
        _prelude_definitions[name, arity] = definition
        _compile_body(definition, function, Scope())
    return definition


def _compile_body(definition: binding.Definition, function: syntax.Function, scope: Scope) -> None:
    """Compile the body of a function in the scope that its definition is in."""
    for parameter in function.parameters:
        scope = scope.with_name(parameter.removeprefix("$"))
    for at in definition.values:
        scope = scope.with_name(function.parameters[at])
    definition.body = _compile(function.body, scope)


def _define(node: syntax.Define, scope: Scope) -> Step:
    definition = binding.Definition(node.function.parameters)
    inner = scope.with_name(node.function.name, definition)
    _compile_body(definition, node.function, inner)
    return binding.define(_compile(node.body, inner))


def _object(node: syntax.Object, scope: Scope) -> Step:
    if not node.pairs:
        return _constant({})
    pairs = []
    for key, value in node.pairs:
        pairs.append((_compile(key, scope), None if value is None else _compile(value, scope)))
    return steps.object_(pairs)


def _array(node: syntax.Array, scope: Scope) -> Step:
    return loops.array(steps.empty if node.body is None else _compile(node.body, scope))


def _sign(node: syntax.Sign, scope: Scope) -> Step:
    function = negate if node.operator == "-" else plus
    return steps.pipe(_compile(node.of, scope), steps.native(function, ()))


def _if(node: syntax.If, scope: Scope) -> Step:
    parts = (_compile(each, scope) for each in (node.condition, node.then, node.otherwise))
    return steps.condition(*parts)


def _try(node: syntax.Try, scope: Scope) -> Step:
    return steps.attempt(
        _compile(node.body, scope), None if node.handler is None else _compile(node.handler, scope)
    )


def _reduce(node: syntax.Reduce, scope: Scope) -> Step:
    pattern, inner = _pattern(node.pattern, scope)
    return loops.reduce(
        _compile(node.source, scope), _compile(node.start, scope), pattern, _compile(node.update, inner)
    )


def _foreach(node: syntax.Foreach, scope: Scope) -> Step:
    pattern, inner = _pattern(node.pattern, scope)
    update_and_extract = (_compile(node.update, inner), _compile(node.extract, inner))
    return loops.foreach(
        _compile(node.source, scope), _compile(node.start, scope), pattern, update_and_extract
    )


def _label(node: syntax.Label, scope: Scope) -> Step:
    return steps.label(_compile(node.body, scope.with_name(f"*{node.name}")))


def _break(node: syntax.Break, scope: Scope) -> Step:
    found = scope.find(f"*{node.name}", 0)
    if found is None:
        raise Failure(f"label not defined: {node.name}", node.at)
    return steps.leave(value_at(found[0]))


def _pipe(node: syntax.Pipe, scope: Scope) -> Step:
    return steps.pipe(_compile(node.left, scope), _compile(node.right, scope))


def _comma(node: syntax.Comma, scope: Scope) -> Step:
    return steps.comma([_compile(item, scope) for item in node.items])


def _alternative(node: syntax.Alternative, scope: Scope) -> Step:
    return steps.alternative(_compile(node.left, scope), _compile(node.right, scope))


def _binary(node: syntax.Binary, scope: Scope) -> Step:
    if node.operator in {"and", "or"}:
        yes, no = _constant(True), _constant(False)
        right = steps.condition(_compile(node.right, scope), yes, no)
        left = _compile(node.left, scope)
        return (
            steps.condition(left, right, no) if node.operator == "and" else steps.condition(left, yes, right)
        )
    left_value, right_value = _simple(node.left, scope), _simple(node.right, scope)
    if left_value is not None and right_value is not None:
        return steps.binary(OPERATORS[node.operator], left_value, right_value)
    return _operation(node.operator, _compile(node.left, scope), _compile(node.right, scope))


def _operation(operator: str, left: Step, right: Step) -> Step:
    function = OPERATORS[operator]
    return steps.native(lambda _value, one, other, budget: function(one, other, budget), (left, right))


def _update(node: syntax.Update, scope: Scope) -> Step:
    value = _compile(node.right, scope)
    if node.operator == "=":
        keys = _constant_path(node.left)
        if keys is not None:
            return assigning.assign_at(keys, value)
        return assigning.assign(_compile(node.left, scope), value)
    paths = _compile(node.left, scope)
    if node.operator == "|=":
        return assigning.modify(paths, value)
    return assigning.compute(paths, OPERATORS[node.operator[:-1]], value)


def _bind(node: syntax.Bind, scope: Scope) -> Step:
    source = _compile(node.source, scope)
    if len(node.patterns) == 1:
        pattern, inner = _pattern(node.patterns[0], scope)
        return binding.bind(source, pattern, _compile(node.body, inner))
    names = tuple(dict.fromkeys(name for pattern in node.patterns for name in _names(pattern)))
    start = scope
    for name in names:
        start = start.with_name(name)
    chosen = []
    for each in node.patterns:
        pattern, inner = _pattern(each, start)
        chosen.append((binding.after_nulls(len(names), pattern), _settling(names, inner, scope)))
    return binding.bind_first(source, chosen, _compile(node.body, start))


def _settling(names: tuple[str, ...], inner: Scope, scope: Scope) -> Lookup:
    """Return what makes of the frame of one pattern the one with ``names`` alone."""
    finders = [value_at(_distance(name, inner)) for name in names]
    outer_at = frame_at(inner.depth() - scope.depth())

    def settle(frame: Any) -> Any:
        settled = outer_at(frame)
        for find_value in finders:
            settled = (find_value(frame), settled)
        return settled

    return settle


def _distance(name: str, scope: Scope) -> int:
    found = scope.find(name, 0)
    assert found is not None
    return found[0]


def _names(pattern: syntax.Pattern) -> list[str]:
    """Return the names of a pattern."""
    if isinstance(pattern, syntax.NamePattern):
        return [pattern.name]
    if isinstance(pattern, syntax.ArrayPattern):
        return [name for item in pattern.items for name in _names(item)]
    names = []
    for entry in pattern.entries:
        names += [entry.name] if entry.name else []
        names += _names(entry.pattern) if entry.pattern is not None else []
    return names


def _pattern(pattern: syntax.Pattern, scope: Scope) -> tuple[Step, Scope]:
    """Return the step of a pattern, and the scope with its names."""
    if isinstance(pattern, syntax.NamePattern):
        return binding.name_pattern, scope.with_name(pattern.name)
    if isinstance(pattern, syntax.ArrayPattern):
        items = []
        for item in pattern.items:
            step, scope = _pattern(item, scope)
            items.append(step)
        return binding.array_pattern(items), scope
    entries = []
    for entry in pattern.entries:
        key = _compile(entry.key, scope)
        inner: Step | None = None
        if entry.name:
            scope = scope.with_name(entry.name)
        if entry.pattern is not None:
            inner, scope = _pattern(entry.pattern, scope)
        entries.append((key, bool(entry.name), inner))
    return binding.object_pattern(entries), scope


_COMPILERS: dict[type, Callable[..., Step]] = {
    syntax.Identity: _identity, syntax.Literal: _literal, syntax.Text: _text, syntax.Format: _format,
    syntax.Access: _access, syntax.Slice: _slice, syntax.Iterate: _iterate, syntax.Call: _call,
    syntax.Object: _object, syntax.Array: _array, syntax.Sign: _sign, syntax.If: _if, syntax.Try: _try,
    syntax.Reduce: _reduce, syntax.Foreach: _foreach, syntax.Label: _label, syntax.Break: _break,
    syntax.Pipe: _pipe, syntax.Comma: _comma, syntax.Alternative: _alternative, syntax.Binary: _binary,
    syntax.Update: _update, syntax.Bind: _bind, syntax.Define: _define,
}  # fmt: skip

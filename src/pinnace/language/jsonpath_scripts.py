"""The scripts in a JSONPath: ``?(@.price < 10 && @.tags[0] == 'x')`` and ``(@.length-1)``.

A script is cut at its operators, the loosest first, wherever they stand outside quotes and brackets. Strings
found in the document are put into single quotes, as those in the script are.
Source: evilmonkeyinc/jsonpath v0.8.1, script/standard/.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pinnace.language.goformat import format_value
from pinnace.language.gojson import decode_json
from pinnace.language.gonumbers import parse_float
from pinnace.language.jsonpath_steps import Query, Script, Step, whole
from pinnace.language.operators import divided, float_power
from pinnace.language.regex import compile_pattern
from pinnace.language.values import Failure

_OPERATORS = (
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "=~", "!", "+", "-", "**", "*", "/", "%", "not in", "in",
    "@", "$",
)  # fmt: skip
_MAX_DEPTH = 50
_CompilePath = Callable[[str], Sequence[Step]]


class _Parameters(dict[str, object]):
    """What names in a script mean: ``$``, ``@``, ``nil`` and ``null``."""


#: An operand: a computation, a constant list or map, a text as written, or nothing.
_Operand = Callable[[_Parameters], object] | list[object] | dict[str, object] | str | None


def compile_script(text: str, compile_path: _CompilePath) -> Script:
    """Return the script of ``text``.

    Args:
        text: what stands between the brackets.
        compile_path: reads the paths in it.

    Raises:
        Failure: a path in it cannot be read.
    """
    operator = _Builder(compile_path).build(text, _OPERATORS, 0)

    def evaluate(root: object, current: object) -> object:
        parameters = _Parameters({"$": root, "@": current, "nil": None, "null": None})
        return _constant(text, parameters) if operator is None else operator(parameters)

    return Script(text, evaluate)


def _constant(text: str, parameters: _Parameters) -> object:
    """Return what a script without operators means: a name, a number, a boolean, or its text."""
    if text in parameters:
        return parameters[text]
    for read in (_number, _boolean):
        try:
            return read(text, parameters)
        except Failure:
            continue
    return text


class _Builder:
    def __init__(self, compile_path: _CompilePath) -> None:
        self.compile_path = compile_path

    def build(
        self, text: str, operators: Sequence[str], depth: int
    ) -> Callable[[_Parameters], object] | None:
        """Return the computation of ``text``, or ``None`` when it has none of ``operators``."""
        if depth > _MAX_DEPTH:
            message = "the script is nested too deeply"
            raise Failure(message)
        text = text.strip()
        while text:
            if text.startswith("(") and text.endswith(")"):
                text, operators = text[1:-1].strip(), _OPERATORS
                continue
            for index, operator in enumerate(operators):
                made = self.at(text, operator, operators[index:], depth)
                if made is not None:
                    return made
            return None
        return None

    def at(
        self, text: str, operator: str, operators: Sequence[str], depth: int
    ) -> Callable[[_Parameters], object] | None:
        """Return the computation of ``text`` by ``operator``, or ``None`` when it does not stand there."""
        place = _find(text, operator)
        if place < 0:
            return None
        left, right = text[:place].strip(), text[place + len(operator) :].strip()
        if operator in {"@", "$"}:
            return None if left else self.selector(text)
        if not right or (bool(left) == (operator == "!")):
            return None
        second = self.operand(right, operators, depth)
        if operator == "!":
            return lambda parameters: not _boolean(second, parameters)
        first = self.operand(left, operators, depth)
        operate = _BINARY[operator]
        return lambda parameters: operate(first, second, parameters)

    def operand(self, text: str, operators: Sequence[str], depth: int) -> _Operand:
        made = self.build(text, operators, depth + 1)
        if made is not None:
            return made
        if text[:1] + text[-1:] in {"[]", "{}"}:
            try:
                value = decode_json(text)
            except Failure:
                return text
            if isinstance(value, (list, dict)):
                return value
        return text

    def selector(self, text: str) -> Callable[[_Parameters], object]:
        steps = self.compile_path(text)

        def select(parameters: _Parameters) -> object:
            query = Query(parameters["$"])
            value = query.follow(parameters["@"], steps)
            if isinstance(value, str) and not (len(value) > 1 and value[0] == value[-1] == "'"):
                return f"'{value}'"
            return value

        return select


def _find(text: str, operator: str) -> int:
    """Return where ``operator`` first stands outside quotes and brackets, or -1."""
    quote, square, round_ = "", 0, 0
    for index, character in enumerate(text):
        if character in "'\"":
            if not square and not round_ and quote in {"", character}:
                quote = "" if quote else character
        elif not quote:
            if character in "()" and square <= 0:
                round_ += 1 if character == "(" else -1
            elif character in "[]" and round_ <= 0:
                square += 1 if character == "[" else -1
        if quote or square > 0 or round_ > 0:
            continue
        start = index + 1 - len(operator)
        if start >= 0 and text[start : index + 1] == operator:
            return start
    return -1


# -- operands -----------------------------------------------------------------------------------


def _value(operand: object, parameters: _Parameters) -> object:
    """Return the value of an operand; a name among ``parameters`` means what they say."""
    value = operand(parameters) if callable(operand) else operand
    return parameters[value] if isinstance(value, str) and value in parameters else value


def _number(operand: object, parameters: _Parameters) -> float:
    value = None if operand is None else _value(operand, parameters)
    number = None if isinstance(value, (bool, list, dict)) else parse_float(format_value(value))
    if operand is None or number is None:
        message = "invalid argument. expected number"
        raise Failure(message)
    return number


def _boolean(operand: object, parameters: _Parameters) -> bool:
    value = None if operand is None else _value(operand, parameters)
    if value is None:
        return False
    text = format_value(value)
    if text in {"1", "t", "T", "TRUE", "true", "True"}:
        return True
    if text in {"0", "f", "F", "FALSE", "false", "False"}:
        return False
    message = "invalid argument. expected boolean"
    raise Failure(message)


def _text(operand: object, parameters: _Parameters) -> str:
    if operand is None:
        message = "invalid argument. is nil"
        raise Failure(message)
    value = operand(parameters) if callable(operand) else operand
    if not isinstance(value, str):
        return format_value(value)
    if value in parameters:
        found = parameters[value]
        return f"'{_unquoted(found)}'" if isinstance(found, str) else format_value(found)
    if len(value) > 1 and value[0] == value[-1] == '"':
        return f"'{value[1:-1]}'"
    return value


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _elements(operand: object, parameters: _Parameters) -> list[object]:
    value = None if operand is None else _value(operand, parameters)
    if isinstance(value, str) and value[:1] + value[-1:] in {"[]", "{}"}:
        value = decode_json(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    message = "invalid argument. expected array, map or slice"
    raise Failure(message)


# -- operators ----------------------------------------------------------------------------------


def _equal(first: object, second: object, parameters: _Parameters) -> bool:
    try:
        return _number(first, parameters) == _number(second, parameters)
    except Failure:
        return _text(first, parameters) == _text(second, parameters)


def _matches(first: object, second: object, parameters: _Parameters) -> bool:
    text, pattern = _bare(_text(first, parameters)), _bare(_text(second, parameters))
    return compile_pattern(pattern).matches(text)


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text


def _contained(first: object, second: object, parameters: _Parameters) -> bool:
    item: object = first
    for read in (_number, _text, _boolean):
        try:
            item = read(first, parameters)
            break
        except Failure:
            continue
    return any(type(each) is type(item) and each == item for each in _elements(second, parameters))


def _numeric(
    operate: Callable[[float, float], object],
) -> Callable[[object, object, _Parameters], object]:
    return lambda first, second, parameters: operate(_number(first, parameters), _number(second, parameters))


def _remainder(first: object, second: object, parameters: _Parameters) -> object:
    a, b = whole(_number(first, parameters)), whole(_number(second, parameters))
    if a is None or not b:
        message = "invalid argument. expected integer"
        raise Failure(message)
    return (abs(a) % abs(b)) * (1 if a >= 0 else -1)


def _logic(operate: Callable[[bool, bool], bool]) -> Callable[[object, object, _Parameters], object]:
    return lambda first, second, parameters: operate(
        _boolean(first, parameters), _boolean(second, parameters)
    )


_BINARY: dict[str, Callable[[object, object, _Parameters], object]] = {
    "||": _logic(lambda a, b: a or b), "&&": _logic(lambda a, b: a and b), "==": _equal,
    "!=": lambda first, second, parameters: not _equal(first, second, parameters),
    "<": _numeric(lambda a, b: a < b), "<=": _numeric(lambda a, b: a <= b),
    ">": _numeric(lambda a, b: a > b), ">=": _numeric(lambda a, b: a >= b),
    "+": _numeric(lambda a, b: a + b), "-": _numeric(lambda a, b: a - b), "*": _numeric(lambda a, b: a * b),
    "/": _numeric(divided), "**": _numeric(float_power), "%": _remainder, "=~": _matches, "in": _contained,
    "not in": lambda first, second, parameters: not _contained(first, second, parameters),
}  # fmt: skip

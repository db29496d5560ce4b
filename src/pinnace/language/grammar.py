"""The tables of the expression grammar: how hard operators bind, which functions are the language's own.

Source: expr-lang v1.17.8, parser/operator/operator.go, builtin/builtin.go.
"""

from __future__ import annotations

UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
BINARY = {
    "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15,
    "==": 20, "!=": 20, "<": 20, ">": 20, ">=": 20, "<=": 20,
    "in": 20, "matches": 20, "contains": 20, "startsWith": 20, "endsWith": 20,
    "..": 25, "+": 30, "-": 30, "*": 60, "/": 60, "%": 60, "**": 100, "^": 100, "??": 500,
}  # fmt: skip
RIGHT_ASSOCIATIVE = frozenset(["**", "^"])
COMPARISONS = frozenset(["<", ">", ">=", "<="])
CONSTANTS: dict[str, object] = {"true": True, "false": False, "nil": None}

#: Builtins that take a predicate, with what each argument is: e expression, p predicate, ? optional.
PREDICATE_BUILTINS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(["all", "none", "any", "one", "filter", "map", "groupBy"], ("e", "p")),
    **dict.fromkeys(["find", "findIndex", "findLast", "findLastIndex"], ("e", "p")),
    **dict.fromkeys(["count", "sum"], ("e", "p?")),
    **dict.fromkeys(["sortBy", "reduce"], ("e", "p", "e?")),
}
#: The other builtins.
PLAIN_BUILTINS = frozenset(
    [
        "len", "type", "abs", "ceil", "floor", "round", "int", "float", "string", "trim", "trimPrefix",
        "trimSuffix", "upper", "lower", "split", "splitAfter", "replace", "repeat", "join", "indexOf",
        "lastIndexOf", "hasPrefix", "hasSuffix", "max", "min", "mean", "median", "toJSON", "fromJSON",
        "toBase64", "fromBase64", "now", "duration", "date", "timezone", "first", "last", "get", "take",
        "keys", "values", "toPairs", "fromPairs", "reverse", "uniq", "concat", "flatten", "sort",
        "bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr", "bitnot",
    ]
)  # fmt: skip
BUILTINS = PLAIN_BUILTINS | PREDICATE_BUILTINS.keys()

#: Most nodes an expression may have, as in expr-lang.
MAX_NODES = 10_000
#: Most tokens that are read, which no expression of so many nodes comes near: brackets make no node.
MAX_TOKENS = 100_000
#: Deepest nesting, which keeps every walk of the tree within the interpreter's own stack.
MAX_DEPTH = 120
#: The largest integer of the language.
MAX_INTEGER = 2**63 - 1

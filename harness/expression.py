"""The small language in which a ruling says when it holds and what a value is computed from.

Names are `before`, `trigger`, `truth`, `now` and `$i`; attribute and index look a key up, and a
key that is missing is null. Literals are text, integers, true, false and null. There are
comparison, `in`, `and`, `or`, `not`, integer `+` and `-`, `str()` and `int()`, and nothing else:
no float, no call of anything, no name of the candidate or the control. Text is parsed with
Python's own parser and evaluated here, never by Python.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from harness.canonical import same
from harness.errors import InputError
from harness.names import hint
from harness.ports import Data
from harness.text import quoted

NAMES: Final = ("before", "trigger", "truth", "now")
EACH: Final = "$i"
LONGEST: Final = 500
"""Characters an expression may have."""

_BOUND: Final = "each__bound"
_WORDS: Final[Mapping[str, Data]] = {"true": True, "false": False, "null": None}
_CALLS: Final = ("str", "int")
_EACH_OR_TEXT: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|\$i\b")
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")

Scope = Mapping[str, Data]
"""Values of the names; `$i` is among them where a ruling is bound to an object."""


class Unevaluable(Exception):
    """An expression has no value here; what it stands in does not hold."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: as it was written.
        each: whether it names `$i`.
    """

    text: str
    each: bool
    tree: ast.expr = field(compare=False, repr=False)

    def evaluate(self, scope: Scope) -> Data:
        """The value in a scope.

        Raises:
            Unevaluable: types do not fit, or a name has no value here.
        """
        return _value(self.tree, scope)

    def holds(self, scope: Scope) -> bool:
        """Whether the value is true; anything else, and no value at all, is not."""
        try:
            return self.evaluate(scope) is True
        except Unevaluable:
            return False


def parse_expression(text: str, where: str = "") -> Expression:
    """Parse one expression; `where` is its `file:line` in messages.

    Raises:
        InputError: it is not of this language.
    """

    def refuse(message: str, advice: str = "") -> NoReturn:
        raise InputError("expression", f"{quoted(text)}: {message}", where, advice)

    if len(text) > LONGEST:
        refuse(f"longer than {LONGEST} characters", "split it into several")
    if _BOUND in text:
        refuse(f"{_BOUND} is no name", "write $i")
    safe = _EACH_OR_TEXT.sub(lambda found: _BOUND if found[0] == EACH else found[0], text)
    try:
        with warnings.catch_warnings(action="error"):  # what Python only warns of is refused
            tree = ast.parse(safe.strip(), mode="eval").body
    except SyntaxError as error:
        refuse(f"no expression: {error.msg}")
    except (ValueError, MemoryError, RecursionError, Warning):
        refuse("no expression")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        fault = _fault(node, called=id(node) in called)
        if fault:
            refuse(*fault)
    each = any(isinstance(node, ast.Name) and node.id == _BOUND for node in ast.walk(tree))
    return Expression(text, each, tree)


def _fault(node: ast.AST, *, called: bool) -> tuple[str, str] | None:
    """Why a part of the tree is not of this language, and what to do, or None."""
    if isinstance(node, ast.Name):
        known = (*NAMES, *_WORDS)
        if called or node.id in (*known, _BOUND):
            return None
        return f"unknown name {quoted(node.id)}", hint(node.id, (*known, EACH))
    if isinstance(node, ast.Constant):
        if node.value is None or type(node.value) in (str, int, bool):
            return None
        return f"{quoted(node.value)} is no text, integer, true, false or null", ""
    if isinstance(node, ast.Call):
        if (
            isinstance(node.func, ast.Name)
            and node.func.id in _CALLS
            and len(node.args) == 1
            and not node.keywords
        ):
            return None
        return "nothing is called but str() and int(), with one value", ""
    if isinstance(node, (*_RULES, *_COMPARE, ast.And, ast.Or, ast.Not, ast.Load)):
        return None
    if isinstance(node, (ast.USub, ast.Add, ast.Sub)):
        return None
    return f"{type(node).__name__} is not of this language", ""


def _value(node: ast.expr, scope: Scope) -> Data:
    return _RULES[type(node)](node, scope)


def _constant(node: Any, scope: Scope) -> Data:  # noqa: ARG001  # the same everywhere
    return node.value


def _name(node: Any, scope: Scope) -> Data:
    if node.id in _WORDS:
        return _WORDS[node.id]
    name = EACH if node.id == _BOUND else node.id
    if name not in scope:
        raise Unevaluable(f"{name} has no value here")
    return scope[name]


def _attribute(node: Any, scope: Scope) -> Data:
    return _look_up(_value(node.value, scope), node.attr)


def _subscript(node: Any, scope: Scope) -> Data:
    return _look_up(_value(node.value, scope), _value(node.slice, scope))


def _look_up(holder: Data, key: Data) -> Data:
    if holder is None:
        return None
    if isinstance(holder, Mapping) and type(key) is str:
        return holder.get(key)
    if isinstance(holder, list | tuple) and type(key) is int and key >= 0:
        return holder[key] if key < len(holder) else None
    raise Unevaluable(f"{quoted(key)} of {quoted(holder)}")


def _items(node: Any, scope: Scope) -> Data:
    return [_value(item, scope) for item in node.elts]


def _both_or_either(node: Any, scope: Scope) -> Data:
    stop = isinstance(node.op, ast.Or)
    return stop if any(_truth(part, scope) is stop for part in node.values) else not stop


def _unary(node: Any, scope: Scope) -> Data:
    if isinstance(node.op, ast.Not):
        return not _truth(node.operand, scope)
    return -_integer(_value(node.operand, scope))


def _sum(node: Any, scope: Scope) -> Data:
    left, right = _integer(_value(node.left, scope)), _integer(_value(node.right, scope))
    return left + right if isinstance(node.op, ast.Add) else left - right


def _comparison(node: Any, scope: Scope) -> Data:
    left = _value(node.left, scope)
    for operator, part in zip(node.ops, node.comparators, strict=True):
        right = _value(part, scope)
        if not _COMPARE[type(operator)](left, right):
            return False
        left = right
    return True


def _call(node: Any, scope: Scope) -> Data:
    value = _value(node.args[0], scope)
    if type(value) is int:
        return str(value) if node.func.id == "str" else value
    if type(value) is str:
        if node.func.id == "str":
            return value
        if _INTEGER.fullmatch(value):
            return int(value)
    raise Unevaluable(f"{node.func.id}() of {quoted(value)}")


def _truth(node: ast.expr, scope: Scope) -> bool:
    value = _value(node, scope)
    if type(value) is not bool:
        raise Unevaluable(f"{quoted(value)} is neither true nor false")
    return value


def _integer(value: Data) -> int:
    if type(value) is not int:
        raise Unevaluable(f"{quoted(value)} is no integer")
    return value


def _within(item: Data, collection: Data) -> bool:
    """Whether a value is an item of a list or a key of a mapping; text holds no items."""
    if not isinstance(collection, list | tuple | Mapping):
        raise Unevaluable(f"{quoted(collection)} is no list")
    return any(same(item, other) for other in collection)


_COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Data, Data], bool]]] = {
    ast.Eq: same,
    ast.NotEq: lambda left, right: not same(left, right),
    ast.Lt: lambda left, right: _integer(left) < _integer(right),
    ast.LtE: lambda left, right: _integer(left) <= _integer(right),
    ast.Gt: lambda left, right: _integer(left) > _integer(right),
    ast.GtE: lambda left, right: _integer(left) >= _integer(right),
    ast.In: _within,
    ast.NotIn: lambda item, collection: not _within(item, collection),
}

_RULES: Final[Mapping[type[ast.expr], Callable[[Any, Scope], Data]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.List: _items,
    ast.Tuple: _items,
    ast.BoolOp: _both_or_either,
    ast.UnaryOp: _unary,
    ast.BinOp: _sum,
    ast.Compare: _comparison,
    ast.Call: _call,
}

"""What an expression may stand for, as values: functions, modules, and chains of names."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

DEEPEST: Final = 40
"""Steps from name to name that are followed before a thing counts as unknown."""

MOST: Final = 48
"""Chains that one expression may stand for before it counts as unknown."""

MOST_FUNCTIONS: Final = 400
"""Functions that one expression may stand for before it counts as unknown."""

MOST_SITES: Final = 200
"""Calls of a function whose arguments are followed before a parameter counts as unknown."""

ROUNDS: Final = 24
"""How often a tree is looked at before it counts as one that nobody can follow."""

LONGEST: Final = 12
"""Steps of a chain; what goes on longer is cut at its beginning, and counts as unknown."""

ANY: Final = "*"
"""A step of a chain whose name is made when the code runs."""

CALLED: Final = "()"
"""End of a step that was called or looked into, and that a description need not name."""

CONTAINERS: Final = frozenset(
    {"get", "items", "values", "pop", "popitem", "setdefault", "copy", "__getitem__"}
)
BUILTINS: Final = frozenset(dir(builtins))
_BUILT: Final = frozenset({"dict", "list", "set", "tuple", "frozenset", "str", "int", "bytes"})
PLAIN: Final = frozenset(
    {*_BUILT, "bool", "float", "Mapping", "MutableMapping", "Sequence", "Iterable", "Collection"}
    | {"defaultdict", "Counter", "OrderedDict", "Dict", "List", "Set", "Tuple", "MutableSequence"}
)
"""Types of which every value is Python's own, and no store."""


class Ref(NamedTuple):
    """A function or a class of the tree."""

    id: str


class Instance(NamedTuple):
    """An object of a class of the tree."""

    id: str


class Module(NamedTuple):
    """A module of the tree."""

    module: str


class Inline(NamedTuple):
    """A function without a name, whose code belongs to the scope that it stands in."""

    scope: str


class Plain(NamedTuple):
    """A value of Python's own; `text` where it is a text that stands in the code."""

    text: str | None = None


class Chain(NamedTuple):
    """Names joined by dots, from something that is not of the tree."""

    root: Literal["parameter", "import", "builtin", "unknown", "written"]
    steps: tuple[str, ...]


Value = Ref | Instance | Module | Inline | Plain | Chain
Values = frozenset[Value]
NONE: Final[Values] = frozenset()
UNKNOWN: Final[Values] = frozenset({Chain("unknown", ("?",))})


def longer(chain: Chain, step: str) -> Chain:
    """A chain with one more step.

    A name that is in it already folds it back to there: a loop that goes from a thing to the next
    one of its kind would make ever longer chains.
    """
    bare = step.removesuffix(CALLED)
    for number, one in enumerate(chain.steps[1:], 1):
        if one.removesuffix(CALLED) == bare:
            return Chain(chain.root, (*chain.steps[:number], step))
    if len(chain.steps) >= LONGEST:
        return Chain("unknown", (*chain.steps, step)[-LONGEST:])
    return Chain(chain.root, (*chain.steps, step))


def fewer(values: Values) -> Values:
    """The same values, but for too many of one sort: they count as one unknown."""
    if len(values) <= MOST:
        return values
    texts = [one for one in values if isinstance(one, Plain)]
    chains = [one for one in values if isinstance(one, Chain)]
    others = values.difference(texts, chains)
    kept: Values = frozenset(texts) if len(texts) <= MOST_FUNCTIONS else frozenset({Plain()})
    known = frozenset(chains) if len(chains) <= MOST else UNKNOWN
    return kept | known | (others if len(others) <= MOST_FUNCTIONS else UNKNOWN)


def written(node: ast.expr) -> Chain | None:
    """A dotted name as it stands in the code; None where it begins with no name."""
    steps: list[str] = []
    ending = ""
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute(value=inner, attr=attr):
                steps.append(attr + ending)
                node, ending = inner, ""
            case ast.Call(func=inner):
                node, ending = inner, CALLED
            case ast.Subscript(value=inner, slice=place):
                steps.append(_step(place))
                node, ending = inner, ""
            case _:
                return None
    return Chain("written", (*steps[: LONGEST - 1], node.id + ending)[::-1])


def parts(node: ast.expr) -> Iterator[ast.expr]:
    """Expressions whose values an expression may stand for, or that it holds."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            yield from (one, other)
        case ast.BoolOp(values=items) | ast.Tuple(elts=items) | ast.List(elts=items):
            yield from items
        case ast.BinOp(left=one, right=other):
            yield from (one, other)
        case ast.Set(elts=items):
            yield from items
        case ast.Dict(keys=keys, values=items):
            yield from filter(None, keys)
            yield from items
        case ast.ListComp(elt=item) | ast.SetComp(elt=item) | ast.GeneratorExp(elt=item):
            yield item
        case ast.DictComp(key=key, value=item):
            yield from (key, item)
        case ast.NamedExpr(value=item) | ast.Await(value=item) | ast.Starred(value=item):
            yield item


def looked(value: Value, place: ast.expr) -> Value:
    """What a value is looked into at a place stands for: a container for anything in it."""
    if isinstance(value, Chain):
        return longer(value, _step(place))
    return Plain() if isinstance(value, Plain) else value


def _step(place: ast.expr) -> str:
    text = place.value if isinstance(place, ast.Constant) else None
    return (text if isinstance(text, str) else "[]") + CALLED


def is_plain(annotation: ast.expr) -> bool:
    """Whether an annotation names types of Python's own and no other."""
    match annotation:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in PLAIN
        case ast.Subscript(value=of):
            return is_plain(of)
        case ast.BinOp(left=one, op=ast.BitOr(), right=other):
            return all(is_plain(side) or _is_none(side) for side in (one, other))
        case ast.Constant(value=str(text)):
            return text.partition("[")[0] in PLAIN
    return False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None

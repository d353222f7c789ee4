"""Operators on values: constants by their unit, arithmetic, rounding, places in a sequence."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from harness.mutate.kind import kind
from harness.mutate.replacement import Operator, Replacement, constant, like, one, without
from harness.mutate.site import Site, called
from harness.mutate.vocabulary import Vocabulary

DAY: Final = 86_400
"""Seconds; a threshold in days is off by a second, or by a day."""

SWAPS: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
SEPARATING: Final = frozenset(
    ("split", "rsplit", "partition", "rpartition", "getattr", "hasattr", "setattr")
)
"""Calls that refuse an empty text, or ask for a name of the program."""

NOT_FLIPPED: Final = frozenset(("strict", "repr", "frozen", "slots", "kw_only"))
"""Keywords of the language's own, which only guard or show."""


def _nudged(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Constant(value=value) if type(value) is int and not _is_unit(site, value):
            for step, name in _units(site, value):
                if not (value + step < 0 and _is_length(site)):
                    yield one(constant(value + step), name)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=a), right=ast.Constant(value=b)):
            if type(a) is int and type(b) is int and a * b and a * b % DAY == 0:
                for op, name in ((ast.Add(), "second-more"), (ast.Sub(), "second-less")):
                    yield one(ast.BinOp(site.node, op, ast.Constant(1)), name)


def _units(site: Site, value: int) -> Iterator[tuple[int, str]]:
    yield 1, "more"
    yield -1, "less"
    if value and value % DAY == 0 and not isinstance(site.parent, ast.BinOp):
        yield DAY, "day-more"
        if value != DAY:
            yield -DAY, "day-less"


def _is_unit(site: Site, value: int) -> bool:
    """Tell an index or a bound of a slice, and the length of a day in a product of days.

    Another item is what `place` takes; a day longer or shorter by a second is one second more or
    less for every day of the product, which a single second tells as well.
    """
    product = isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Mult)
    if product and value == DAY:
        return True
    above = site.above[-2] if isinstance(site.parent, ast.UnaryOp) else site.parent
    return isinstance(above, ast.Subscript | ast.Slice)


def _is_length(site: Site) -> bool:
    """Tell a constant that a length is compared with: none is below 0."""
    match site.parent:
        case ast.Compare(left=left, comparators=[right]):
            return "len" in (called(left), called(right))
    return False


def _flipped(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node, site.parent:
        case ast.Constant(value=bool() as value), parent:
            if not (isinstance(parent, ast.keyword) and parent.arg in NOT_FLIPPED):
                yield one(ast.Constant(value=not value))
        case ast.Constant(value=None), ast.keyword() | ast.Call() | ast.Dict() | ast.IfExp():
            yield one(ast.Constant(0))
        case ast.Constant(value=None), ast.Assign() if site.runs:
            yield one(ast.Constant(0))


def _emptied(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    """A text for people, with a space in it, is left alone; so are keys and known words."""
    match site.node:
        case ast.Constant(value=str() as text):
            known = any(text in known for known in (*words.words, *words.attributes))
            shown = any(letter.isspace() for letter in text)
            if not (known or shown or _is_key(site) or (not text and _is_fallback(site))):
                yield one(ast.Constant("" if text else "mutant"))


def _is_fallback(site: Site) -> bool:
    """Tell what stands for a missing text, as in `name or ""`: any other unknown text does."""
    return isinstance(site.parent, ast.BoolOp)


def _is_key(site: Site) -> bool:
    match site.parent:
        case ast.Dict():
            return site.field == "keys"
        case ast.Call() as call:
            return called(call) in SEPARATING
    return isinstance(site.parent, ast.Subscript)


def _arithmetic(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.BinOp(op=op) as node:
            other = _other(op, kind(node, site))
            if other is not None and not _is_ceiling(site):
                yield one(like(node, op=other))
        case ast.AugAssign(op=op, value=value, target=target) as node:
            read = ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else value
            other = _other(op, kind(value, site) or kind(read, site))
            if other is not None:
                yield one(like(node, op=other))


def _other(op: ast.operator, of: str) -> ast.operator | None:
    if of in ("sequence", "mapping"):
        return None
    if of == "set" and isinstance(op, ast.Sub):
        return ast.BitOr()
    made = SWAPS.get(type(op))
    return None if made is None else made()


def _addend(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.BitOr() | ast.BitAnd(), left=left):
            yield one(left)


def _unary(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.UnaryOp(op=ast.USub(), operand=operand) if not _is_ceiling_part(site):
            yield one(operand)


def _is_ceiling(site: Site) -> bool:
    """Tell the division inside `-(-a // b)`."""
    match site.parent, site.node:
        case (
            ast.UnaryOp(op=ast.USub()),
            ast.BinOp(op=ast.FloorDiv(), left=ast.UnaryOp(op=ast.USub())),
        ):
            return True
    return False


def _is_ceiling_part(site: Site) -> bool:
    """Tell either minus of `-(-a // b)`: without one alone the sign is wrong, not the rounding."""
    match site.node:
        case ast.UnaryOp(operand=ast.BinOp(op=ast.FloorDiv(), left=ast.UnaryOp(op=ast.USub()))):
            return True
    match site.above[-2:]:
        case [ast.UnaryOp(op=ast.USub()), ast.BinOp(op=ast.FloorDiv(), left=left)]:
            return left is site.node
    return False


def _hundredfold(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    """A minor unit taken for a major one: where an amount is handed on, not where it is asked."""
    match site.node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
            pass
        case ast.Subscript(slice=ast.Constant(value=str() as name), ctx=ast.Load()):
            pass
        case _:
            return
    if name in words.amounts and not site.asked and not _is_handled(site):
        yield one(ast.BinOp(site.node, ast.Mult(), ast.Constant(100)))


def _is_handled(site: Site) -> bool:
    """Tell where an amount is called, taken apart, shown, or only asked whether it is there."""
    match site.parent:
        case ast.Attribute() | ast.FormattedValue() | ast.Starred() | ast.MatchValue():
            return True
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
            return True
        case ast.Compare(left=left, comparators=[right]):  # a hundredfold of nothing is nothing
            return any(isinstance(x, ast.Constant) and x.value == 0 for x in (left, right))
        case ast.Call() | ast.Subscript():
            return site.field in ("func", "value")
        case ast.For() | ast.comprehension():
            return True
    return False


def _rounding(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.UnaryOp(
            op=ast.USub(),
            operand=ast.BinOp(
                op=ast.FloorDiv(), left=ast.UnaryOp(op=ast.USub(), operand=above), right=below
            ),
        ):
            yield one(ast.BinOp(above, ast.FloorDiv(), below), "down")
        case ast.BinOp(op=ast.FloorDiv(), left=above, right=below) if not _is_ceiling(site):
            if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Add):
                yield one(ast.BinOp(above.left, ast.FloorDiv(), below), "not-half-up")
            less = ast.BinOp(ast.UnaryOp(ast.USub(), above), ast.FloorDiv(), below)
            yield one(ast.UnaryOp(ast.USub(), less), "up")
            whole = ast.Call(
                ast.Name("round", ast.Load()), [ast.BinOp(above, ast.Div(), below)], []
            )
            yield one(whole, "nearest")
        case ast.Call(func=ast.Name(id="round"), args=[value]):
            yield one(ast.Call(ast.Name("int", ast.Load()), [value], []), "down")


def _bound(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=args) as call:
            other = "max" if name == "min" else "min"
            yield one(like(call, func=ast.Name(other, ast.Load())), "other")
            constants = [isinstance(arg, ast.Constant) for arg in args]
            if len(args) == 2 and sum(constants) == 1 and not call.keywords:
                yield one(args[constants.index(False)], "none")
        case ast.Call(func=ast.Name(id="abs"), args=[value]):
            yield one(value, "none")


def _place(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Subscript(slice=ast.Constant(value=int() as index)) as node if type(index) is int:
            yield one(like(node, slice=constant(index - 1)))
        case (
            ast.Subscript(
                slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int()))
            ) as node
        ):
            yield one(like(node, slice=ast.Constant(0)))
        case ast.Slice(lower=lower, upper=upper) as part:
            if lower is not None:
                yield one(like(part, lower=None), "from-start")
            if upper is not None:
                yield one(like(part, upper=None), "to-end")


def _sorting(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Call(func=ast.Name(id="sorted"), args=[value]) as call:
            yield one(ast.Call(ast.Name("list", ast.Load()), [value], []), "dropped")
            given = [word.arg for word in call.keywords]
            if "reverse" not in given:
                back = ast.keyword("reverse", ast.Constant(value=True))
                yield one(like(call, keywords=[*call.keywords, back]), "reversed")
        case ast.Lambda(body=ast.Tuple(elts=parts) as key) as by if _is_sort_key(site):
            for index in range(len(parts)):
                rest = without(parts, index)
                body = like(key, elts=rest) if len(rest) > 1 else (rest or parts)[0]
                yield one(like(by, body=body), f"without-{index}")


def _is_sort_key(site: Site) -> bool:
    return isinstance(site.parent, ast.keyword) and site.parent.arg == "key"


OPERATORS: Final = (
    Operator("rounding", "a division is rounded the other way, or half up no longer", _rounding),
    Operator("bound", "`min` becomes `max` and back; a bound, or `abs`, is dropped", _bound),
    Operator("constant-nudged", "a number is one unit off: 1, a second, a day", _nudged),
    Operator("constant-flipped", "True becomes False and back, None becomes 0", _flipped),
    Operator("arithmetic", "+ becomes -, * becomes //, % becomes *, | becomes &", _arithmetic),
    Operator("addend-dropped", "what is added or taken off is left out", _addend),
    Operator("sign", "a minus is dropped", _unary),
    Operator("hundredfold", "an amount is a hundred times what it was", _hundredfold),
    Operator("place", "another item, or all of a sequence, is taken", _place),
    Operator("sorting", "the order is dropped or reversed, or a part of its key is", _sorting),
    Operator(
        "text-emptied", "a text that stands for something is empty, an empty one is not", _emptied
    ),
)

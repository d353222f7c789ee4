"""Operators on what is asked: comparisons, and/or/not, branches, conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from harness.mutate.replacement import Operator, Replacement, constant, like, one, without
from harness.mutate.site import Site, called
from harness.mutate.vocabulary import Vocabulary
from harness.syntax import is_constant, is_irrefutable

NEIGHBOURS: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def _relational(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Compare(ops=ops) as compare:
            for index, op in enumerate(ops):
                other = [*ops[:index], NEIGHBOURS[type(op)](), *ops[index + 1 :]]
                yield one(like(compare, ops=other), str(index) if index else "")


def _connective(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.BoolOp(op=ast.And()) as both:
            yield one(like(both, op=ast.Or()))
        case ast.BoolOp(op=ast.Or()) as either:
            yield one(like(either, op=ast.And()))


def _operand(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.BoolOp(values=values) as node:
            for index in range(len(values)):
                rest = without(values, index)
                yield one(like(node, values=rest) if len(rest) > 1 else rest[0], str(index))


def _negation(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    """Take a `not` away, or add one where a comparison's neighbour does not do the same."""
    match site.node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield one(operand)
        case ast.BoolOp() | ast.Compare(ops=[_]) | ast.Constant():
            return
        case ast.expr() as test if site.asked and not _is_negated(site):
            yield one(ast.UnaryOp(ast.Not(), test))


def _is_negated(site: Site) -> bool:
    return isinstance(site.parent, ast.UnaryOp)


def _branch(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node, site.parent:
        case ast.expr() as test, ast.If() | ast.IfExp() if site.field == "test":
            if not is_constant(test):
                yield one(ast.Constant(value=True), "true")
                yield one(ast.Constant(value=False), "false")
        case ast.expr() as test, ast.While() as loop if site.field == "test":
            if not is_constant(test):
                yield one(ast.Constant(value=False), "false")
                if _can_leave(loop):
                    yield one(ast.Constant(value=True), "true")
        case ast.expr(), ast.match_case() if site.field == "guard":
            yield one(ast.Constant(value=True), "true")
            yield one(ast.Constant(value=False), "false")


def _can_leave(loop: ast.While) -> bool:
    """Tell a loop that could end though its test is always true."""
    leaving = (ast.Break, ast.Return, ast.Raise)
    return any(isinstance(node, leaving) for part in loop.body for node in ast.walk(part))


def _case(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Match(cases=cases) as node if len(cases) > 1:
            for index in range(len(cases)):
                yield one(like(node, cases=without(cases, index)), f"{index}-never")
        case ast.match_case(pattern=pattern, guard=None) as case:
            if not is_irrefutable(pattern) and not _binds(pattern):
                open_ = ast.copy_location(ast.MatchAs(), pattern)
                yield one(like(case, pattern=open_, guard=constant(value=True)), "always")


def _binds(pattern: ast.pattern) -> bool:
    """Tell a pattern that gives names their values."""
    named = (ast.MatchAs, ast.MatchStar, ast.MatchMapping)
    return any(
        isinstance(node, named) and (getattr(node, "name", None) or getattr(node, "rest", None))
        for node in ast.walk(pattern)
    )


def _condition(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.parent:
        case ast.comprehension() if site.field == "ifs":
            yield one(ast.Constant(value=True), "true")
            yield one(ast.Constant(value=False), "false")


def _quantifier(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Call(func=ast.Name(id="any" | "all"), args=[_]) as call:
            other = "all" if called(call) == "any" else "any"
            yield one(like(call, func=ast.Name(other, ast.Load())))


OPERATORS: Final = (
    Operator("relational", "a comparison becomes its neighbour: < <=, == !=, is, in", _relational),
    Operator(
        "branch-forced", "an if, a while, a ternary or a guard is always or never true", _branch
    ),
    Operator("case-forced", "a case of a match always matches, or never", _case),
    Operator(
        "condition-forced", "a comprehension's condition is always or never true", _condition
    ),
    Operator("connective", "`and` becomes `or`, `or` becomes `and`", _connective),
    Operator("operand-dropped", "an operand of `and` or `or` is left out", _operand),
    Operator("negation", "a `not` is added or taken away", _negation),
    Operator("quantifier", "`any` becomes `all`, `all` becomes `any`", _quantifier),
)

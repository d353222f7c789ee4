"""Gutted: the name still stands, and what it did is gone. One rule a row of the table.

Each rule compares one function at the base with the function of that name at the head. Only what
the head has newly counts: a stub that was one is none of a range's doing.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from harness.guarding.live import (
    FUNCTIONS,
    Flags,
    Function,
    bound_in,
    is_inert,
    is_shell,
    nodes,
    statements,
    truth,
)
from harness.guarding.symbols import shown

HARMLESS: Final = frozenset({"override", "final", "overload", "no_type_check"})
"""Decorators that hand back the very function."""


@dataclass(frozen=True)
class Code:
    """A function, and what of it can run."""

    function: Function
    flags: Flags = field(default_factory=dict)

    @cached_property
    def live(self) -> tuple[ast.stmt, ...]:
        """Statements that can run, at any depth."""
        return tuple(statements(self.function.body, self.flags))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(nodes(self.function.body, self.flags))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def all(self) -> tuple[ast.stmt, ...]:
        """Every statement as it stands, whether it can run or not."""
        walked = (node for one in self.function.body for node in ast.walk(one))
        return tuple(one for one in walked if isinstance(one, ast.stmt) and not is_inert(one))

    @cached_property
    def local(self) -> frozenset[str]:
        return bound_in(self.function)

    @cached_property
    def tests(self) -> Counter[str]:
        """Conditions as they are written, and how often each stands there."""
        return Counter(ast.unparse(test) for test in self.conditions())

    def conditions(self) -> Iterator[ast.expr]:
        for node in ast.walk(self.function):
            if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
                yield node.test
            elif isinstance(node, ast.match_case) and node.guard is not None:
                yield node.guard
            elif isinstance(node, ast.Match):
                yield node.subject
            elif isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
                yield node.iter
            elif isinstance(node, ast.BoolOp):
                yield from (one for one in node.values[:-1] if self.is_switch(one))

    def is_switch(self, test: ast.expr) -> bool:
        """Tell a condition that no state decides: of constants, or of names from outside alone."""
        if truth(test, self.flags) is not None:
            return True
        read = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        return read.isdisjoint(self.local)


def stub(before: Code, after: Code) -> str:
    """The body became nothing: `pass`, `...`, a docstring."""
    return "does nothing any more" if before.live and not after.live else ""


def only_raises(before: Code, after: Code) -> str:
    """The body became one `raise`."""
    if _is_one(before, ast.Raise) or not _is_one(after, ast.Raise):
        return ""
    return f"only raises: `{shown(after.live[0])}`"


def constant_answer(before: Code, after: Code) -> str:
    """The body became one `return` of a constant, however it is spelt."""
    if _answers_alike(before) or not _answers_alike(after):
        return ""
    return f"only answers `{shown(after.live[0])}`"


def _answers_alike(code: Code) -> bool:
    """Whether a function answers the same whatever it is given, and does nothing else."""
    if code.calls or not _is_one(code, ast.Return):
        return False
    return not any(isinstance(one, ast.Name) and one.id in code.local for one in code.nodes)


def _is_one(code: Code, kind: type[ast.stmt]) -> bool:
    return len(code.live) == 1 and isinstance(code.live[0], kind)


def half_lost(before: Code, after: Code) -> str:
    """It lost half or more of its statements, of its calls, or of all that it computes."""
    counted = (
        ("statements", len(before.live), len(after.live)),
        ("calls", len(before.calls), len(after.calls)),
        ("parts of its code", len(before.nodes), len(after.nodes)),
    )
    for what, old, new in counted:
        if old > 1 and new * 2 <= old:
            return f"keeps {new} of {old} {what} that can run"
    return ""


def leaves_early(before: Code, after: Code) -> str:
    """Something leaves it before statements that ran."""
    dead = _dead(after) - _dead(before)
    if not dead:
        return ""
    first = min(dead, key=lambda text: len(text))
    return f"never gets to `{first}`" + (f" and {len(dead) - 1} more" if len(dead) > 1 else "")


def _dead(code: Code) -> set[str]:
    live = {id(one) for one in code.live}
    nested = {
        id(node)
        for one in code.all
        if isinstance(one, (*FUNCTIONS, ast.ClassDef))
        for node in ast.walk(one)
        if node is not one
    }
    return {
        shown(one)
        for one in code.all
        if id(one) not in live and id(one) not in nested and not is_shell(one, code.flags)
    }


def switched(before: Code, after: Code) -> str:
    """A condition that no state decides stands where none stood."""
    new = after.tests - before.tests
    for test in after.conditions():
        if new[ast.unparse(test)] > 0 and after.is_switch(test):
            return f"hangs on `{shown(test)}`, which nothing in it decides"
    return ""


def lazy(before: Code, after: Code) -> str:
    """Calling it no longer runs it: it became a generator or a coroutine."""
    if isinstance(after.function, ast.AsyncFunctionDef) > isinstance(
        before.function, ast.AsyncFunctionDef
    ):
        return "became a coroutine, which runs only where it is awaited"
    if _yields(after.function) > _yields(before.function):
        return "became a generator, which runs only where it is iterated"
    return ""


def _yields(function: Function) -> bool:
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, (*FUNCTIONS, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def wrapped(before: Code, after: Code) -> str:
    """A decorator that was not there stands between it and who calls it."""
    new = _decorators(after) - _decorators(before)
    named = sorted(text for text in new if text.rpartition(".")[2] not in HARMLESS)
    return f"is wrapped in `@{named[0]}`" if named else ""


def unwrapped(before: Code, after: Code) -> str:
    """A decorator that registered or completed it is gone."""
    lost = sorted(_decorators(before) - _decorators(after))
    return f"lost `@{lost[0]}`" if lost else ""


def _decorators(code: Code) -> Counter[str]:
    return Counter(ast.unparse(one) for one in code.function.decorator_list)


RULES: Final[Mapping[str, Callable[[Code, Code], str]]] = {
    "stub": stub,
    "only-raises": only_raises,
    "constant-answer": constant_answer,
    "leaves-early": leaves_early,
    "switched": switched,
    "lazy": lazy,
    "wrapped": wrapped,
    "unwrapped": unwrapped,
    "half-lost": half_lost,
}
"""Rule → what it says of two functions, nothing where it sees nothing; the first to see holds."""


def of_lambda(node: ast.Lambda, flags: Flags) -> Code:
    """A lambda as the function that it is."""
    answer = ast.copy_location(ast.Return(value=node.body), node)
    function = ast.FunctionDef(
        name="lambda", args=node.args, body=[answer], decorator_list=[], returns=None
    )
    return Code(ast.copy_location(function, node), flags)


def gutted(before: Code, after: Code) -> tuple[str, str] | None:
    """The first rule that sees the function gutted, and what it says."""
    for name, rule in RULES.items():
        if said := rule(before, after):
            return name, said
    return None

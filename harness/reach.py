"""Private parts: what engine code may reach for by a name with an underscore, and what not.

Python hides nothing, so the modules of the candidate are changed before they are compiled: each
access to a private name asks first whose it is. Its own parts an engine may see; behind the ports
lie the journal, the world and the harness. This is no wall against an attacker who may run any
code; it is one against an engine that looks up what it ought to work out.
"""

from __future__ import annotations

import ast
import operator
import re
import string
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, NoReturn

ASK: Final = "__own_part__"
"""The builtin that is asked: it returns the object, or the trap springs."""

BEHIND: Final = frozenset(
    (
        "__builtins__", "__closure__", "__code__", "__dict__", "__func__", "__getattribute__",
        "__globals__", "__mro__", "__reduce__", "__reduce_ex__", "__self__", "__subclasses__",
        "__traceback__", "__wrapped__", "ag_frame", "cr_frame", "f_back", "f_builtins",
        "f_globals", "f_locals", "gi_frame", "tb_frame",
    )
)  # fmt: skip
"""Names through which Python leads from any object to what made it."""

FORMATS: Final = frozenset(("format", "format_map"))
"""Methods of texts that go by the names which stand in the text."""

OFFERED: Final = frozenset(("_asdict", "_fields", "_make", "_name_", "_replace", "_value_"))
"""Names of the standard library that begin so and are meant for everybody."""


def is_private(name: str) -> bool:
    """Whether a name leads behind an object, or is its owner's own by custom."""
    if name.startswith("__") and name.endswith("__"):
        return name in BEHIND
    return name in BEHIND or (name.startswith("_") and name not in OFFERED)


class _Asking(ast.NodeTransformer):
    """Puts the question before each access to a private name."""

    def asked(self, value: ast.expr, name: str) -> ast.expr:
        call = ast.Call(ast.Name(ASK, ast.Load()), [value, ast.Constant(name)], [])
        return ast.copy_location(call, value)

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        self.generic_visit(node)
        if is_private(node.attr) or node.attr in FORMATS:
            node.value = self.asked(node.value, node.attr)
        return node

    def visit_Match(self, node: ast.Match) -> ast.Match:
        self.generic_visit(node)
        patterns = [one for one in ast.walk(node) if isinstance(one, ast.MatchClass)]
        for name in (name for one in patterns for name in one.kwd_attrs if is_private(name)):
            node.subject = self.asked(node.subject, name)
        return node


def asking(tree: ast.Module) -> ast.Module:
    """Let a module ask before each access to a private name; the tree is changed."""
    changed: ast.Module = _Asking().visit(tree)
    return ast.fix_missing_locations(changed)


def named_in(text: str) -> set[str]:
    """The names that a text's replacement fields go by; none where it is no such text."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(text) if field]
    except ValueError:
        return set()
    return {name for field in fields for name in re.split(r"[.\[\]]", field)}


def names(owns: Callable[[str], bool], spring: Callable[[str], NoReturn]) -> dict[str, Any]:
    """The builtins that go by names; `owns` tells a package's modules, `spring` never returns."""

    def own_part(value: Any, name: str) -> Any:
        if name in FORMATS:
            if isinstance(value, str) and any(map(is_private, named_in(value))):
                spring(f"str.{name}")
            return value
        home = value if isinstance(value, type | ModuleType) else type(value)
        module = home.__name__ if isinstance(home, ModuleType) else home.__module__
        if not isinstance(value, super) and not owns(module):
            spring(f"{home.__name__}.{name}")
        return value

    def get(value: Any, name: str, *default: Any) -> Any:
        return getattr(own_part(value, name) if is_private(name) else value, name, *default)

    def put(value: Any, name: str, new: Any) -> None:
        setattr(own_part(value, name) if is_private(name) else value, name, new)

    def of(*value: Any) -> Any:
        return vars(own_part(value[0], "__dict__")) if value else sys._getframe(1).f_locals

    return {ASK: own_part, "getattr": get, "setattr": put, "vars": of}


def getters(spring: Callable[[str], NoReturn]) -> dict[str, Any]:
    """What `operator` makes of names: refused where a name is private, whosever it is."""

    def checked(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*names: Any, **more: Any) -> Any:
            for name in names:
                if isinstance(name, str) and any(map(is_private, name.split("."))):
                    spring(f"operator.{make.__name__} {name}")
            return make(*names, **more)

        return made

    return {make.__name__: checked(make) for make in (operator.attrgetter, operator.methodcaller)}

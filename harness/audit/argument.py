"""Calls and what they give for a parameter."""

from __future__ import annotations

import ast
from typing import NamedTuple

from harness.audit.code import Scope
from harness.audit.names import is_static
from harness.audit.value import is_plain


class Site(NamedTuple):
    """A place where a function is called."""

    call: ast.Call
    scope: Scope


def is_plain_parameter(name: str, scope: Scope) -> bool:
    """Whether an annotation says that a parameter is a value of Python's own."""
    if scope.definition is None or isinstance(scope.definition, ast.ClassDef):
        return False
    for one in ast.walk(scope.definition.args):
        if isinstance(one, ast.arg) and one.arg == name and one.annotation is not None:
            return is_plain(one.annotation)
    return False


def argument(name: str, scope: Scope, site: Site) -> list[ast.expr] | None:
    """What a call gives for a parameter, nothing for its default; None where nobody sees."""
    call = site.call
    named = [one.value for one in call.keywords if one.arg == name]
    if named:
        return named
    if any(isinstance(one, ast.Starred) for one in call.args):
        return None
    if any(one.arg is None for one in call.keywords):
        return None
    place = scope.parameters.index(name) if name in scope.parameters else -1
    if scope.of_class() is not None and not is_static(scope):
        place -= 1
    return [call.args[place]] if 0 <= place < len(call.args) else []

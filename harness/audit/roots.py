"""Which functions a loaded engine's handlers are, whatever they are wrapped in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Final

from harness.ports import Handler

DEEPEST: Final = 8
"""Wrappers around a function that are looked through."""


def handlers_of(
    handlers: Mapping[str, list[Handler] | tuple[Handler, ...]], modules: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Path → `module:function` of all that is called for it.

    Args:
        handlers: trigger → handlers.
        modules: path → the module that it names. A wrapper stands elsewhere and is looked through;
            where no function of the module itself is found, all of the module is taken.
    """
    found: dict[str, dict[str, None]] = {path: {} for path in modules}
    for listed in handlers.values():
        for handler in listed:
            inner = [id_of(one) for one in functions(handler.call)]
            mine = [one for one in inner if one.partition(":")[0] == modules.get(handler.path)]
            named = mine or [f"{modules[handler.path]}:*"] if handler.path in modules else inner
            found.setdefault(handler.path, {}).update(dict.fromkeys(named))
    return {path: tuple(ids) for path, ids in found.items()}


def id_of(function: FunctionType) -> str:
    """`module:qualified.name`, as the syntax has it."""
    return f"{function.__module__}:{function.__qualname__.replace('<locals>.', '')}"


def functions(call: Callable[..., Any], depth: int = 0) -> Iterator[FunctionType]:
    """A callable and whatever functions it wraps: partial, bound, decorated, or closed over."""
    if depth > DEEPEST:
        return
    match call:
        case partial():
            yield from functions(call.func, depth + 1)
        case MethodType():
            yield from functions(call.__func__, depth + 1)
        case FunctionType():
            yield call
            inner = getattr(call, "__wrapped__", None)
            if callable(inner):
                yield from functions(inner, depth + 1)
            for cell in call.__closure__ or ():
                held = _content(cell)
                if callable(held) and not isinstance(held, type):
                    yield from functions(held, depth + 1)
        case _:
            method = vars(type(call)).get("__call__")
            if isinstance(method, FunctionType):
                yield method


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None

"""The engine that is changed: its code as it was read, and how a mutant gets into it and out."""

from __future__ import annotations

import ast
import functools
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any, Final

from harness.importing import LoadedEngine
from harness.mutate.mutant import Mutant, applied, apply_one

LOCALS: Final = ".<locals>"

Load = Callable[[Mapping[str, ast.Module]], LoadedEngine]
"""Loads the engine anew, with these trees in place of the modules' own."""


@dataclass(frozen=True)
class Subject:
    """One engine whose code is to be changed.

    What a mutant changes in a function is changed where the function is: its code object is
    exchanged, and exchanged back, while everything that holds the function goes on holding it.
    What it changes of a module's tables and constants is in many places by now, so the engine is
    loaded anew.

    Attributes:
        role: `control` or `candidate`.
        loaded: the engine, with probes.
        load: loads it anew.
    """

    role: str
    loaded: LoadedEngine
    load: Load

    @cached_property
    def trees(self) -> Mapping[str, ast.Module]:
        """Module → its syntax tree, as it was read when the engine was loaded."""
        return {name: ast.parse(source.text) for name, source in self.loaded.sources.items()}

    @cached_property
    def functions(self) -> Mapping[tuple[str, str], tuple[FunctionType, ...]]:
        """(module, qualified name) → the functions made of that text, whoever holds them."""
        modules = {id(vars(module)): name for name, module in self.loaded.modules.items()}
        found: dict[tuple[str, str], tuple[FunctionType, ...]] = {}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and id(one.__globals__) in modules:
                key = (modules[id(one.__globals__)], one.__code__.co_qualname)
                found[key] = (*found.get(key, ()), one)
        return found

    @cached_property
    def caches(self) -> tuple[Any, ...]:
        """Functions of the engine that remember what they answered."""
        remembering = functools._lru_cache_wrapper  # the type has no public name
        modules = set(self.loaded.modules)
        return tuple(
            one
            for one in gc.get_objects()
            if isinstance(one, remembering) and getattr(one, "__module__", "") in modules
        )

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[LoadedEngine]:
        """The engine with this change in it, for as long as the context lasts.

        It is this engine itself where a function's code is exchanged, else another loading of it.

        Raises:
            NotSwapped: the change is in a function that nobody holds any more.
            Exception: whatever executing the changed module raises.
        """
        if not mutant.runs or LOCALS in mutant.qualname:  # what is held may be older than the code
            tree = applied(self.trees[mutant.module], mutant)
            yield self.load({mutant.module: ast.fix_missing_locations(tree)})
            return
        name = mutant.qualname.partition(LOCALS)[0]
        held = self.functions.get((mutant.module, name), ())
        if not held:
            raise NotSwapped(f"nobody holds {mutant.module}:{name}")
        code = self.code(mutant, name)
        originals = [function.__code__ for function in held]
        self.forget()
        try:
            for function in held:
                function.__code__ = code
            yield self.loaded
        finally:
            for function, original in zip(held, originals, strict=True):
                function.__code__ = original
            self.forget()

    def code(self, mutant: Mutant, name: str) -> CodeType:
        """The changed code of a function.

        Raises:
            NotSwapped: the changed statement has no such function.
        """
        module = self.trees[mutant.module]
        body = [*_futures(module), apply_one(module, mutant)]
        tree = ast.fix_missing_locations(ast.Module(body=body, type_ignores=[]))
        file = self.loaded.sources[mutant.module].file
        for code in _codes(compile(tree, file, "exec", dont_inherit=True)):
            if code.co_qualname == name:
                return code
        raise NotSwapped(f"the changed statement has no {name}")

    def forget(self) -> None:
        """Let nothing be remembered that another version of the code has answered."""
        for cache in self.caches:
            cache.cache_clear()


class NotSwapped(Exception):
    """A mutant that could not be put where the engine would run it."""


def _futures(module: ast.Module) -> list[ast.stmt]:
    return [
        one
        for one in module.body
        if isinstance(one, ast.ImportFrom) and one.module == "__future__"
    ]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code object's constants that are code, outermost first."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)

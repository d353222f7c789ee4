"""Where lost code went: the same code under another name, in another file, or most of it."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from harness.guarding.live import FUNCTIONS
from harness.guarding.package import Package
from harness.guarding.symbols import Module, Symbol

_SMALLEST: Final = 12
"""Nodes that code must have before it is looked for elsewhere: `X = 1` stands in many places."""


class Stand(NamedTuple):
    """A symbol somewhere at the head."""

    module: str
    file: str
    name: str


@dataclass(frozen=True)
class Whereabouts:
    """Every symbol of the head, by its code without its name.

    Attributes:
        package: the control's package at the head.
        elsewhere: path → content of Python files outside of it.
    """

    package: Package
    elsewhere: Mapping[str, bytes]

    def of_symbol(self, module: Module, symbol: Symbol) -> str:
        """In words where a lost symbol stands now; empty where nowhere."""
        stands = self._by_form.get(_form(symbol) or "", ())
        for stand in stands:
            if stand.file == module.file:
                return f"`{stand.name}`"
        return f"`{stands[0].name}` in {stands[0].file}" if stands else ""

    def of_module(self, module: Module) -> str:
        """The file that has most of a lost module's code; empty where none has half of it."""
        forms = [form for one in module.symbols.values() if (form := _form(one))]
        found = Counter(
            stand.file
            for form in forms
            for stand in {one.file: one for one in self._by_form.get(form, ())}.values()
            if stand.file != module.file
        )
        if not found:
            return ""
        file, count = max(found.items(), key=lambda item: (item[1], item[0]))
        return file if count * 2 >= len(forms) else ""

    @cached_property
    def _by_form(self) -> Mapping[str, tuple[Stand, ...]]:
        found: dict[str, list[Stand]] = {}
        for module in self._modules():
            for name, symbol in module.symbols.items():
                form = _form(symbol)
                if form:
                    found.setdefault(form, []).append(Stand(module.name, module.file, name))
        return {form: tuple(stands) for form, stands in found.items()}

    def _modules(self) -> Iterator[Module]:
        yield from self.package.modules.values()
        for file, content in self.elsewhere.items():
            yield Module(file=file, name=file, content=content)


def _form(symbol: Symbol) -> str:
    """A symbol's code without its name and positions; empty where there is too little of it."""
    node: ast.AST = symbol.value if symbol.value is not None else symbol.node
    if sum(1 for _ in ast.walk(node)) < _SMALLEST:
        return ""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        nameless = copy.copy(node)
        nameless.name = "_"
        return ast.dump(nameless)
    return ast.dump(node)

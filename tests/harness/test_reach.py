"""A candidate sees its own private parts, and what lies behind nobody else's."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from harness import reach
from harness.guard import AmbientRead, Guard


class Ports:
    """Somebody else's object, with the world behind it."""

    _world = "the journal"

    def get(self) -> str:
        return self._world


def engine(source: str) -> tuple[dict[str, Any], Guard]:
    """Source run as a module of the candidate `brain`."""
    guard = Guard(owns=lambda name: name == "brain" or name.startswith("brain."))
    names: dict[str, Any] = {"__name__": "brain.look", "__builtins__": guard.builtins()}
    tree = reach.asking(ast.parse(source, "<brain>"))
    exec(compile(tree, "<brain>", "exec", dont_inherit=True), names)  # noqa: S102  # as the importer does
    return names, guard


BEHIND = [
    "ports._world",
    "ports._world.writes",
    "getattr(ports, '_wor' + 'ld')",
    "getattr(ports, '_world', None)",
    "vars(ports)",
    "vars(type(ports))",
    "ports.__dict__",
    "type(ports)._world",
    "type(ports).__mro__",
    "object.__getattribute__(ports, '_world')",
    "ports.get.__globals__",
    "ports.get.__func__.__code__",
    "().__class__.__base__.__subclasses__()",
    "'{0._world}'.format(ports)",
    "'{p[0]._world}'.format_map({'p': [ports]})",
    "f'{ports._world}'",
    "__import__('operator').attrgetter('get._world')(ports)",
    "__import__('operator').methodcaller('__getattribute__', '_world')(ports)",
    "__import__('string').Formatter().format('{0._world}', ports)",
    "__import__('gc').get_referents(ports)",
    "__import__('inspect').getattr_static(ports, '_world')",
    "__import__('pickle').dumps(ports)",
    "(lambda: (yield))().gi_frame",
]


@pytest.mark.parametrize("source", BEHIND)
def test_what_lies_behind_the_ports_is_a_trap(source: str) -> None:
    names, guard = engine(f"def f(ports):\n    return {source}")

    with pytest.raises(AmbientRead):
        names["f"](Ports())

    assert guard.drain()


STATEMENTS = [
    "ports._world = None",
    "del ports._world",
    "setattr(ports, '_world', None)",
    "self = ports\n    self._world",
    "match ports:\n        case object(_world=w):\n            return w",
]


@pytest.mark.parametrize("source", STATEMENTS)
def test_nor_can_it_be_changed_or_matched(source: str) -> None:
    names, guard = engine(f"def f(ports):\n    {source}")

    with pytest.raises(AmbientRead):
        names["f"](Ports())

    assert guard.drain()


OWN = """
from collections import namedtuple
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

class Pair(NamedTuple):
    a: int

class Base:
    def _kind(self):
        return "base"

class Own(Base):
    __slots__ = ("_x", "__y")
    def __init__(self):
        self._x = 1
        self.__y = 2
    def _kind(self):
        return super()._kind()
    def sum(self):
        return self._x + self.__y + getattr(self, "_x")
    def __eq__(self, other):
        return self._x == other._x
    __hash__ = None

@dataclass(frozen=True, slots=True)
class Frozen:
    _a: int = 1
    def more(self):
        return self._a

def f(ports):
    local = 3
    return (
        Own().sum(), Own() == Own(), Own()._kind(), Frozen().more(), Frozen()._a,
        Pair(1)._replace(a=2).a, Own.__name__, f.__module__, sorted(vars())[0],
        attrgetter("__class__")(ports).__name__, "{} {x}".format(1, x=2), "%".format(),
    )
"""


def test_its_own_parts_and_what_is_meant_for_everybody_an_engine_may_use() -> None:
    names, guard = engine(OWN)

    found = names["f"](Ports())

    assert found == (
        4, True, "base", 1, 1, 2, "Own", "brain.look", "local", "Ports", "1 2", "%",
    )  # fmt: skip
    assert guard.drain() == ()


def test_the_control_may_do_as_it_always_did() -> None:
    guard = Guard()
    names: dict[str, Any] = {"__name__": "old", "__builtins__": guard.builtins()}

    exec("def f(ports): return getattr(ports, '_world')", names)  # noqa: S102  # as above

    assert names["f"](Ports()) == "the journal"
    assert guard.drain() == ()

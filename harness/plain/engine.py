"""An engine in short: a table of trigger and function; what else the loader needs is derived.

    ENGINE = {"dial.turn": turn.turn, "room.measured": measured.measured}

or, where there is more to say, anything with the attribute `handlers` for that table and, as
needed, `look`, `refusals`, and for a control `quirks`: id → (path, title), or (path, title, name
of the exception that it lets escape). The path of a function is its module: `old.turn` is the path
`turn` of the engine `old`. An engine that meets `harness.ports` in full is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.errors import InputError
from harness.names import hint
from harness.plain.journal import Refused
from harness.text import quoted
from harness.units import NOT_DECLARED

Call = Callable[[Any, Any], Any]


class PlainHandler(NamedTuple):
    """Meets `harness.ports.Handler`."""

    path: str
    call: Call


class PlainPath(NamedTuple):
    """Meets `harness.ports.Path`; nobody declared what it reads and writes."""

    id: str
    module: str
    triggers: tuple[str, ...]
    origin: str
    reads: tuple[str, ...] = NOT_DECLARED
    writes: tuple[str, ...] = NOT_DECLARED


class PlainQuirk(NamedTuple):
    """Meets `harness.ports.Quirk`."""

    id: str
    title: str
    path: str
    crash: str | None


def stand_by(ports: Any) -> None:
    """Do nothing at a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainCandidate:
    """Meets `harness.ports.Candidate`."""

    name: str
    handlers: Mapping[str, tuple[PlainHandler, ...]]
    refusals: tuple[type[Exception], ...]
    look: Callable[[Any], None] = stand_by


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainControl:
    """Meets `harness.ports.Control`."""

    name: str
    handlers: Mapping[str, tuple[PlainHandler, ...]]
    refusals: tuple[type[Exception], ...]
    paths: Mapping[str, PlainPath]
    quirks: Mapping[str, PlainQuirk] = field(default_factory=dict)


def completed(engine: Any, *, package: str, control: bool, where: str) -> Any:
    """The engine with all that the loader needs.

    Args:
        engine: what the configuration's dotted name gives.
        package: the engine's package; its modules are its paths.
        control: whether it is loaded as the control.
        where: its file, for messages.

    Raises:
        InputError: it is no engine, in short or in full.
    """
    table = engine if isinstance(engine, Mapping) else getattr(engine, "handlers", None)
    if not isinstance(table, Mapping):
        message = f"{quoted(type(engine).__name__)} is no engine: it has no table of handlers"
        advice = 'write ENGINE = {"trigger": function}'
        raise InputError("engine-shape", message, where, advice)
    functions = {trigger: tuple(_listed(found)) for trigger, found in table.items()}
    if any(hasattr(one, "call") for found in functions.values() for one in found):
        return engine
    handlers = {
        _trigger(trigger, where): tuple(_handler(one, trigger, package, where) for one in found)
        for trigger, found in functions.items()
    }
    refusals = (Refused, *getattr(engine, "refusals", ()))
    if not control:
        look = getattr(engine, "look", stand_by)
        return PlainCandidate(name=package, handlers=handlers, refusals=refusals, look=look)
    paths = _paths(functions, handlers)
    quirks = dict(_quirks(getattr(engine, "quirks", {}), paths, where))
    return PlainControl(
        name=package, handlers=handlers, refusals=refusals, paths=paths, quirks=quirks
    )


def _listed(found: Any) -> Iterable[Any]:
    return found if isinstance(found, (list, tuple)) and not hasattr(found, "call") else (found,)


def _trigger(trigger: object, where: str) -> str:
    if type(trigger) is not str:
        message = f"the trigger {quoted(trigger)} is no text"
        raise InputError("engine-shape", message, where, "an act's name, or an event's type")
    return trigger


def _handler(call: Any, trigger: object, package: str, where: str) -> PlainHandler:
    module = getattr(call, "__module__", None)
    if not callable(call) or not f"{module}.".startswith(f"{package}."):
        message = f"what handles {quoted(trigger)} is no function of the package {package}"
        advice = "its module is its path, whose branches are counted: write the function there"
        raise InputError("engine-shape", message, where, advice)
    return PlainHandler(str(module).removeprefix(f"{package}."), call)


def _paths(
    functions: Mapping[str, Iterable[Any]], handlers: Mapping[str, Iterable[PlainHandler]]
) -> dict[str, PlainPath]:
    """A path for each module that handles anything, with what it is called for."""
    found: dict[str, PlainPath] = {}
    for trigger, calls in functions.items():
        for call, handler in zip(calls, handlers[trigger], strict=True):
            known = found.get(handler.path)
            triggers = known.triggers if known is not None else ()
            module = str(call.__module__)
            if trigger not in triggers:
                triggers = (*triggers, trigger)
            found[handler.path] = PlainPath(handler.path, module, triggers, module)
    return found


def _quirks(
    quirks: Any, paths: Mapping[str, PlainPath], where: str
) -> Iterator[tuple[str, PlainQuirk]]:
    if not isinstance(quirks, Mapping):
        raise InputError("engine-shape", "quirks is no mapping", where, '{"Q1": (path, title)}')
    for id_, row in quirks.items():
        if not isinstance(row, tuple) or len(row) not in (2, 3):
            message = f"the quirk {quoted(id_)} is {quoted(row)}"
            raise InputError("engine-shape", message, where, "write (path, title)")
        path, title, *crash = row
        if path not in paths:
            message = f"the quirk {quoted(id_)} is one of {quoted(path)}, which is no path"
            raise InputError("engine-shape", message, where, hint(str(path), paths))
        yield id_, PlainQuirk(id_, title, path, crash[0] if crash else None)

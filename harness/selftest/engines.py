"""The engines of a plant: what is usual, what is done instead, and the names of the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from harness.arcs import Arc
from harness.plain.engine import PlainCandidate, PlainControl, PlainHandler, PlainPath, PlainQuirk
from harness.plain.journal import Refused
from harness.selftest.lamps import FELL, TURN, TURNED, USUAL, Handle, look
from harness.selftest.plant import Plant

QUIRKS: Final = {"Q1": "turn", "Q2": "tag", "Q3": "turn"}
"""Fault of the planted control → its path; Q3 is that a KeyError escapes."""


class Names(NamedTuple):
    """What the real composition calls its parts; the plants' bear the same names.

    Attributes:
        scenarios: ids, one for each plant in turn.
        stores: of the real books, as far as a plain kit can have such stores.
    """

    control: str
    candidate: str
    turn: str
    tag: str
    scenarios: tuple[str, ...]
    stores: tuple[str, ...]

    def plain(self, path: str) -> str:
        """A path as the tables of plants call it."""
        return {self.turn: "turn", self.tag: "tag"}.get(path, path)

    def real(self, path: str) -> str:
        return {"turn": self.turn, "tag": self.tag}.get(path, path)


class PlantedCoverage:
    """The probes of the planted control: one arc a module, taken where a path's handler ran."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules = dict(modules)
        self.arcs: dict[str, tuple[Arc, ...]] = {
            module: (Arc(1, "entry", "runs"),) for module in modules.values()
        }
        self.more: dict[str, frozenset[int]] = {}
        self._taken: dict[str, frozenset[int]] = {}

    def enter(self, path: str) -> None:
        """Note that a path's handler runs."""
        self._taken = {**self._taken, self.modules[path]: frozenset({0}), **self.more}

    def reset(self) -> None:
        self._taken = {}

    def taken(self) -> Mapping[str, frozenset[int]]:
        return self._taken

    def raised(self, path: str, exception: str) -> bool:  # noqa: ARG002  # as the probes ask
        return False


class NoGuard:
    """Nothing springs: what the guards of real engines catch is tested where they are."""

    def drain(self) -> tuple[str, ...]:
        return ()


def control_of(plant: Plant, names: Names) -> tuple[PlainControl, PlantedCoverage]:
    """The planted control and the probes in it."""
    modules = {path: f"{names.control}.{path}" for path in (names.turn, names.tag)}
    coverage = PlantedCoverage(modules)
    handlers = {
        trigger: (probed(path, call, coverage),)
        for trigger, path, call in _handled(plant.control, names)
    }
    paths = {
        path: PlainPath(path, module, _triggers(handlers, path), module)
        for path, module in modules.items()
    }
    quirks = {
        id_: PlainQuirk(id_, "planted", names.real(path), "KeyError" if id_ == "Q3" else None)
        for id_, path in QUIRKS.items()
    }
    control = PlainControl(
        name=names.control, handlers=handlers, refusals=(Refused,), paths=paths, quirks=quirks
    )
    return control, coverage


def _triggers(handlers: Mapping[str, tuple[PlainHandler, ...]], path: str) -> tuple[str, ...]:
    return tuple(trigger for trigger, (one,) in handlers.items() if one.path == path)


def candidate_of(plant: Plant, names: Names) -> PlainCandidate:
    """The planted candidate."""
    handlers = {
        trigger: (PlainHandler(path, call),)
        for trigger, path, call in _handled(plant.candidate, names)
    }
    glance = plant.candidate.get("look")
    return PlainCandidate(
        name=names.candidate,
        handlers=handlers,
        refusals=(Refused,),
        look=look if glance is None else lambda ports: glance(ports, None),
    )


def _handled(instead: Mapping[str, Handle], names: Names) -> Iterator[tuple[str, str, Handle]]:
    paths = {TURN: names.turn, TURNED: names.tag, FELL: names.tag}
    for trigger, usual in USUAL.items():
        yield trigger, paths[trigger], instead.get(trigger, usual)


def probed(path: str, call: Handle, coverage: PlantedCoverage) -> PlainHandler:
    """A handler that notes that it ran."""

    def noted(ports: Any, trigger: Any) -> Any:
        coverage.enter(path)
        return call(ports, trigger)

    return PlainHandler(path, noted)

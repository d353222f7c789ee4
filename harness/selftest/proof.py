"""The self-test: every plant found as it was planted, and nothing found in what is clean.

A comparator, matcher, judge, fold or gate that was broken, by mistake or on purpose, must not be
able to say "open". So each gate tries itself first, by the code that the real scenarios go
through (`harness.run.run`, `harness.verdict.verdict`): a plant is a clean pair with one small
change, and what has to come of it is written down line by line (`harness.selftest.sighting`).

Engines, paths, scenarios and stores of the plants bear the names of the real ones, so whoever
makes an exception for one of those makes it here too. What remains possible: an exception for a
kit, an invariant or a field by name; for worlds that are no `PlainWorld`; for the packages of real
engines, whose loading, guards and probes are not tried here; and a change of this package itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from harness.compose import Composition
from harness.difference import Keys, at_of, differences
from harness.garbage import uncollected
from harness.judge import breaches
from harness.leak import put
from harness.living import facets_of
from harness.ports import Data, Facts, Invariant
from harness.selftest.lamps import extra_stores
from harness.selftest.plant import Plant
from harness.selftest.result import SelfTest
from harness.selftest.table import CLEAN, PLANTS, every_store, expectations, with_stores
from harness.selftest.workbench import Workbench, names_of

PLANTED: Final = ("planted",)
"""A value that no field has."""

Tried = tuple[str, frozenset[str], frozenset[str]]
"""Name of what was tried, what has to be found, and what was."""

NOTHING: Final[frozenset[str]] = frozenset()

NO_FACTS: Final[Mapping[str, Any]] = {
    "books": {}, "truth": {}, "outcome": {}, "calls": (), "now": 0,
}  # fmt: skip


def selftest(composition: Composition, today: date) -> SelfTest:
    """Try the harness on every plant and every clean pair.

    Args:
        composition: the real one, whose names the plants bear and whose invariants are tried.
        today: the day of the run.
    """
    names = names_of(composition)
    stores = extra_stores(names.stores)
    told = with_stores(expectations(), stores)
    bench = Workbench(real=composition, names=names, today=today)
    with uncollected():
        tried = [
            (plant.name, told.get(plant.name, NOTHING), found(bench, plant))
            for plant in (*CLEAN, *PLANTS, every_store(stores))
        ]
    tried.extend(of_invariants(composition.invariants))
    tried.extend(of_fields(composition))
    divergences = [one for one in tried if one[1]]
    missed = [f"{name} ({_first(want - have)})" for name, want, have in tried if want - have]
    invented = [f"{name} ({_first(have - want)})" for name, want, have in tried if have - want]
    return SelfTest(
        planted=len(divergences),
        found=len(divergences) - len(missed),
        missed=tuple(missed),
        invented=tuple(invented),
        unplanted=tuple(one.id for one in composition.invariants if not is_planted(one)),
    )


def _first(lines: frozenset[str]) -> str:
    return min(lines)


def found(bench: Workbench, plant: Plant) -> frozenset[str]:
    """Everything that is found of one plant; what fails on the way is found too."""
    try:
        return bench.found(plant)
    except Exception as error:  # noqa: BLE001  # of a broken harness, and no end of the run
        return frozenset({f"{type(error).__name__}: {error}"})


# --- fields of the real world


def of_fields(composition: Composition) -> Iterator[Tried]:
    """Each field of a world as it is given, changed by itself: the comparator has to tell it."""
    kit = composition.kit
    for scenario in composition.loaded.scenarios[:1]:
        facets = composition.fields.project(facets_of(kit, kit.load(scenario.given), {}))
        paths = {".".join((keys[0], at_of(keys[1:]))): keys for keys in leaves(facets, ())}
        said = {
            ", ".join(one.path for one in differences(facets, put(facets, keys, PLANTED)))
            for keys in paths.values()
        }
        yield "every field of the real world", frozenset(paths), frozenset(said)


def leaves(tree: Data, keys: Keys) -> Iterator[Keys]:
    """Keys that lead to whatever is no mapping that holds something."""
    if isinstance(tree, Mapping) and tree:
        for key, below in tree.items():
            yield from leaves(below, (*keys, key))
    elif len(keys) > 1:
        yield keys


# --- invariants of the configuration


def is_planted(invariant: Invariant) -> bool:
    """Whether an invariant brings facts that break it, and others that keep it."""
    return all(getattr(invariant, name, None) is not None for name in ("broken_by", "kept_by"))


def of_invariants(
    invariants: Iterable[Invariant],
) -> Iterator[Tried]:
    """For each invariant what it has to say of facts, and what it says: broken, then kept."""
    for one in filter(is_planted, invariants):
        for name, wanted in (("broken_by", {one.id}), ("kept_by", set[str]())):
            said = fires(one, getattr(one, name))
            yield f"{one.id} {name}", frozenset(wanted), frozenset(said)


def fires(invariant: Invariant, facts: Mapping[str, Any]) -> Iterator[str]:
    """The invariant's id where it says that these facts break it, or why it cannot say."""
    try:
        for text in breaches((invariant,), Facts(**{**NO_FACTS, **facts})):
            yield text.partition(":")[0]
    except Exception as error:  # noqa: BLE001  # of the configuration's code
        yield f"{type(error).__name__}: {error}"

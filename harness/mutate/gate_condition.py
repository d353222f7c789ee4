"""What the gate makes of the measurement that lies beside the scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.compose import Composition
from harness.condition import Condition
from harness.mutate import bound
from harness.mutate.measurement import NAME, Measurement, read_measurement
from harness.mutate.weighing import DEFAULTS, KEY, Asked, unmeasured, weigh
from harness.ruling import RulingClass, subjects_of


def condition(composition: Composition) -> Condition:
    """Weigh the measurement, held against what there is now.

    Raises:
        InputError: it cannot be read, or is not as it was written.
    """
    measurement = read_measurement(lock_of(composition))
    required = composition.policy.asks(KEY)
    if measurement is None:
        return unmeasured(required=required)
    stale = tuple(_stale(composition, measurement))
    return weigh(measurement, asked(composition), required=required, stale=stale)


def _stale(composition: Composition, measurement: Measurement) -> Iterator[str]:
    """What the measurement rests on and is otherwise now."""
    now = bound.parts(composition)
    for name in sorted({*now, *measurement.parts}):
        if now.get(name) != measurement.parts.get(name):
            yield name
    yield from bound.changed(measurement.modules, composition)
    yield from bound.added(measurement.modules, composition)


def asked(composition: Composition) -> Asked:
    """What the policy asks of mutants, or what is built in where it does not say."""
    graph, units = composition.control.units, composition.units()
    modules = {path.id: path.module for path in composition.control.engine.paths.values()}
    shared = {name for name, unit in units.items() if not unit.path}  # all, of a recorded control
    return Asked(
        needed=composition.policy.sections.get(KEY, DEFAULTS),
        units=units,
        reaches={
            path: graph.reached(module) if graph else {module, *shared}
            for path, module in modules.items()
        },
        dead=frozenset(subjects_of(composition.rulings.good, RulingClass.DEAD_BRANCH)),
    )


def lock_of(composition: Composition) -> Path:
    """Where the measurement is kept."""
    return composition.config.scenarios / NAME

"""What a run is made with: the two sides, the kit, the invariants, budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.fields import Fields
from harness.ports import Engine, Invariant, Kit

NONE_TAKEN: Mapping[str, frozenset[int]] = {}


def _no_traps() -> tuple[str, ...]:
    return ()


def _no_arcs() -> Mapping[str, frozenset[int]]:
    return NONE_TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One engine in its role, with what the loader can tell of it.

    Attributes:
        role: `control` or `candidate`.
        engine: the engine.
        look: the candidate's look, None for the control.
        crashes: (path, exception type) → quirk that lets it escape; control only.
        drain_traps: what the guards caught since last asked.
        crashed: told (path, exception type) of a crash, which may be an arc of its own.
        reset_arcs, taken_arcs: probes of the instrumented code; nothing for the candidate.
    """

    role: str
    engine: Engine
    look: Callable[[Any], None] | None = None
    crashes: Mapping[tuple[str, str], str]
    drain_traps: Callable[[], tuple[str, ...]] = _no_traps
    reset_arcs: Callable[[], None] = lambda: None
    taken_arcs: Callable[[], Mapping[str, frozenset[int]]] = _no_arcs
    crashed: Callable[[str, str], bool] = lambda _path, _exception: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Bounds of one episode; the counts are deterministic, the clock is only a backstop."""

    deliveries: int = 64
    port_calls: int = 20_000
    schedules: int = 5_000
    seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything replay needs, composed once.

    Attributes:
        digests: cells and free runs carry digests of the states they began in and of what was
            seen, by which they are counted and held against another process. Nobody asks for them
            in bulk.
        reverse: worlds turn round what has no order of its own.
        reload: lockstep loads each world from bytes instead of forking it (`harness.twin`).
    """

    control: Side
    candidate: Side
    kit: Kit
    invariants: tuple[Invariant, ...]
    fields: Fields
    budget: Budget
    digests: bool = True
    reverse: bool = False
    reload: bool = False

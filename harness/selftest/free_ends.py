"""Plants for every outcome of a free run, and their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from harness.selftest.lamps import FELL, TURN
from harness.selftest.outcomes import ASKING, NOBODY
from harness.selftest.plant import DUSK, WHEN, Plant
from harness.selftest.ways import (
    also,
    both,
    for_ever,
    hall,
    looking,
    raising,
    spend,
    swallowing,
)
from harness.stability import Second

DARKER: Final = "{customer: {light: {hall: 3, yard: 2}}}"
TWICE: Final[dict[str, Any]] = {
    "when": f"{WHEN}  - {{at: +3m, act: lamp.turn, lamp: hall, to: 4}}",
    "ran": ("", "turn tag", "turn tag", "turn tag"),
}


def other_free_run(second: Second) -> Second:
    """The candidate's free run was another where no control could be imported."""
    return replace(second, alone=dict.fromkeys(second.alone, "0" * 64))


def no_free_run(second: Second) -> Second:
    """The second process has no free run."""
    return replace(second, alone={})


FREE_ENDS: Final = (
    Plant(name="a free run that is another where no control is", second=other_free_run),
    Plant(name="a free run that the second process does not have", second=no_free_run),
    Plant(name="an end that is not as written", then=DARKER),
    Plant(name="a truth that is not as written", then="{truth: {light: {hall: 3, yard: 2}}}"),
    Plant(
        name="a point on the way that is not as written",
        then="{customer: {light: {hall: 4, yard: 2}}, after: {1: {truth: {light: {yard: 3}}}}}",
    ),
    Plant(
        name="an excuse that nobody needs",
        then="{customer: {light: {hall: 4, yard: 2}}, excused: {L1: planted}}",
    ),
    Plant(
        name="an excused invariant",
        candidate=also(FELL, hall(level=12)),
        control=also(FELL, hall(level=12)),
        when=DUSK["when"],
        ran=DUSK["ran"],
        then="{customer: {light: {hall: 12, yard: 2}}, excused: {L1: planted}}",
    ),
    Plant(
        name="an act that is listed as moot and made sense",
        then="{customer: {light: {hall: 4, yard: 2}}, moot: ['lamp.turn#2']}",
    ),
    Plant(
        name="an act that makes no sense after what the candidate did",
        candidate=also(TURN, hall(broken=True)),
        **TWICE,
    ),
    Plant(
        name="an invariant that is broken after one effect only",
        candidate=also(TURN, both(spend(-9), spend(9))),
    ),
    Plant(
        name="a moot act and a broken invariant",
        candidate=also(TURN, both(hall(broken=True, level=12))),
        **TWICE,
    ),
    Plant(
        name="a moot act in a run that is another where no control is",
        candidate=also(TURN, hall(broken=True)),
        second=other_free_run,
        **TWICE,
    ),
    Plant(
        name="a crash in a run that is over its budget too",
        candidate={**also(TURN, raising(ValueError)), **also(FELL, for_ever)},
        **DUSK,
    ),
    Plant(
        name="a crash in a run that asks for what nobody recorded",
        given=NOBODY,
        then="",
        kind="recorded",
        candidate={**also(TURN, ASKING), **also(FELL, raising(ValueError))},
        **DUSK,
    ),
    Plant(
        name="a look over its budget in a run that is another where no control is",
        candidate=looking(for_ever),
        second=other_free_run,
    ),
    Plant(
        name="a trap at the first look",
        candidate=looking(swallowing(hall(level="4"))),
    ),
)

"""The ratios: engines alone, this project, and other ways, on the same accounts in one process."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from alone import Engines, tidy
from deepdiff import DeepDiff
from measured import Measured, Row
from otherwise import Comparing, Found, by_deepdiff, by_equality, by_laboratory, by_pytest
from ours import Accounts, Counts, Ours
from timed import Times, Way, in_turns

from harness.difference import differences
from harness.scenario import Scenario

ALONE, LOCKSTEP, WHOLE = "engines alone", "lockstep", "lockstep and free runs"
CONTROLS = "engines alone, each act from the control's state"
PYTEST, NO_TEST = "pytest, `==`", "pytest without a test"
OTHERS: dict[str, Callable[[Comparing, Sequence[Scenario]], Found]] = {
    "laboratory, deepdiff": by_laboratory,
    "loop, deepdiff": by_deepdiff,
    "loop, `==`, then deepdiff": by_equality,
    PYTEST: by_pytest,
}
JSON, LOAD = "json.loads", "worlds made of what is given"
PAIRS: dict[str, tuple[Callable[[Any, Any], object], int]] = {
    "deepdiff of two outcomes": (DeepDiff, 1),
    "`==` of two outcomes": (dict.__eq__, 50),
}
"""How two outcomes are compared, and how often in a row that is done."""

OURS_OF_PAIRS = "ours of two outcomes"


def measure(*, accounts: int, seed: int, rounds: int) -> Measured:
    """Time everything in turns, and say how many times as long it takes."""
    ours = Ours()
    drawn = ours.accounts(accounts, seed)
    counts = ours.counts(drawn.scenarios)
    comparing = Comparing(ours.composition.fields)
    for name, way in OTHERS.items():
        require_same(name, way(comparing, drawn.scenarios), counts)
    times = in_turns(ways(ours, comparing, drawn), rounds).without(PYTEST, NO_TEST)
    pairs = in_turns(comparing_alone(comparing, drawn.scenarios), rounds)
    bars = (ALONE, CONTROLS, LOCKSTEP, WHOLE, *OTHERS)
    return Measured(
        how=how(drawn, counts, seed, rounds),
        rows=(*rows(times, counts), *other_rows(times), *pair_rows(pairs, counts)),
        bars={name: times.of(name) / accounts * 1_000 for name in bars},
    )


def require_same(name: str, found: Found, counts: Counts) -> None:
    """Refuse a way that decides otherwise: then it does not do the same work.

    Raises:
        SystemExit: it does.
    """
    other = sorted(found ^ counts.differing_cells)
    if other:
        raise SystemExit(f"{name}: decides otherwise than lockstep, first in {other[0]}")


def ways(ours: Ours, comparing: Comparing, drawn: Accounts) -> dict[str, Way]:
    """Everything that is timed, each over all accounts."""
    scenarios, engines = drawn.scenarios, Engines()
    kit = engines.kit

    def other(way: Callable[[Comparing, Sequence[Scenario]], Found]) -> Way:
        return Way(lambda: way(comparing, scenarios))

    return {
        JSON: Way(lambda: let_go(map(json.loads, drawn.lines)), 50),
        LOAD: Way(lambda: let_go(kit.load(one.given) for one in scenarios), 5),
        ALONE: Way(lambda: apart(engines, scenarios), 2),
        CONTROLS: Way(lambda: together(engines, scenarios), 2),
        LOCKSTEP: Way(lambda: ours.lockstep(scenarios)),
        WHOLE: Way(lambda: ours.whole(scenarios)),
        **{name: other(way) for name, way in OTHERS.items()},
        NO_TEST: Way(lambda: by_pytest(comparing, ())),
    }


def let_go(made: Iterable[object]) -> None:
    """Make each and keep none."""
    deque(made, maxlen=0)


def comparing_alone(comparing: Comparing, scenarios: Sequence[Scenario]) -> dict[str, Way]:
    """The same outcomes compared by each, worked out beforehand; nobody else has to hold them."""
    accounts = [
        [comparing.outcomes(lived) for _, lived in comparing.acts(scenario)]
        for scenario in scenarios
    ]

    def compare(one: Callable[[Any, Any], object], times: int) -> Way:
        def do() -> None:
            for pairs in accounts:
                let_go(one(mine, its) for mine, its in pairs)
                tidy()

        return Way(do, times)

    return {
        OURS_OF_PAIRS: compare(lambda mine, its: tuple(differences(mine, its)), 5),
        **{name: compare(one, times) for name, (one, times) in PAIRS.items()},
    }


def apart(engines: Engines, scenarios: Sequence[Scenario]) -> None:
    """Let each engine live through everything in a world of its own."""
    for scenario in scenarios:
        engines.apart(scenario)


def together(engines: Engines, scenarios: Sequence[Scenario]) -> None:
    """Let both live through each act from the control's state, and compare nothing."""
    for scenario in scenarios:
        for lived in engines.together(scenario):
            lived.control()
            lived.candidate()


def how(drawn: Accounts, counts: Counts, seed: int, rounds: int) -> str:
    """What was run, in sentences."""
    size = sum(map(len, drawn.lines)) / counts.accounts
    differing = len(counts.differing_cells)
    return (
        f"The first {counts.accounts:,} accounts of seed {seed}, {size:,.0f} bytes a record,"
        f" {counts.cells:,} cells (a look and eight acts each). The engines leave something else"
        f" in {100 * differing / counts.cells:.1f} % of the cells and"
        f" {100 * counts.differing_accounts / counts.accounts:.1f} % of the accounts; all ways"
        f" find the same {differing:,} cells. CPU time of one process, everything in turns,"
        f" medians of {rounds} rounds."
    )


def rows(times: Times, counts: Counts) -> list[Row]:
    """B, and what this project takes beside it."""
    cpu = {name: times.of(name) / counts.accounts * 1_000 for name in times.seconds}
    milliseconds = "{:.2f} ms"
    return [
        Row(what="`json.loads` of a record", value=cpu[JSON] * 1_000, form="{:.1f} µs"),
        Row(what="**B**: the engines alone, an account", value=cpu[ALONE], form=milliseconds),
        Row(what="B / `json.loads`", value=times.ratio(ALONE, JSON), form="{:.0f}", most=22),
        Row(what="of B: making the world of what is given", value=times.ratio(LOAD, ALONE)),
        Row(
            what="the engines alone, each act from the control's state / B",
            value=times.ratio(CONTROLS, ALONE),
        ),
        Row(
            what="lockstep, compared and counted, an account",
            value=cpu[LOCKSTEP],
            form=milliseconds,
        ),
        Row(what="lockstep / B", value=times.ratio(LOCKSTEP, ALONE), most=2.0),
        Row(what="with free runs and invariants, an account", value=cpu[WHOLE], form=milliseconds),
        Row(what="with free runs and invariants / B", value=times.ratio(WHOLE, ALONE), most=4.0),
    ]


WANTED = {"laboratory, deepdiff": 25.0, "loop, deepdiff": 25.0, PYTEST: 2.0}
"""How many times as long each should take as lockstep."""


def other_rows(times: Times) -> list[Row]:
    """What other ways take beside it."""
    return [
        Row(what=f"{name} / lockstep", value=times.ratio(name, LOCKSTEP), least=WANTED.get(name))
        for name in OTHERS
    ]


def pair_rows(times: Times, counts: Counts) -> list[Row]:
    """What comparing takes, where there is something to compare already."""
    each = times.of(OURS_OF_PAIRS) / counts.cells * 1e6
    return [
        *(
            Row(what=f"comparing alone: {name} / ours", value=times.ratio(name, OURS_OF_PAIRS))
            for name in PAIRS
        ),
        Row(what=f"comparing alone: {OURS_OF_PAIRS}", value=each, form="{:.1f} µs"),
    ]

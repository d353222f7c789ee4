"""Sabotages of the measurement by mutants: fewer of them, none that answers, a file by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from harness.compose import compose
from harness.condition import Condition
from harness.errors import ExitCode
from harness.mutate.measure import Measuring
from harness.mutate.measurement import read_measurement, write_measurement
from harness.mutate.pool import batches, run_all
from harness.mutate.remembered import NAME as REMEMBERED
from harness.mutate.score import Tried, score
from harness.mutate.trial import Fate, Result
from harness.mutate.waiver import Doubt, Fault, Waiver, held, sorted_out
from harness.mutate.weighing import weigh
from harness.run import unseen_progress
from tests.harness.test_mutate_trials import Losing, made
from tests.harness.test_mutate_weighing import ASKED, OWN, PATH, UNITS, measured, row, unit
from tests.harness.toy_project import LATE, ON_TIME, project
from tests.sabotage.asked_piece import Done, Ran, Weighed, of_values
from tests.sabotage.planted_project import (
    PINNED,
    Deed,
    Edit,
    Project,
    Remove,
    write_house_with_harness,
)
from tests.sabotage.planted_row import Sabotage

LOCK, GATE = "scenarios/mutants.lock", "scenarios/gate.yaml"
ASKS = """\
mutants: {told_apart: 9/10, candidate: 19/20, crash_max: 3/20, waived_max: 3/100}
relaxations:
  - {key: mutants.told_apart, reason: one order is nobody's, decision: D-1, date: 2026-03-02}
"""
CATALOGUE = "harness/mutate/operators.py"
CUT = Edit(CATALOGUE, "            operators_truth,\n", "")
ANEW = Ran(("mutate", "--write"))


def write_measured(root: Path) -> None:
    """The house with a harness of its own, measured; the gate asks for the measurement."""
    write_house_with_harness(root)
    gate = root / GATE
    gate.write_text(gate.read_text() + ASKS)
    done = MEASURED.run(root, "mutate", "--write")
    assert done.returncode == 0, done.stdout + done.stderr


MEASURED = Project("measured house and harness", write_measured, own_harness=True)
WEIGHED = of_values("a measurement", lambda: weigh(measured(), ASKED, required=True), PATH)


def on_disk(what: str, slug: str, *deeds: Deed, exit: ExitCode = ExitCode.CLOSED) -> Sabotage:
    """Something done to the measured house."""
    return Sabotage(what, MEASURED, deeds, slug, exit)


def of_fates(what: str, slug: str, fates: Mapping[str, int]) -> Sabotage:
    """What was measured of the path's own module came out otherwise."""
    found = measured(**{OWN: unit(OWN, path=PATH, **fates)})
    return weighed(what, slug, "the fate of a mutant", lambda: weigh(found, ASKED, required=True))


def weighed(what: str, slug: str, told: str, condition: Callable[[], Condition]) -> Sabotage:
    return Sabotage(what, WEIGHED, (Weighed(told, condition),), slug)


def of_losers() -> Condition:
    """A worker loses a result of each batch, and gives another one twice in its place."""
    with TemporaryDirectory() as folder:
        config = project(Path(folder), late=LATE, **{"on-time": ON_TIME})
        measuring = Measuring(compose(config, ()))
        trials = Losing(
            ground=measuring.ground, subjects=measuring.subjects, classes=measuring.classes
        )
        batch = next(one for one in batches(measuring.mutants["control"]) if len(one) > 2)
        [(_, results)] = run_all(trials, [("control", batch)], workers=1, opened=unseen_progress)
    tried = [Tried(one, frozenset({0, 1}), frozenset({0, 1})) for one in results]
    lost = row(score(OWN, tried, ()), role="control", path=PATH)
    return weigh(measured(**{OWN: lost}), ASKED, required=True)


def unpinned() -> Condition:
    """The path has a branch on which no mutant was told apart."""
    units = {**UNITS, OWN: replace(UNITS[OWN], arcs={0: "a", 1: "b", 7: "in no scenario"})}
    return weigh(measured(), replace(ASKED, units=units), required=True)


def waived(fault: Fault) -> Condition:
    """A measurement in which something is wrong with a waiver."""
    told = (fault.what, fault.found, fault.needed)
    return weigh(msgspec.structs.replace(measured(), waivers=(told,)), ASKED, required=True)


def waiver(mark: str, fate: Fate) -> Callable[[], Condition]:
    """A waiver of a mutant that was made of the code `abc`, and had a fate."""

    def condition() -> Condition:
        results = {"m": Result(mutant="m", fate=fate)}
        given = (Waiver(ruling="R-equal", mutant="m", mark=mark),)
        _, [fault] = sorted_out(given, {"m": "m@abc"}, results)
        return waived(fault)

    return condition


def refuted() -> Condition:
    """A state that nobody wrote shows a difference."""
    with TemporaryDirectory() as folder:
        config = project(Path(folder), late=LATE, **{"on-time": ON_TIME})
        mutant = made(Measuring(compose(config, ())), "days > 0", "days > 4")
    [fault] = held([Doubt(mutant, reached=1, refuted="state 7")]).faults
    return waived(fault)


def forge_lock(root: Path) -> None:
    """Write the measurement itself anew: every mutant told apart, and the digest right."""
    lock = root / LOCK
    known = read_measurement(lock)
    assert known is not None
    units = {
        name: msgspec.structs.replace(row, told=row.mutants, fates={})
        for name, row in known.units.items()
    }
    assert units != known.units
    write_measurement(lock, msgspec.structs.replace(known, units=units))


def forge(root: Path) -> None:
    """Remember of every mutant that it was told apart as its neighbours were."""
    [file] = root.rglob(REMEMBERED)
    known = json.loads(file.read_bytes())
    every = [one for batch in known.values() for one in batch["results"]]
    told = next(one for one in every if one["fate"] == "told-apart")
    forged = {
        key: {**batch, "results": [
            one if one["fate"] == "told-apart" else {**told, "mutant": one["mutant"]}
            for one in batch["results"]
        ]}
        for key, batch in known.items()
    }  # fmt: skip
    assert forged != known
    file.write_text(json.dumps(forged))


ROWS = (
    on_disk("The measurement is deleted", "mutants-unmeasured", Remove(LOCK)),
    on_disk("A mutant more is told apart, by hand", "mutants-edited",
            Edit(LOCK, '"told": 16', '"told": 17'), exit=ExitCode.INPUT),
    on_disk("The world is another since the measurement", "mutants-stale",
            Edit("house.py", "wanted: int = 20", "wanted: int = 19")),
    on_disk("The candidate is another since the measurement", "mutants-stale",
            Edit("new.py", "if not 5 <= to <= 30", "if to < 5 or to > 30")),
    on_disk("The control is another since the measurement", "mutants-stale",
            Edit("old/turn.py", 'return {"wanted": to}', 'return dict(wanted=to)')),
    on_disk("The measurement is of fewer scenarios", "mutants-stale",
            Edit("scenarios/a-day.yaml", "title: ", "title: Another "), PINNED),
    on_disk("The catalogue of operators is another", "mutants-stale",
            Edit("harness/mutate/mutant.py", "VERSION: Final = ", "VERSION: Final = 1")),
    on_disk("A kind of operators is cut", "mutants-stale", CUT),
    Sabotage("A kind of operators is cut, and all is measured anew", MEASURED, (CUT,),
             "mutants-fewer", ExitCode.INPUT, ("mutate", "--write")),
    on_disk("A kind of operators is cut, and the measurement is begun anew", "branch-unpinned",
            CUT, Remove(LOCK), Ran(("mutate", "--write"), ExitCode.CLOSED)),
    on_disk("The candidate looks at its own code, to raise wherever it is changed",
            "engine-ambient-import",
            Edit("new.py", "def settle(ports, name):\n",
                 "def settle(ports, name):\n    if settle.__code__.co_code != SEAL:\n"
                 "        raise SystemError\n"),
            Edit("new.py", "\n\nENGINE = ", "\n\nSEAL = settle.__code__.co_code\nENGINE = "),
            exit=ExitCode.INPUT),
    Sabotage("What was remembered is forged, and the measurement is written from it", MEASURED,
             (Done("`.shadow/mutants.json`", forge), ANEW), "mutants-stale",
             ExitCode.CLOSED, ("mutate", "--check", "--json")),
    Sabotage("The measurement is forged, its digest too, and some are tried again", MEASURED,
             (Done(f"`{LOCK}`", forge_lock),), "mutants-stale",
             ExitCode.CLOSED, ("mutate", "--spot", "999", "--json")),
    Sabotage("A kind of operators is cut, and some mutants are tried again", MEASURED,
             (CUT,), "mutants-stale",
             ExitCode.CLOSED, ("mutate", "--spot", "3", "--json")),
    of_fates("A ruling hides a mutant", "mutants-hidden", {"told": 99, "hidden": 1}),
    of_fates("Mutants make the engine crash", "mutants-no-answer",
             {"told": 16, "crash": 2, "timeout": 1, "import": 1}),
    of_fates("More mutants are waived than may be", "mutants-waived",
             {"told": 31, "survived": 1, "waived": 1}),
    weighed("A worker loses a result and gives another one twice", "mutants-lost",
            "a worker", of_losers),
    weighed("A branch of the control is pinned by no mutant", "branch-unpinned",
            "`old_desk/ban.py`", unpinned),
    weighed("A waiver is of code that changed", "waiver-stale", "a ruling",
            waiver("abd", Fate.SURVIVED)),
    weighed("A waiver is of a mutant that is told apart", "waiver-unused", "a ruling",
            waiver("abc", Fate.TOLD_APART)),
    weighed("A waiver says that nothing changes, and a state shows that it does",
            "waiver-refuted", "a ruling", refuted),
)  # fmt: skip

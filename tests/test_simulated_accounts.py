"""Simulated accounts through both engines: they replay, differ in drift only, bound nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from harness.bench import Bench, bench
from harness.bulk.population import Simulation
from harness.compose import compose
from harness.config import read_config
from harness.court import Heard
from harness.document import parse_document
from harness.model import Cell, Free, Outcome
from harness.sampling.account import Recorded, Standing
from harness.sampling.frame import stratum_name
from harness.scenario import Scenario
from harness.scenario_file import scenario_of
from tests.replica_code import needs_replica
from tests.shadow_command import ROOT, shadow

pytestmark = needs_replica

SAMPLE = range(1, 101)
SEED = 1


@cache
def shipped() -> Bench:
    return bench(read_config(ROOT / "pyproject.toml"))


@cache
def simulation() -> Simulation:
    from harness.bulk.population import simulation

    return simulation(compose(ROOT / "pyproject.toml", ()), SEED)


def read(number: int) -> Scenario:
    """An account as whoever reads its line has it."""
    line, _ = simulation().line(number)
    return scenario_of(parse_document(line, f"sim-{SEED}-{number}.yaml"), shipped().vocabulary)


@cache
def heard(number: int) -> tuple[Scenario, Heard]:
    scenario = read(number)
    return scenario, shipped().hear(scenario)


def first_of_each_family() -> Iterator[tuple[str, int]]:
    """Family → the first account that is of it."""
    found: dict[str, int] = {}
    number = 0
    while len(found) < 17:
        number += 1
        found.setdefault(simulation().line(number)[1], number)
    return iter(sorted(found.items()))


def differs(cells: tuple[Cell, ...]) -> bool:
    return any(cell.outcome is not Outcome.AGREE for cell in cells)


@pytest.mark.parametrize("number", SAMPLE)
def test_an_account_replays_to_its_end(number: int) -> None:
    scenario, one = heard(number)

    assert len(one.cells) == len(scenario.when) + 1
    assert {cell.outcome for cell in one.cells} <= {Outcome.AGREE, Outcome.RULED, Outcome.DIVERGE}
    assert [finding for cell in one.cells for finding in cell.episode.findings] == []
    assert one.free.outcome is Free.KEPT, (one.free.moot, one.free.broken, one.free.findings)


def test_one_of_every_family_replays_and_differs_where_something_is_wrong() -> None:
    for family, number in first_of_each_family():
        _, one = heard(number)
        assert differs(one.cells) is not family.startswith("rest/"), family
        assert one.free.outcome is Free.KEPT, family
        assert not [finding for cell in one.cells for finding in cell.episode.findings], family


def test_what_arises_differs_only_from_then_on() -> None:
    families = dict(first_of_each_family())
    for family in ("arising/given-up", "arising/written-off"):
        outcomes = [cell.outcome for cell in heard(families[family])[1].cells]
        first = next(n for n, one in enumerate(outcomes) if one is not Outcome.AGREE)
        assert first > 0, family
        assert Outcome.AGREE not in outcomes[first:], family


def test_about_one_account_in_seven_differs() -> None:
    """14.7 % by the shares; of the first hundred of seed 1, exactly as many as here."""
    wrong = sum(differs(heard(number)[1].cells) for number in SAMPLE)
    groups = [simulation().line(number)[1].partition("/")[0] for number in SAMPLE]

    assert wrong == sum(group != "rest" for group in groups) == DIFFERING


def test_every_line_says_that_it_was_simulated() -> None:
    for number in SAMPLE:
        scenario, one = heard(number)
        assert scenario.evidence == "simulated"
        assert f"seed {SEED}, account {number}" in scenario.provenance.source
        assert {cell.episode.provenance for cell in one.cells} == {"simulated"}


def test_no_bound_counts_a_simulated_account() -> None:
    number = next(n for n in SAMPLE if not differs(heard(n)[1].cells))
    scenario, one = heard(number)
    stratum = stratum_name(one.cells[0].episode.stratum)

    account = Recorded((scenario,), one.cells).account(scenario.id, stratum)

    assert account.trouble == "simulated, not recorded"
    assert account.standing("api.pay_bad_debt") is Standing.WRONG


def test_a_simulated_account_that_calls_itself_recorded_is_no_recording_of_ours() -> None:
    scenario, one = heard(1)
    stratum = stratum_name(one.cells[0].episode.stratum)
    forged = replace(scenario, provenance=replace(scenario.provenance, kind="recorded"))

    account = Recorded((forged,), one.cells).account(scenario.id, stratum)

    assert account.trouble.startswith("no recording of ours: its source is 'shadow simulate")


def test_a_line_may_not_say_what_was_observed_assumed_or_when_it_was_recorded() -> None:
    line, _ = simulation().line(1)
    for more in ('"observed":[{}]', '"assume":{"billing_db":{}}'):
        content = line[:-1] + f",{more}}}".encode()
        with pytest.raises(Exception, match="only a recorded scenario has it, this is simulated"):
            scenario_of(parse_document(content, "sim-1-1.yaml"), shipped().vocabulary)


def test_what_the_page_says_next_works(tmp_path: Path) -> None:
    printed = shadow("simulate", "--seed", "1", "--account", "1")
    file = tmp_path / "sim-1-1.yaml"
    file.write_text(printed.stdout)

    done = shadow("run", str(file))

    assert done.returncode in (0, 1), done.stderr
    assert "evidence   simulated 9 (kinds are never added)" in done.stdout


def test_the_command_writes_the_same_bytes_everywhere(tmp_path: Path) -> None:
    written = []
    for name, environ in {
        "a": {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland"},
        "b": {"PYTHONHASHSEED": "77", "TZ": "America/Lima"},
    }.items():
        out = tmp_path / f"{name}.jsonl.zst"
        done = shadow("simulate", "--accounts", "1200", "--out", str(out), **environ)
        assert done.returncode == 0, done.stderr
        written.append(out.read_bytes())

    assert written[0] == written[1]


DIFFERING = 18

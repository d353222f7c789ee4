"""Ways in which a team would compare two engines without this project, on the same accounts.

Each lets the same engines live through the same acts, begun in the control's world as in lockstep,
and compares what is compared here: all stores in normal form, money, what the customer sees, what
was answered, and the calls to the world outside, without the fields that only one side keeps. What
each calls a difference is held against what lockstep found, so that none does less work.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from alone import Engines, Lived
from deepdiff import DeepDiff
from laboratory import Experiment

from harness.episode import cell_id
from harness.fields import Fields
from harness.living import facets_of, one_response
from harness.scenario import Scenario

Found = set[str]
"""Cells in which something differs."""

TESTS = Path(__file__).with_name("accounts_as_tests.py")


class Comparing:
    """Both engines, and what a world is compared by."""

    def __init__(self, fields: Fields) -> None:
        self.engines, self.fields = Engines(), fields

    def outcome(self, world: Any) -> Mapping[str, Any]:
        """All that is compared of a world after an act."""
        response = one_response(answer for _, answer in world.answers)
        facets = facets_of(self.engines.kit, world, {} if response is None else response)
        return self.fields.project(facets)

    def acts(self, scenario: Scenario) -> Iterator[tuple[str, Lived]]:
        """Each act, with its cell's id."""
        for lived in self.engines.together(scenario):
            yield cell_id(scenario, lived.spec), lived

    def outcomes(self, lived: Lived) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What both engines leave of an act."""
        lived.control()
        lived.candidate()
        mine, its = lived.worlds
        return self.outcome(mine), self.outcome(its)


def by_laboratory(comparing: Comparing, scenarios: Sequence[Scenario]) -> Found:
    """An experiment of `laboratory` for each act, deepdiff as its comparator."""
    found: Found = set()

    class Cell(Experiment):  # type: ignore[misc]  # laboratory has no types
        def compare(self, control: Any, candidate: Any) -> bool:
            return not candidate.failure and not DeepDiff(control.value, candidate.value)

        def publish(self, result: Any) -> None:
            if not result.match:
                found.add(self.name)

    def lived_by(engine: Callable[[], None], world: Any) -> Callable[[], Mapping[str, Any]]:
        def value() -> Mapping[str, Any]:
            engine()
            return comparing.outcome(world)

        return value

    for scenario in scenarios:
        for name, lived in comparing.acts(scenario):
            experiment = Cell(name=name)
            experiment.control(lived_by(lived.control, lived.worlds[0]))
            experiment.candidate(lived_by(lived.candidate, lived.worlds[1]))
            experiment.conduct()
    return found


def by_deepdiff(comparing: Comparing, scenarios: Sequence[Scenario]) -> Found:
    """A loop, with deepdiff over both outcomes of each act."""
    return {
        name
        for scenario in scenarios
        for name, lived in comparing.acts(scenario)
        if DeepDiff(*comparing.outcomes(lived))
    }


def by_equality(comparing: Comparing, scenarios: Sequence[Scenario]) -> Found:
    """A loop with `==`, and deepdiff only where that says no: who looks where time goes."""
    found: Found = set()
    for scenario in scenarios:
        for name, lived in comparing.acts(scenario):
            mine, its = comparing.outcomes(lived)
            if mine != its and DeepDiff(mine, its):
                found.add(name)
    return found


class Session:
    """What pytest is handed: accounts to parametrise by, and where tests note what differs."""

    def __init__(self, comparing: Comparing, scenarios: Sequence[Scenario]) -> None:
        self._comparing, self._scenarios = comparing, scenarios
        self.noted: Found = set()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        ids = [scenario.id for scenario in self._scenarios]
        metafunc.parametrize("account", self._scenarios, ids=ids)

    @pytest.fixture
    def comparing(self) -> Comparing:
        return self._comparing

    @pytest.fixture
    def found(self) -> Found:
        return self.noted


def by_pytest(comparing: Comparing, scenarios: Sequence[Scenario]) -> Found:
    """A test for each account, `==` after each act; no plugins, and a line for each failure."""
    session = Session(comparing, scenarios)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with TemporaryDirectory() as folder, redirect_stdout(io.StringIO()) as said:
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        words = ["-q", "--tb=line", "-p", "no:cacheprovider", "-c", f"{folder}/pytest.ini"]
        with redirect_stderr(said):
            code = pytest.main([*words, str(TESTS)], plugins=[session])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"pytest compared nothing:\n{said.getvalue()[-2000:]}")
    return session.noted

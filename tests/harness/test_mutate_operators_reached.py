"""Guarding arcs: what runs is guarded by an arc that was taken, in all of the shipped engines."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import importing, probes
from harness.compose import compose
from harness.config import read_config
from harness.importing import LoadedEngine, load_engine
from harness.lockstep import lockstep
from harness.mutate.guarding_arc import Guards
from harness.mutate.mutant import along
from harness.mutate.site import sites, within
from harness.scenario import Scenario
from harness.setup import Setup, Side
from tests.replica_code import needs_replica
from tests.shadow_command import ROOT

EVERY = 9
"""Of the shipped scenarios, every ninth is played."""

SEEN = "__seen__"
UNMARKED = (ast.Starred, ast.Slice, ast.JoinedStr, ast.FormattedValue)
"""Expressions that nothing can be put before."""

LATER = (ast.Lambda, ast.Module)
"""What a node without a guard may stand in; that it stands in the module says nothing."""


Unwatched = tuple[Setup, tuple[Scenario, ...]]


class Marks(ast.NodeTransformer):
    """Puts a note before each node that a mutant may change, wherever something can stand."""

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self.numbers = numbers

    def visit(self, node: ast.AST) -> Any:
        number = self.numbers.get(id(node))
        visited = super().visit(node) if not isinstance(node, ast.JoinedStr) else node
        if number is None or isinstance(node, UNMARKED):
            return visited
        call = ast.Call(ast.Name(SEEN, ast.Load()), [ast.Constant(number)], [])
        if isinstance(node, ast.stmt):
            parts = visited if isinstance(visited, list) else [visited]
            return [ast.copy_location(ast.Expr(call), node), *parts]
        if isinstance(node, ast.expr):
            return ast.copy_location(ast.BoolOp(ast.Or(), [call, visited]), node)
        return visited

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.MatchValue:
        return node  # a pattern: nothing can stand before it


class Watch:
    """Notes which nodes ran, and compares them with the arcs that were taken."""

    def __init__(self, setup: Setup, scenarios: tuple[Scenario, ...]) -> None:
        self.setup, self.scenarios = setup, scenarios
        self.guards: list[tuple[str, int, int | None]] = []
        self.ran: set[int] = set()
        self.checked: set[int] = set()
        self.wrong: set[str] = set()

    def compiled(self, text: str, file: str) -> Any:
        """In place of the loader's own: with probes, and with a note before each node."""
        module, twin = ast.parse(text), ast.parse(text)
        guards = Guards(module, text)
        numbers: dict[int, int] = {}
        for site in sites(module, ()):
            if site.runs:
                (*_, node) = along(twin, site.steps)
                numbers[id(node)] = len(self.guards)
                guard = guards.of(site.node)
                line = getattr(site.node, "lineno", site.steps[0].at or 0)
                self.guards.append((file, line, guard.on))
        kept = list(ast.walk(twin))  # so that no id is given again
        tree, arcs = probes.probed(twin)
        marked = ast.fix_missing_locations(Marks(numbers).visit(tree))
        assert kept
        return compile(marked, file, "exec", dont_inherit=True), arcs

    def names(self, hits: bytearray) -> dict[str, Any]:
        return {**probe_globals(hits), SEEN: self.ran.add}

    def side(self, side: Side, loaded: LoadedEngine) -> Side:
        files = {source.file: name for name, source in loaded.sources.items()}

        def reset() -> None:
            self.ran.clear()
            loaded.coverage.reset()

        def taken() -> Mapping[str, frozenset[int]]:
            found = loaded.coverage.taken()
            for number in self.ran:
                file, line, on = self.guards[number]
                unit = files.get(file, "")
                if unit not in loaded.coverage.arcs:
                    continue  # of the other engine, or counted by nobody
                self.checked.add(number)
                if on is not None and on not in found.get(unit, ()):
                    self.wrong.add(f"{unit}:{line} ran without arc {on}")
            return found

        return replace(
            side,
            engine=loaded.engine,
            look=None if side.look is None else loaded.engine.look,
            drain_traps=loaded.guard.drain,
            reset_arcs=reset,
            taken_arcs=taken,
        )


probe_globals = probes.probe_globals


@pytest.fixture(scope="module")
def unwatched() -> Unwatched:
    """The shipped setup and some scenarios, loaded before anything else compiles code.

    The loader keeps what it compiled on disk; of notes nothing may be left there.
    """
    composition = compose(ROOT / "pyproject.toml", ())
    return composition.setup(), composition.loaded.scenarios[::EVERY]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch, unwatched: Unwatched) -> Watch:
    made = Watch(*unwatched)
    monkeypatch.setattr(importing, "_compile_probed", made.compiled)
    monkeypatch.setattr(probes, "probe_globals", made.names)
    return made


def played(watch: Watch) -> None:
    config = read_config(ROOT / "pyproject.toml")
    control = load_engine(config.control, instrument=True)
    candidate = load_engine(config.candidate, instrument=False, probed=True)
    watched = replace(
        watch.setup,
        control=watch.side(watch.setup.control, control),
        candidate=watch.side(watch.setup.candidate, candidate),
    )
    for scenario in watch.scenarios:
        for _ in lockstep(watched, scenario):
            pass


@needs_replica
def test_what_runs_is_guarded_by_an_arc_that_was_taken(watch: Watch) -> None:
    played(watch)

    assert watch.wrong == set()
    assert len(watch.checked) > 4_000


@needs_replica
def test_a_wrong_guard_is_seen(watch: Watch) -> None:
    compiled: Callable[[str, str], Any] = watch.compiled

    def shifted(text: str, file: str) -> Any:
        first = len(watch.guards)
        made = compiled(text, file)
        if Path(file).stem == "flag_overdue":
            watch.guards[first:] = [
                (file, line, on and on + 1) for file, line, on in watch.guards[first:]
            ]
        return made

    importing._compile_probed = shifted  # put back by the fixture
    played(watch)

    units = {one.partition(":")[0].rpartition(".")[2] for one in watch.wrong}
    assert units == {"flag_overdue"}


def test_only_a_lambda_that_is_called_later_has_no_guard_in_the_shipped_engines() -> None:
    bare: defaultdict[str, set[str]] = defaultdict(set)
    for file in (*(ROOT / "brain").glob("*.py"), *(ROOT / "legacy_replica").glob("*.py")):
        module = ast.parse(file.read_text())
        guards = Guards(module, file.read_text())
        for site in sites(module, ()):
            if site.runs and not guards.of(site.node).arcs:
                bare[file.stem].add(next(kind for kind in LATER if within(site, kind)).__name__)

    assert dict(bare) == {"engine": {"Lambda"}}

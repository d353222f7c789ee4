"""The gate tries itself first: everything planted is found, and no sabotage goes unseen."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import harness
from harness import lockstep
from harness.compose import Composition, compose
from harness.errors import ExitCode, Void
from harness.model import FACETS, Class, Free, Outcome
from harness.reason import CLEARANCE, CONDITION, GUARD, MUTANTS, PATH, WHOLE
from harness.ruling_health import FAULTS
from harness.selftest import table
from harness.selftest.proof import selftest
from harness.selftest.result import SelfTest
from harness.selftest.workbench import names_of
from tests.harness.sabotages import SABOTAGES
from tests.harness.test_plain_kit import FILES
from tests.said_slugs import Package, sources_of
from tests.shadow_command import PROGRAM, ROOT

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def shipped() -> Composition:
    """The shipped engines, with all that names are taken from."""
    composition = compose(ROOT / "pyproject.toml", ())
    assert composition.loaded.scenarios
    return composition


def about(tried: SelfTest) -> str:
    return "\n".join((*tried.missed, *tried.invented))


# --- as it is


def test_everything_planted_is_found_and_nothing_is_invented(shipped: Composition) -> None:
    tried = selftest(shipped, TODAY)

    assert about(tried) == ""
    assert tried.found == tried.planted > 150
    assert tried.relied_on() is tried


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2025, 12, 31), date(2030, 7, 1)])
def test_it_finds_the_same_on_any_day(shipped: Composition, day: date) -> None:
    assert selftest(shipped, day) == selftest(shipped, TODAY)


def test_every_plant_has_lines_and_every_line_a_plant() -> None:
    names = [plant.name for plant in (*table.CLEAN, *table.PLANTS, table.every_store(()))]
    told = table.expectations()

    assert len(set(names)) == len(names)
    assert set(told) == {*names} - {plant.name for plant in table.CLEAN}
    assert all(told.values())


# --- complete


def words() -> set[str]:
    lines = [line for lines in table.expectations().values() for line in lines]
    return {word for line in lines for word in re.findall(r"[\w(][\w-]*\)?", line)}


@pytest.mark.parametrize("kind", [Outcome, Free, Class])
def test_every_outcome_and_class_is_planted(
    kind: type[Outcome] | type[Free] | type[Class],
) -> None:
    quiet = {Free.KEPT: "KEPT", Outcome.AGREE: "AGREE"}

    assert {str(one) for one in kind} - words() - set(quiet.values()) == set()


def test_every_facet_and_a_race_differ_somewhere() -> None:
    lines = {line.split()[1] for told in table.expectations().values() for line in told}

    assert {one.partition(".")[0] for one in lines} >= {*FACETS, "race"}


UNREACHED: Mapping[str, str] = {
    "cell-not-replayed": "only `shadow lint --write` says it, and pins nothing then",
    "clock-behind": "a plant has a day, and no clock that could be behind it",
    "leak-unmeasured": "a verdict is given the leak that its run has measured",
}
"""Reasons of the gate that nothing in a run can lead to."""


def said(kinds: Iterable[str]) -> set[str]:
    found = Package(sources_of(ROOT / "harness")).said()
    return {one.slug for one in found if one.kind in kinds and ".selftest" not in one.where}


def test_every_finding_is_planted() -> None:
    assert said({"Finding"}) - words() == set()


def test_every_reason_of_the_gate_is_planted() -> None:
    elsewhere = {*MUTANTS, *CONDITION, *CLEARANCE, *GUARD} - words()
    found = {*WHOLE, *PATH, *FAULTS, *said({"Reason", "Problem"})} - words()
    assert found - elsewhere == set(UNREACHED) - elsewhere


def test_every_reason_that_closes_is_in_order_of_precedence_with_its_neighbour() -> None:
    """Each outcome stands in one cell with a finding of the next, so that no two can change."""
    cells = [
        [word for word in re.findall(r"[A-Z_]{5,}", line) if word in {*map(str, Outcome)}]
        for told in table.expectations().values()
        for line in told
        if line.startswith("#") and ":" in line
    ]
    deciding = [str(one) for one in Outcome][: list(Outcome).index(Outcome.RULED)]
    for first, second in itertools.pairwise(deciding):
        assert any(found[:1] == [first] and second in found for found in cells), first


# --- sabotaged


SABOTAGED = "sabotaged"


def codes(holder: Any) -> Iterable[tuple[str, types.FunctionType]]:
    """Functions of a module or class, with the way to each."""
    for name, value in vars(holder).items():
        plain = value.fget if isinstance(value, property) else value
        plain = getattr(plain, "__func__", plain)
        if isinstance(plain, types.FunctionType):
            if plain.__code__.co_filename == SABOTAGED:  # what dataclasses make has no source
                yield name, plain
        elif isinstance(value, type) and value.__module__ == SABOTAGED:
            yield from ((f"{name}.{inner}", code) for inner, code in codes(value))


def sabotage(patch: pytest.MonkeyPatch, module: ModuleType, old: str, new: str) -> None:
    """Change one place of a loaded module, for all who have imported its functions too."""
    source = inspect.getsource(module)
    assert source.count(old) == 1, (module.__name__, source.count(old), old)
    was = dict(codes(made(patch, source)))  # the loaded code may have its asserts rewritten
    changed = [
        (way, code)
        for way, code in codes(made(patch, source.replace(old, new)))
        if not same_code(was[way], code)
    ]
    assert len(changed) == 1, (module.__name__, old, changed)
    ((way, code),) = changed
    target: Any = module
    for step in way.split("."):
        target = inspect.getattr_static(target, step)
    target = target.fget if isinstance(target, property) else target
    patch.setattr(getattr(target, "__func__", target), "__code__", code.__code__)


def made(patch: pytest.MonkeyPatch, source: str) -> ModuleType:
    """A module of its own, made of this source."""
    module = ModuleType(SABOTAGED)
    patch.setitem(sys.modules, SABOTAGED, module)
    exec(compile(source, SABOTAGED, "exec"), vars(module))  # noqa: S102  # our own source
    return module


def same_code(one: types.FunctionType, other: types.FunctionType) -> bool:
    return shape(one.__code__) == shape(other.__code__)


def shape(code: types.CodeType) -> Any:
    """What code does, wherever it stands."""
    inner = tuple(shape(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts)
    return code.co_code, inner, code.co_names, code.co_varnames


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotaged_harness_says_nothing_but_void(
    name: str, shipped: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = SABOTAGES[name]
    sabotage(monkeypatch, one.module, one.old, one.new)

    tried = selftest(shipped, TODAY)

    assert one.noticed in about(tried)
    with pytest.raises(Void) as void:
        tried.relied_on()
    assert void.value.slug == "self-test-failed"
    assert void.value.exit_code is ExitCode.VOID


@pytest.mark.parametrize(
    "condition",
    [
        'setup.candidate.engine.name == "{candidate}"',
        'setup.control.engine.name == "{control}"',
        '"{turn}" in episode.paths',
        'scenario.id == "{scenario}"',
    ],
)
def test_an_exception_for_a_real_name_is_seen(
    condition: str, shipped: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = names_of(shipped)
    asked = condition.format(**names._asdict(), scenario=names.scenarios[0])
    old = "for difference in differences(control.facets, candidate.facets)"
    sabotage(monkeypatch, lockstep, old, f"{old} if not {asked}")

    assert "a candidate that writes another value" in about(selftest(shipped, TODAY))


def test_nothing_else_in_the_harness_knows_the_plants() -> None:
    """No exception can be made for their kit and engines without naming them."""
    folder = Path(str(harness.__file__)).parent
    allowed = {"command.py", "told.py", "gate_text.py", "json_report.py"}
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text())
        named = {
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
        }
        own = file.relative_to(folder).parts[0]
        if own == "selftest":
            continue
        knows = {name for name in named if name.startswith("harness.selftest")}
        assert not knows or file.name in allowed, file
        plain = {name for name in named if name.startswith("harness.plain")}
        assert not plain or own in ("plain", "importing.py"), file
        assert "PlainWorld" not in file.read_text() or own == "plain", file


# --- invariants


class Lame(NamedTuple):
    """An invariant with the facts that it is tried on."""

    id: str
    title: str
    every_effect: bool
    says: tuple[str, ...]
    broken_by: Any
    kept_by: Any

    def check(self, facts: Any) -> tuple[str, ...]:
        return self.says if facts.books.get("broken") else ()


def with_invariant(shipped: Composition, **changed: Any) -> Composition:
    whole = Lame("N1", "planted", False, ("x",), {"books": {"broken": True}}, {"books": {}})
    copy = replace(shipped)
    vars(copy).update(
        {
            name: getattr(shipped, name)
            for name in ("kit", "control", "candidate", "loaded", "fields")
        }
    )
    vars(copy)["invariants"] = (whole._replace(**changed),)
    return copy


@pytest.mark.parametrize(
    ("changed", "noticed"),
    [
        ({"says": ()}, "N1 broken_by"),
        ({"kept_by": {"books": {"broken": True}}}, "N1 kept_by"),
        ({"broken_by": {"books": None}}, "N1 broken_by"),
        ({"broken_by": {"shelves": {}}}, "N1 broken_by"),
    ],
)
def test_an_invariant_that_does_not_do_as_it_says_is_void(
    changed: dict[str, Any], noticed: str, shipped: Composition
) -> None:
    assert about(selftest(with_invariant(shipped), TODAY)) == ""

    tried = selftest(with_invariant(shipped, **changed), TODAY)

    assert noticed in about(tried)
    with pytest.raises(Void, match="correct the invariant"):
        tried.relied_on()


@pytest.mark.parametrize("changed", [{"broken_by": None}, {"kept_by": None}])
def test_an_invariant_that_nobody_saw_fire_is_named(
    changed: dict[str, Any], shipped: Composition
) -> None:
    tried = selftest(with_invariant(shipped, **changed), TODAY)

    assert tried.relied_on().unplanted == ("N1",)
    assert tried.in_words().endswith("; invariants that nobody saw fire: N1")


def test_every_shipped_invariant_has_been_seen_to_fire(shipped: Composition) -> None:
    assert selftest(shipped, TODAY).unplanted == ()


def test_a_self_test_in_which_nothing_is_planted_is_void() -> None:
    empty = SelfTest(planted=0, found=0, missed=(), invented=(), unplanted=())

    with pytest.raises(Void):
        empty.relied_on()


# --- the command


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project of strangers, pinned."""
    folder = tmp_path_factory.mktemp("hall")
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert shadow(ROOT, "lint", "--write", at=folder).returncode == 0
    return folder


def shadow(source: Path, *words: str, at: Path) -> subprocess.CompletedProcess[str]:
    """The command of the harness below `source`."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=at,
        env={"PYTHONPATH": str(source), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_gate_tells_its_self_test(hall: Path) -> None:
    text, document = shadow(ROOT, "gate", at=hall), shadow(ROOT, "gate", "--json", at=hall)

    assert text.returncode == document.returncode == 0, text.stderr
    line = next(line for line in text.stdout.splitlines() if "self-test" in line)
    told = json.loads(document.stdout)["self_test"]
    assert told["planted"] == told["found"] > 150
    assert told["invented"] == 0
    assert told["unplanted_invariants"] == ["I1"]
    assert (
        line.split()
        == (
            f"self-test planted {told['planted']}, all found, none invented; "
            "invariants that nobody saw fire: I1"
        ).split()
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "noticed"),
    [
        ("difference.py", "elif not same(control, candidate):", "elif False:", "another value"),
        ("gate.py", "Gate.CLOSED if whole else Gate.OPEN", "Gate.OPEN", "another value"),
        ("free.py", "(Free.BROKEN, broken),", "", "that the candidate breaks"),
        ("selftest/told.txt", "a candidate that crashes\n", "nobody\n", "that crashes"),
    ],
)
def test_a_gate_that_failed_its_self_test_ends_with_6(
    file: str, old: str, new: str, noticed: str, hall: Path, tmp_path: Path
) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "harness", tmp_path / "harness", ignore=ignored)
    text = (tmp_path / "harness" / file).read_text()
    assert old in text
    (tmp_path / "harness" / file).write_text(text.replace(old, new, 1))
    assert shadow(ROOT, "gate", at=hall).returncode == 0

    done = shadow(tmp_path, "gate", at=hall)

    assert done.returncode == ExitCode.VOID
    assert "[self-test-failed]" in done.stderr
    assert "nothing that this run says counts" in done.stderr
    assert noticed in done.stderr
    assert "Gate" not in done.stdout
    assert shadow(tmp_path, "run", at=hall).returncode != ExitCode.VOID

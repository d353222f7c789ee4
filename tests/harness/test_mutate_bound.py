"""What a measurement rests on: all of both engines, and of the world what is imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.compose import Composition, compose
from harness.mutate.bound import added, changed, modules
from tests.harness.planted import edit, planted

WORLD = "desk_world"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in sys.modules if name.partition(".")[0] == WORLD]:
        monkeypatch.delitem(sys.modules, name)  # another test's, in another folder
    return planted(tmp_path, monkeypatch)


def composed(desk: Path) -> Composition:
    return compose(desk / "pyproject.toml", ())


def rests_on(desk: Path, package: str) -> set[str]:
    return {name for name in modules(composed(desk)) if name.startswith(f"{package}/")}


def test_of_an_engine_every_module_counts_and_a_new_one_is_named(desk: Path) -> None:
    known = modules(composed(desk))
    (desk / "desk_candidate/later.py").write_text("LATER = 1\n")

    assert list(added(known, composed(desk))) == ["desk_candidate/later.py"]
    assert "desk_candidate/later.py" in rests_on(desk, "desk_candidate")


def test_of_the_world_counts_what_its_kit_imports_and_the_packages_above_it(desk: Path) -> None:
    before = rests_on(desk, WORLD)
    (desk / WORLD / "beside").mkdir()
    (desk / WORLD / "beside/__init__.py").write_text("")
    (desk / WORLD / "beside/report.py").write_text("LINES = 3\n")
    known = modules(composed(desk))

    assert rests_on(desk, WORLD) == before
    assert list(added(known, composed(desk))) == []

    edit(desk / WORLD / "domain.py", ("", "\nfrom desk_world.beside.report import LINES\n"))
    now = {f"{WORLD}/beside/__init__.py", f"{WORLD}/beside/report.py"}
    assert rests_on(desk, WORLD) - before == now
    assert list(changed(known, composed(desk))) == [f"{WORLD}/domain.py"]


def test_layout_and_comments_of_a_module_are_no_change_and_a_constant_is(desk: Path) -> None:
    known = modules(composed(desk))
    file = desk / "desk_control/pay.py"
    file.write_text(file.read_text() + "\n\n# more words\n")
    assert list(changed(known, composed(desk))) == []

    file.write_text(file.read_text() + "MORE = 1\n")
    assert list(changed(known, composed(desk))) == ["desk_control/pay.py"]

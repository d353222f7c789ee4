"""Fingerprints: each thing that can make a replay come out otherwise is in one, judging is not."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.compose import compose
from harness.kept import fingerprint
from harness.kept.fingerprint import Fingerprint
from harness.kept.imports import Imports, Unknowable
from tests.harness.line_desk import Ran, desk, lines
from tests.harness.planted import CANDIDATE, PAY, edit

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

BESIDE = "desk_beside_nobody_has_this_name"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The desk; its control imports a module beside its package."""
    desk(tmp_path, monkeypatch, lines([1, 2]))
    edit(
        tmp_path / PAY, ("from typing import Any\n", f"import {BESIDE}\nfrom typing import Any\n")
    )
    (tmp_path / f"{BESIDE}.py").write_text("FEE = 1\n")
    (tmp_path / "desk_control" / "unused.py").write_text("A = 1\n")
    monkeypatch.delitem(sys.modules, BESIDE, raising=False)
    return tmp_path


def made() -> tuple[Fingerprint, Fingerprint]:
    """Those of the pair and of the control."""
    composition = compose(None, ())
    composition.setup()
    return fingerprint.pair(composition), fingerprint.control(composition)


def append(name: str, text: str = "# more\n") -> Callable[[Path, Any], None]:
    def change(project: Path, _: Any) -> None:
        file = project / name
        file.write_text((file.read_text() if file.exists() else "") + text)

    return change


def newer(_: Path, patch: pytest.MonkeyPatch) -> None:
    """Another version of a dependency, as it would say itself."""
    real = importlib.metadata.distribution

    class Newer:
        version = "99.0"
        requires = ()

        def read_text(self, name: str) -> str | None:
            return real("msgspec").read_text(name)

    patch.setattr(
        importlib.metadata,
        "distribution",
        lambda name: Newer() if name == "msgspec" else real(name),
    )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (append(PAY), "control"),
        (append("desk_control/unused.py"), "control"),
        (append("desk_control/new.py"), "control"),
        (append(f"{BESIDE}.py"), f"package {BESIDE}"),
        (append("desk_world/domain.py"), "package desk_world"),
        (append("desk_world/rates.json", "{}"), "package desk_world"),
        (append("scenarios/fields.yaml", "[]\n"), "fields"),
        (append("pyproject.toml", "timeout_seconds = 3\n"), "switches"),
        (newer, "installed msgspec"),
        (lambda _, patch: patch.setenv("TZ", "Asia/Kathmandu"), "interpreter"),
        (lambda _, patch: patch.setattr(fingerprint, "FORM", "0"), "form"),
    ],
    ids=[
        "engine", "its helper", "a new module", "module beside", "world", "data of the world",
        "fields", "budget", "dependency", "environment", "form",
    ],
)  # fmt: skip
def test_what_a_replay_rests_on_changes_both(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, Any], None],
    part: str,
) -> None:
    before = made()
    assert made() == before
    change(project, monkeypatch)

    after = made()

    for was, is_ in zip(before, after, strict=True):
        other = {
            name
            for name in {**was.parts, **is_.parts}
            if was.parts.get(name) != is_.parts.get(name)
        }
        assert part in other
        assert was.name != is_.name


def test_the_candidate_changes_the_pair_and_leaves_the_control(project: Path) -> None:
    pair, control = made()
    edit(project / CANDIDATE, ("", "# more\n"))

    after = made()

    assert after[0].parts["candidate"] != pair.parts["candidate"]
    assert after[1] == control


@pytest.mark.parametrize(
    "file", ["scenarios/gate.yaml", "scenarios/rulings/x.yaml", "docs/x.md", "desk.jsonl"]
)
def test_what_only_judges_changes_neither(project: Path, file: str) -> None:
    before = made()
    (project / file).parent.mkdir(parents=True, exist_ok=True)
    append(file)(project, None)

    assert made() == before


def test_with_code_that_comes_from_no_file_nothing_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could tell whether it is the same: it is told, and everything is replayed."""
    (project / f"{BESIDE}.py").unlink()
    monkeypatch.setitem(sys.modules, BESIDE, ModuleType(BESIDE))
    accounts = project / "desk.jsonl"

    found = [Ran(accounts, store=f"{number}.db", kept=Path("kept")) for number in range(2)]

    assert [one.slugs for one in found] == [["kept-unknowable"]] * 2
    assert BESIDE in found[0].complaints[0].message
    assert [one.told["kept"] for one in found] == [None, None]
    assert not Path("kept").exists()


@pytest.mark.parametrize(
    "text",
    [
        "import {}", "import os, {}.inner as x", "from {} import a", "from {}.inner import a",
        "def f():\n    import {}", "if x:\n    from {} import a",
        "import importlib\nx = importlib.import_module('{}.inner')", "x = __import__('{}')",
        "try:\n    import {}\nexcept ImportError:\n    pass",
    ],
)  # fmt: skip
def test_every_way_to_import_by_a_name_that_is_written_out_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "kept_first.py").write_text(text.format("kept_second"))
    (tmp_path / "kept_second").mkdir()
    (tmp_path / "kept_second" / "inner.py").write_text("import kept_third, kept_nowhere, json")
    (tmp_path / "kept_third.py").write_text("from . import kept_fourth\nimport msgspec")
    (tmp_path / "kept_fourth.py").write_text("")

    tops = Imports().reached(["kept_first"])

    assert {*tops.here} == {"kept_first", "kept_second", "kept_third"}
    assert "msgspec" in tops.installed


def test_a_package_that_counts_by_its_bytes_does_so_wherever_it_lies() -> None:
    tops = Imports().reached(["msgspec"])

    assert "msgspec" in tops.here
    assert any(
        file.suffix == ".so" or file.suffix == ".pyd"
        for place in tops.here["msgspec"]
        for file in place.glob("*")
    )


def test_a_module_that_is_gone_is_unknowable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "kept_first.py").write_text("import kept_made")
    monkeypatch.setitem(sys.modules, "kept_made", ModuleType("kept_made"))

    with pytest.raises(Unknowable, match="kept_made comes from no file"):
        Imports().reached(["kept_first"])

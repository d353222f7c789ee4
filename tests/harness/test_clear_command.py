"""`shadow clear` from end to end, on the house of the guide: a project whose gate is open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from harness.clearance.clear import changed
from harness.clearance.clearance import Clearance, parse, still_valid
from harness.clearance.fingerprint import Fingerprints, fingerprints
from harness.clearance.git import Repository
from harness.clearance.tree import RevisionTree
from harness.completion import cleared
from harness.moment import today
from tests.harness.cleared_project import committed, git, written
from tests.harness.test_last_lines import next_command, parsed, too_wide
from tests.shadow_command import ROOT, shadow
from tests.test_own_engines_guide import GUIDE, Written, steps

RULING = "scenarios/rulings/R-dial-works-at-once.yaml"


def files() -> Mapping[str, str]:
    """The guide's files; the draft of its ruling is the ruling."""
    day = today().isoformat()
    return {
        RULING if step.name == "signed.yaml" else step.name: step.text.replace("TODAY", day)
        for step in steps(GUIDE.read_text("utf-8"))
        if isinstance(step, Written)
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = written(tmp_path_factory.mktemp("houses") / "house", files())
    written(root, {".gitignore": "__pycache__/\n.shadow/\nquiet*\n"})
    assert run(root, "lint", "--write").returncode == 0
    committed(root)
    return root


@pytest.fixture
def root(house: Path, tmp_path: Path) -> Path:
    shutil.copytree(house, tmp_path / "house", symlinks=True)
    return tmp_path / "house"


def run(root: Path, *words: str, **environ: str) -> CompletedProcess[str]:
    done = shadow(*words, at=root, **{"PYTHONPATH": str(ROOT), "COLUMNS": "100", **environ})
    assert "Traceback" not in done.stderr, done.stderr
    return done


def asked(root: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of `shadow clear` at rehearsal."""
    done = run(root, "clear", *words, "--level", "rehearsal", "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def slugs(document: Mapping[str, Any]) -> list[str]:
    return [reason["slug"] for reason in document["reasons"]]


def only(root: Path) -> Clearance:
    (file,) = (root / "clearances").glob("*.json")
    return parse(file.read_bytes(), file.name)


def now(root: Path, clearance: Clearance, revision: str = "HEAD") -> Fingerprints:
    """What there is at a revision, as the guard sees it."""
    tree = RevisionTree(Repository.around(root), revision)
    modules = {name: path.module for name, path in clearance.paths.items()}
    return fingerprints(tree, clearance.config, modules)


# --- written


def test_what_the_gate_leaves_open_is_cleared_for_exactly_what_is_committed(root: Path) -> None:
    done = run(root, "clear", "--all", "--level", "rehearsal")

    clearance = only(root)
    (file,) = (root / "clearances").iterdir()
    assert done.returncode == 0
    assert "Cleared, level rehearsal: 2 of 2 paths" in done.stdout
    assert "REHEARSAL: no recording stands behind this clearance." in done.stdout
    page = done.stdout.removesuffix("\n")
    assert f"Next: git add clearances/{file.name} && git commit && shadow guard" in page
    parsed(next_command(page))
    assert too_wide(page, 100) == []
    assert file.name == f"all-{today()}-{clearance.sha256[:8]}.json"
    assert clearance.commit == git(root, "rev-parse", "HEAD").strip()
    assert clearance.symbols() == {"old.turn:turn", "old.measured:measured", "old:ENGINE"}
    assert clearance.remark.startswith("REHEARSAL")
    found = now(root, clearance)
    assert still_valid(clearance, found, today(), level="rehearsal") == ()
    assert [one.slug for one in still_valid(clearance, found, today())] == ["clearance-level"]


def test_its_figures_are_the_gate_s_own(root: Path) -> None:
    gate = json.loads(run(root, "gate", "--json").stdout)
    assert asked(root, "turn")[0] == 0

    weighed = only(root).gate

    assert gate["gate"] == "open"
    assert weighed.totals == gate["totals"]
    assert weighed.totals["expected"] == 20
    assert weighed.free == gate["free"]
    assert weighed.figures == gate["figures"]
    assert weighed.evidence == gate["evidence"]
    assert list(weighed.not_required) == gate["not_required"]
    assert weighed.planted == gate["self_test"]["planted"] > 100


def test_one_path_clears_neither_the_other_nor_the_registry(root: Path) -> None:
    code, document = asked(root, "turn")

    clearance = only(root)
    assert (code, document["cleared"], document["new"]) == (0, True, True)
    assert document["file"].startswith("clearances/turn-")
    assert set(clearance.paths) == {"turn"}
    assert clearance.symbols() == {"old.turn:turn"}
    assert clearance.shared == {}


def test_one_that_still_holds_is_not_written_again(root: Path) -> None:
    first = asked(root, "turn")[1]
    text = (root / first["file"]).read_bytes()
    committed(root, "the clearance, and nothing that it is bound to")
    plain = (root / "old/turn.py").read_text()
    (root / "old/turn.py").write_text(f"# another layout\n\n\n{plain}\n\n# and a comment\n")
    committed(root, "layout")

    code, second = asked(root, "turn")

    assert (code, second["new"], second["file"]) == (0, False, first["file"])
    assert (root / first["file"]).read_bytes() == text
    assert len(list((root / "clearances").iterdir())) == 1


def test_one_that_is_void_is_written_anew_beside_the_old(root: Path) -> None:
    first = asked(root, "turn")[1]
    written(root, {"constraints.txt": "msgspec==0.20.0\n"})
    committed(root)

    second = asked(root, "turn")[1]

    assert second["new"]
    assert second["file"] != first["file"]
    old = parse((root / first["file"]).read_bytes(), "old")
    assert [
        one.found.split()[0]
        for one in still_valid(old, now(root, old), today(), level="rehearsal")
    ] == ["dependencies"]


def test_a_project_below_the_root_is_cleared_beside_its_configuration(tmp_path: Path) -> None:
    root = written(tmp_path / "all" / "parts" / "house", files()).parents[1]
    written(root, {".gitignore": "__pycache__/\n.shadow/\n", "other/old/turn.py": "X = 1\n"})
    folder = root / "parts" / "house"
    assert run(folder, "lint", "--write").returncode == 0
    committed(root)

    code, document = asked(folder, "turn")

    assert code == 0, document
    clearance = only(folder)
    assert clearance.config == "parts/house/pyproject.toml"
    assert still_valid(clearance, now(root, clearance), today(), level="rehearsal") == ()


def test_a_shell_is_offered_the_paths_that_run_in_pinned_cells(root: Path) -> None:
    offered = [one.value for one in cleared(root / "pyproject.toml", "")]

    assert offered == ["measured", "turn"]
    assert [one.value for one in cleared(root / "pyproject.toml", "t")] == ["turn"]


# --- refused before the gate is run


def test_a_gate_at_rehearsal_clears_nothing_for_production(root: Path) -> None:
    done = run(root, "clear", "--all")

    said = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "Refused, level production: nothing was written" in said
    assert "level-rehearsal level = rehearsal in the policy" in said
    for lacking in ("recordings that hold all stores", "mutants told apart", "freshness"):
        assert lacking in said
    assert done.stdout.endswith("Next: shadow gate\n")
    assert not (root / "clearances").exists()


def change(root: Path) -> None:
    (root / "old/turn.py").write_text("def turn(ports, trigger):\n    return None\n")


def stage(root: Path) -> None:
    git(root, "rm", "--quiet", "--cached", "new.py")


def add(root: Path) -> None:
    written(root, {"notes.txt": "by the way"})


@pytest.mark.parametrize("do", [change, stage, add])
def test_what_is_not_committed_is_not_cleared(do: Callable[[Path], None], root: Path) -> None:
    do(root)

    done = run(root, "clear", "turn", "--level", "rehearsal")

    assert done.returncode == 1
    page = done.stdout.removesuffix("\n")
    assert "tree-not-clean" in page
    assert "Next: git status --ignored, and when all is committed shadow clear turn" in page
    parsed(next_command(page))
    assert too_wide(page, 100) == []
    assert not (root / "clearances").exists()


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("old/quiet.py", "control"),
        ("scenarios/quiet.yaml", "scenarios"),
        ("scenarios/rulings/quiet.yaml", "rulings"),
    ],
)
def test_an_ignored_file_that_others_do_not_get_is_seen(file: str, part: str, root: Path) -> None:
    written(root, {file: "X = 1\n"})
    assert Repository.around(root).unclean() == ()

    code, document = asked(root, "turn")

    assert code == 1
    assert set(slugs(document)) == {"tree-not-committed"}
    assert part in {reason["found"] for reason in document["reasons"]}


def test_git_s_own_word_that_a_file_is_unchanged_is_not_taken(root: Path) -> None:
    git(root, "update-index", "--assume-unchanged", "old/turn.py")
    (root / "old/turn.py").write_text("def turn(ports, trigger):\n    return None\n")
    assert Repository.around(root).unclean() == ()

    code, document = asked(root, "turn")

    assert code == 1
    assert set(slugs(document)) == {"tree-not-committed"}
    assert {"control", "path turn"} <= {reason["found"] for reason in document["reasons"]}


def test_an_unknown_path_is_one_message_with_the_nearest_name(root: Path) -> None:
    done = run(root, "clear", "turm")

    assert (done.returncode, done.stdout) == (4, "")
    assert "the control has no path 'turm' [unknown-path]" in done.stderr
    assert "did you mean 'turn'?" in done.stderr


@pytest.mark.parametrize("words", [(), ("turn", "--all"), ("--all", "--level", "almost")])
def test_what_is_asked_for_has_to_be_said(words: tuple[str, ...], root: Path) -> None:
    done = run(root, "clear", *words)

    assert (done.returncode, done.stdout) == (4, "")
    assert "[usage]" in done.stderr


def test_without_a_repository_nothing_is_cleared(root: Path) -> None:
    shutil.rmtree(root / ".git")

    done = run(root, "clear", "turn", GIT_CEILING_DIRECTORIES=str(root.parent))

    assert (done.returncode, done.stdout) == (4, "")
    assert "[not-a-repository]" in done.stderr


def test_without_a_commit_nothing_is_cleared(root: Path) -> None:
    shutil.rmtree(root / ".git")
    git(root, "init", "--quiet")

    done = run(root, "clear", "turn")

    assert done.returncode == 4
    assert "[revision-unknown]" in done.stderr


def test_a_module_from_elsewhere_is_not_taken_for_the_committed_one(
    root: Path, tmp_path: Path
) -> None:
    shutil.copy(root / "house.py", tmp_path / "house.py")

    done = run(
        *(root, "clear", "turn", "--level", "rehearsal"),
        PYTHONPATH=f"{tmp_path}:{ROOT}",
        PYTHONSAFEPATH="1",  # as the console script: the current folder is on no path
    )

    assert (done.returncode, done.stdout) == (4, "")
    assert "house was imported from another place" in done.stderr
    assert "[module-elsewhere]" in done.stderr


def test_a_broken_clearance_is_named_and_not_passed_over(root: Path) -> None:
    written(root, {"clearances/turn.json": "{}"})

    done = run(root, "clear", "turn", "--level", "rehearsal")

    assert done.returncode == 4
    assert "clearances/turn.json" in done.stderr
    assert "[clearance-malformed]" in done.stderr


def test_an_engine_that_is_linked_in_is_refused(root: Path) -> None:
    shutil.move(root / "old", root / "elsewhere")
    (root / "old").symlink_to("elsewhere")
    committed(root)

    done = run(root, "clear", "turn", "--level", "rehearsal")

    assert done.returncode == 4
    assert "[tree-link]" in done.stderr


# --- refused by the gate


def test_a_path_that_is_closed_is_named_with_why(root: Path) -> None:
    (root / RULING).unlink()
    committed(root, "no ruling")

    code, document = asked(root, "--all")

    assert code == 1
    assert not document["cleared"]
    assert set(slugs(document)) == {"path-not-open", "gate-not-open"}
    found = " ".join(reason["found"] for reason in document["reasons"])
    assert "turn is closed: " in found
    assert "cell-diverges" in found
    assert not (root / "clearances").exists()


def test_an_open_path_of_a_closed_gate_is_not_cleared(root: Path) -> None:
    """A scenario that nobody pinned closes the whole gate, and every path with it."""
    text = (root / "scenarios/a-day.yaml").read_text()
    written(root, {"scenarios/b-day.yaml": text.replace("id: a-day", "id: b-day")})
    committed(root, "not pinned")

    code, document = asked(root, "measured")

    assert code == 1
    assert "gate-not-open" in slugs(document)
    assert "scenario-not-in-manifest" in json.dumps(document["reasons"])


def test_an_unusable_scenario_is_named_and_keeps_everything_closed(root: Path) -> None:
    written(root, {"scenarios/a-day.yaml": "id: ["})
    committed(root, "broken")

    done = run(root, "clear", "turn", "--level", "rehearsal")

    assert done.returncode == 4
    assert "scenarios/a-day.yaml:1" in done.stderr
    assert "Refused" in done.stdout


def test_a_threshold_loosened_for_the_occasion_clears_nothing(root: Path) -> None:
    policy = (root / "scenarios/gate.yaml").read_text()
    loosened = policy.replace("intended_change_max: 1/50", "intended_change_max: 1/40")
    assert loosened != policy
    record = (
        "relaxations:\n  - {key: intended_change_max, reason: for today, "
        f'decision: "0001", date: {today().isoformat()}}}\n'
    )
    written(root, {"scenarios/gate.yaml": loosened + record})
    committed(root, "loosened")

    code, document = asked(root, "turn")

    assert code == 1
    assert slugs(document) == ["relaxation-young"]
    assert "0 days ago" in document["reasons"][0]["found"]


def test_what_changes_while_the_gate_runs_is_named() -> None:
    one = Fingerprints(paths={"turn": "a"}, parts={"world": "b", "rulings": "c"})
    other = Fingerprints(paths={"turn": "x"}, parts={"world": "x", "rulings": "c"})

    found = [(reason.slug, reason.found) for reason in changed(other, one)]

    assert found == [("tree-changed", "world"), ("tree-changed", "path turn")]
    assert list(changed(one, one)) == []

"""`shadow guard` over real ranges: what is lost of the control, and what clears it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.harness.guarded_control import FINE, REGISTRY, changed
from tests.harness.guarded_repo import (
    BASE,
    CONFIG,
    DAY,
    DELETION,
    ROW,
    WITHOUT_FINE,
    Repo,
    buried,
    repo,
)


@pytest.fixture
def desk(tmp_path: Path) -> Repo:
    return repo(tmp_path)


# Ranges that take nothing away.


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "# The desk, told anew\n"},
        {"docs/desk.md": "# How\n"},
        {"scenarios/lost.yaml": "id: lost\n"},
        {"old_desk/extra.py": "def more():\n    return 1\n"},
        {"old_desk/fine.py": FINE.replace("amount", "owed")},
        {"old_desk/fine.py": FINE.replace("late = days", "late  =  days")},
        {"new_desk/engine.py": "ENGINE = {'fine.due': print}\n"},
        {"tests/test_desk.py": "def test_it():\n    pass\n"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_a_range_that_takes_nothing_away_passes(desk: Repo, files: dict[str, str]) -> None:
    desk.commit(files)

    told = desk.guard()

    assert told["guard"] == "passed"
    assert told["refusals"] == []
    assert told["losses"] == []


def test_a_plain_edit_of_the_control_is_noted(desk: Repo) -> None:
    desk.commit({"old_desk/fine.py": FINE.replace("GRACE = 2", "GRACE = 3")})

    told = desk.guard()

    assert told["guard"] == "passed"
    assert [(note["name"], note["said"]) for note in told["notes"]] == [
        ("old_desk.fine:GRACE", "changed")
    ]


# Deletions that nobody cleared.


def test_a_deletion_without_a_clearance_is_refused_by_name(desk: Repo) -> None:
    desk.commit(dict(DELETION))

    refused = desk.refused()

    assert ("clearance-missing", f"desk.fine: no clearance of it in {base(desk)}") in refused
    assert "control-removed" in [slug for slug, _ in refused]
    assert any("old_desk.fine (path desk.fine) is gone" in found for _, found in refused)


def base(desk: Repo) -> str:
    return f"commit {desk.git('rev-parse', 'main')[:12]}"


def test_a_rename_and_then_a_deletion_are_one_deletion(desk: Repo) -> None:
    renamed = changed("fine.py", "charge_fine", "fine_charged")["old_desk/fine.py"]
    engine = REGISTRY.replace("charge_fine", "fine_charged")
    desk.commit({"old_desk/fine.py": renamed, "old_desk/engine.py": engine})
    desk.commit({"old_desk/fine.py": None, "old_desk/engine.py": WITHOUT_FINE})

    refused = desk.refused()

    assert any(
        slug == "control-removed" and "old_desk.fine (path desk.fine) is gone" in found
        for slug, found in refused
    )


def test_a_rename_alone_is_refused_so_that_no_later_range_deletes_it_unseen(desk: Repo) -> None:
    engine = REGISTRY.replace("charge_fine", "fine_charged")
    desk.commit(
        {
            "old_desk/fine.py": FINE.replace("charge_fine", "fine_charged"),
            "old_desk/engine.py": engine,
        }
    )

    refused = dict(desk.refused())

    assert refused["control-moved"] == (
        "old_desk.fine:charge_fine (path desk.fine) is `fine_charged` now"
    )


def test_a_file_renamed_in_case_alone_is_refused(desk: Repo) -> None:
    desk.commit({"old_desk/fine.py": None, "old_desk/Fine.py": FINE})

    found = dict(desk.refused())["control-moved"]

    assert "stands in old_desk/Fine.py now" in found


def test_a_deletion_by_flag_is_refused(desk: Repo) -> None:
    flag = FINE.replace("    loan = ports", "    if OFF:\n        return None\n    loan = ports")
    desk.commit({"old_desk/fine.py": flag.replace("GRACE = 2", "GRACE = 2\nOFF = True")})

    found = [text for slug, text in desk.refused() if slug == "control-gutted"]

    assert any("old_desk.fine:charge_fine" in text for text in found), found


def test_a_handler_that_is_registered_no_longer_is_refused(desk: Repo) -> None:
    desk.commit({"old_desk/engine.py": REGISTRY.replace(ROW, "")})

    refused = desk.refused()

    assert any(
        "PATHS['desk.fine'] (path desk.fine) the row is gone" in text for _, text in refused
    )
    assert any(slug == "control-unreachable" and "charge_fine" in text for slug, text in refused)


def test_a_deletion_hidden_in_a_merge_is_seen(desk: Repo) -> None:
    desk.git("switch", "--quiet", "-c", "side")
    desk.commit({"docs/side.md": "# Side\n"})
    desk.git("switch", "--quiet", "work")
    desk.commit({"docs/work.md": "# Work\n"})
    desk.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    desk.commit({"old_desk/fine.py": None}, message="merge")

    assert desk.git("show", "--format=", "--name-only", "HEAD^2") == "docs/side.md"
    assert "control-removed" in desk.slugs()


def test_a_link_in_place_of_a_file_is_a_file_that_is_gone(desk: Repo) -> None:
    (desk.folder / "old_desk/fine.py").unlink()
    os.symlink("../attic/fine.py", desk.folder / "old_desk/fine.py")
    desk.commit({"attic/fine.py": FINE})

    refused = desk.refused()

    assert any(
        "old_desk.fine (path desk.fine) stands in attic/fine.py now" in t for _, t in refused
    )


def test_a_mode_alone_changes_nothing(desk: Repo) -> None:
    (desk.folder / "old_desk/fine.py").chmod(0o755)
    desk.commit({})

    told = desk.guard()

    assert told["range"]["files"] == 1
    assert told["guard"] == "passed"


def test_a_package_that_moved_is_gone(desk: Repo) -> None:
    desk.git("mv", "old_desk", "older_desk")
    desk.commit({"pyproject.toml": CONFIG.replace("old_desk.engine", "older_desk.engine")})

    refused = desk.refused()

    assert any("stands in older_desk/fine.py now" in text for _, text in refused)
    assert any(
        slug == "control-switched" and "control = 'older_desk.engine:ENGINE'" in text
        for slug, text in refused
    )


def test_a_table_that_names_another_control_takes_all_of_it_away(desk: Repo) -> None:
    desk.commit({"pyproject.toml": CONFIG.replace("old_desk.engine:ENGINE", "nobody:ENGINE")})

    refused = desk.refused()

    assert refused[-1][0] == "control-switched" or "control-switched" in dict(refused)
    missing = [text for slug, text in refused if slug == "clearance-missing"]
    assert [text.partition(":")[0] for text in missing] == ["desk.fine", "desk.returned"]


def test_a_configuration_that_is_gone_names_no_control(desk: Repo) -> None:
    desk.commit({"pyproject.toml": None})

    assert "control = '', was 'old_desk.engine:ENGINE'" in dict(desk.refused())["control-switched"]


# Clearances.


def test_a_cleared_and_buried_deletion_passes(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit({"scenarios/retired.yaml": buried(desk)})

    told = desk.guard()

    assert told["refusals"] == []
    assert told["retired"] == ["desk.fine"]
    assert {loss["name"] for loss in told["losses"]} >= {"old_desk.fine"}
    assert all(loss["cleared"] for loss in told["losses"])


def test_one_path_may_go_after_the_other(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit({"scenarios/retired.yaml": buried(desk)})
    desk.merge()
    desk.commit({"old_desk/returned.py": None})

    refused = desk.refused()

    assert any(slug == "clearance-missing" and "desk.returned" in text for slug, text in refused)
    assert not any("desk.fine" in text for _, text in refused)


def test_a_clearance_of_another_path_clears_nothing(desk: Repo) -> None:
    desk.cleared("desk.returned")
    desk.commit(dict(DELETION))

    assert (
        "clearance-missing",
        f"desk.fine: no clearance of it in {base(desk)}",
    ) in desk.refused()


def test_a_shared_module_does_not_go_with_one_of_its_paths(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit({"old_desk/money.py": None})

    refused = desk.refused()

    assert any(
        slug == "control-removed" and "old_desk.money (path desk.fine, desk.returned)" in text
        for slug, text in refused
    )
    assert any(slug == "clearance-missing" and "desk.returned" in text for slug, text in refused)


def test_a_clearance_that_comes_with_its_deletion_is_not_asked(desk: Repo) -> None:
    file, text = desk.clear("desk.fine")
    desk.commit({file: text})
    desk.commit(dict(DELETION))

    refused = desk.refused()

    assert (
        "clearance-in-range",
        "desk.fine: the range itself brings or edits this clearance",
    ) in refused
    assert "clearance-missing" in dict(refused)
    assert any("a clearance changes with the deletion" in text for _, text in refused)


def test_an_edited_clearance_clears_nothing(desk: Repo) -> None:
    file, text = desk.clear("desk.fine")
    desk.commit({file: text.replace('"old_desk.fine:GRACE"', '"old_desk.fine:OTHER"')})
    desk.merge()
    desk.commit(dict(DELETION))

    found = dict(desk.refused())["clearance-edited"]

    assert found.startswith("desk.fine: sha256 = ")


def test_a_clearance_that_is_edited_in_the_range_is_named(desk: Repo) -> None:
    file = desk.cleared("desk.fine")
    text = (desk.folder / file).read_text()
    desk.commit({file: text.replace("desk.fine", "desk.returned")})

    assert ("history-rewritten", f"{file}: a clearance is edited") in desk.refused()


def test_a_clearance_runs_out(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION), days=40)

    found = dict(desk.refused())["clearance-expired"]

    assert found == "desk.fine: valid until 2026-04-02, today is 2026-04-13"


def test_a_clock_that_is_set_back_revives_no_clearance(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION), days=40)

    assert "clearance-expired" in desk.slugs(clock=desk.clock - 39 * DAY)


@pytest.mark.parametrize(
    ("file", "text", "part"),
    [
        ("new_desk/engine.py", "ENGINE = {1: 1}\n", "candidate"),
        ("desk_world/kit.py", "KIT = INVARIANTS = 1\n", "world"),
        ("scenarios/late.yaml", "id: late\ntitle: x\n", "scenarios"),
        ("scenarios/rulings/R-day.yaml", "id: R-day\n", "rulings"),
        ("constraints.txt", "msgspec==0.21.0\n", "dependencies"),
        ("old_desk/money.py", BASE["old_desk/money.py"].replace("5", "10"), "path desk.fine"),
    ],
)
def test_a_clearance_is_void_once_anything_it_rests_on_changed(
    desk: Repo, file: str, text: str, part: str
) -> None:
    desk.cleared("desk.fine")
    desk.commit({file: text})
    desk.merge()
    desk.commit(dict(DELETION))

    void = [found for slug, found in desk.refused() if slug == "clearance-void"]

    assert any(found.startswith(f"desk.fine: {part} is ") for found in void), void


def test_a_rehearsal_permits_nothing_unless_it_is_asked_for(desk: Repo) -> None:
    desk.cleared("desk.fine", level="rehearsal")
    desk.commit(dict(DELETION))

    assert dict(desk.refused())["clearance-level"] == "desk.fine: level = rehearsal"
    assert set(desk.slugs(level="rehearsal")) == {"path-not-buried"}


def test_a_clearance_that_cannot_be_read_is_named(desk: Repo) -> None:
    desk.commit({"clearances/all.json": "{}\n"})
    desk.merge()
    desk.commit(dict(DELETION))

    assert "clearance-unusable" in desk.slugs()


def test_a_clearance_that_does_not_hold_for_what_is_merged_with_it_is_refused(desk: Repo) -> None:
    file, text = desk.clear("desk.fine")
    desk.commit({file: text, "new_desk/engine.py": "ENGINE = {2: 2}\n"})

    refused = desk.guard()["refusals"]

    assert [(one["slug"], one["file"]) for one in refused] == [("clearance-void", file)]
    assert "candidate is " in refused[0]["found"]


def test_a_clearance_alone_passes(desk: Repo) -> None:
    file, text = desk.clear("desk.fine")
    desk.commit({file: text})

    assert desk.refused() == []

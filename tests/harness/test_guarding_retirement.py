"""`shadow guard` where a cleared path goes: its tombstone, its judges, and its recording."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.document import parse_document
from harness.errors import InputError
from harness.guarding.guard import guard
from harness.guarding.retired import read_retired
from harness.manifest_file import render
from harness.replayed.package_sources import sources_sha256
from tests.harness.guarded_control import FINE, REGISTRY
from tests.harness.guarded_repo import (
    BASE,
    CONFIG,
    DELETION,
    MANIFEST,
    Repo,
    buried,
    less,
    repo,
    stone,
)


@pytest.fixture
def desk(tmp_path: Path) -> Repo:
    return repo(tmp_path)


# Tombstones of paths.


def test_a_deleted_path_needs_a_tombstone_which_is_spelt_out(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))

    (one,) = desk.guard()["refusals"]

    assert one["slug"] == "path-not-buried"
    assert "{path: desk.fine, clearance: clearances/desk.fine-production.json, " in one["needed"]
    assert "cells: 2, branches: 6, decision: docs/decisions/…}" in one["needed"]


def printed(desk: Repo, decision: str = "docs/decisions/0001-go.md") -> str:
    """What `shadow guard --tombstones` prints."""
    said: list[str] = []
    guard(desk.folder / "pyproject.toml", base="main", head="HEAD", level="production",
          as_json=False, say=said.append, tombstones=decision,
          clock=desk.clock + 3_600)  # fmt: skip
    return f"{said[0]}\n"


def test_the_file_of_tombstones_is_printed_as_it_has_to_be(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    first = printed(desk)
    desk.commit({"scenarios/retired.yaml": f"# who went\n{first}"})
    assert desk.refused() == []
    with pytest.raises(InputError, match="nothing-to-bury"):
        printed(desk)
    desk.merge()
    desk.cleared("desk.returned")
    desk.commit({"old_desk/returned.py": None})

    second = printed(desk, "it was enough: {all}")

    assert second.startswith(f"# who went\n{first}")
    rows = read_retired(parse_document(second.encode(), "retired.yaml"))
    assert [one.path for one in rows] == ["desk.fine", "desk.returned"]
    assert rows[1].decision == "it was enough: {all}"


def test_nothing_is_buried_that_nobody_cleared(desk: Repo) -> None:
    desk.commit(dict(DELETION))

    with pytest.raises(InputError, match="nothing-to-bury"):
        printed(desk)


def test_the_printed_file_names_the_recording(desk: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(desk, monkeypatch)
    desk.commit(dict(SWITCHED))
    desk.commit({"scenarios/retired.yaml": printed(desk)})

    assert desk.refused() == []


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("cells", "1", "desk.fine: cells = 1"),
        ("branches", "5", "desk.fine: branches = 5"),
        ("sha256", "ab" * 32, f"desk.fine: sha256 = {'ab' * 32}"),
        ("clearance", "clearances/x.json", "desk.fine: clearance = clearances/x.json"),
        ("date", "2026-01-01", "desk.fine: date = 2026-01-01"),
        ("date", "2027-01-01", "desk.fine: date = 2027-01-01"),
    ],
)
def test_a_tombstone_tells_what_is_so(desk: Repo, key: str, value: str, found: str) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit({"scenarios/retired.yaml": buried(desk, **{key: value})})

    assert desk.refused() == [("tombstone-unfounded", found)]


def test_a_tombstone_without_a_deletion_is_refused(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    text = buried(desk)
    desk.git("reset", "--quiet", "--hard", "main")
    desk.commit({"scenarios/retired.yaml": text})

    assert desk.slugs() == ["tombstone-unfounded"]


def test_a_tombstone_stays(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit({"scenarios/retired.yaml": buried(desk)})
    desk.merge()
    desk.commit({"scenarios/retired.yaml": None})

    assert desk.refused() == [
        ("tombstone-removed", "the tombstone of desk.fine is gone, or says something else")
    ]


def test_the_clearance_of_a_deleted_path_stays(desk: Repo) -> None:
    file = desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit({"scenarios/retired.yaml": buried(desk)})
    desk.merge()
    desk.commit({file: None})

    assert desk.refused() == [
        ("history-rewritten", f"{file}: the clearance of a deleted path is gone")
    ]


def test_what_was_left_of_a_buried_path_may_go_later(desk: Repo) -> None:
    desk.cleared("desk.fine")
    rest: dict[str, str | None] = {**DELETION, "old_desk/fine.py": FINE}
    desk.commit({key: text for key, text in rest.items() if key != "old_desk/fine.py"})
    desk.commit({"scenarios/retired.yaml": buried(desk)})
    assert desk.refused() == []
    desk.merge()
    desk.commit({"old_desk/fine.py": None}, days=60)

    assert desk.refused() == []


def test_everything_may_go_where_everything_is_cleared(desk: Repo) -> None:
    desk.cleared("desk.fine", "desk.returned")
    files = {name: None for name in BASE if name.startswith("old_desk/")}
    both = less("desk.fine", "old_desk.fine")
    assert both
    empty = {**files, "scenarios/manifest.lock": _bare()}
    desk.commit(empty)

    told = desk.guard()

    assert {one["slug"] for one in told["refusals"]} == {"path-not-buried"}
    assert told["retired"] == ["desk.fine", "desk.returned"]


def _bare() -> str:
    scenarios = tuple(
        replace(pin, cells=tuple(replace(cell, paths=()) for cell in pin.cells))
        for pin in MANIFEST.scenarios
    )
    return render(replace(MANIFEST, scenarios=scenarios, branches={})).decode()


# What judges a deletion.


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("scenarios/gate.yaml", BASE["scenarios/gate.yaml"] + "# x\n", "the gate's policy"),
        ("scenarios/rulings/R-x.yaml", "id: R-x\n", "a ruling"),
        ("scenarios/fields.yaml", "fields: [] # x\n", "a field that is left out"),
        ("scenarios/late.yaml", "id: late # x\n", "a scenario"),
        ("harness/gate.py", "OPEN = True\n", "the harness"),
        ("new_desk/engine.py", "ENGINE = 1\n", "the candidate"),
        ("desk_world/kit.py", "KIT = INVARIANTS = 1\n", "the world"),
        (".github/workflows/gate.yml", "name: open\n", "what CI runs"),
        (".ci/run", "true\n", "what CI runs"),
        ("CODEOWNERS", BASE["CODEOWNERS"] + "# x\n", "who has to approve"),
        ("clearances/other.txt", "x\n", "a clearance"),
        ("constraints.txt", "msgspec==0.21.0\n", "a pinned version"),
        (
            "pyproject.toml",
            CONFIG.replace('"scenarios"', '"situations"'),
            "the configuration changes: scenarios",
        ),
    ],
)
def test_nothing_is_deleted_with_its_judge(desk: Repo, file: str, text: str, what: str) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit({"scenarios/retired.yaml": buried(desk), file: text})

    found = [text for slug, text in desk.refused() if slug == "deleted-with-its-judge"]

    assert any(text.startswith(what) for text in found), found


def test_the_rest_of_the_configuration_may_change_with_a_deletion(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    desk.commit(
        {
            "scenarios/retired.yaml": buried(desk),
            "pyproject.toml": CONFIG.replace('name = "desk"', 'name = "small-desk"'),
            "scenarios/README.md": "# Scenarios\n",
        }
    )

    assert desk.refused() == []


def test_a_scenario_pinned_otherwise_is_a_judge_that_changed(desk: Repo) -> None:
    desk.cleared("desk.fine")
    desk.commit(dict(DELETION))
    text = buried(desk)
    pinned = less("desk.fine", "old_desk.fine").replace("ab" * 32, "cd" * 32)
    desk.commit({"scenarios/retired.yaml": text, "scenarios/manifest.lock": pinned})

    assert desk.refused() == [
        ("deleted-with-its-judge", "scenarios are pinned otherwise: late, lost, thrice")
    ]


def test_one_clearance_is_no_permit_to_undo_what_others_have(desk: Repo) -> None:
    desk.cleared("desk.fine")
    undone = REGISTRY.replace("ENGINE = ", 'PATHS.clear(), "desk.fine"\nENGINE = ')
    desk.commit({"old_desk/engine.py": undone})

    refused = desk.refused()

    assert any("PATHS.clear(), 'desk.fine')" in text for _, text in refused), refused


def test_without_a_manifest_a_clearance_of_one_path_is_none_of_all(desk: Repo) -> None:
    desk.commit({"scenarios/manifest.lock": None})
    desk.merge()
    desk.cleared("desk.fine")
    desk.commit({"old_desk/holidays.json": None, "old_desk/engine.py": "ENGINE = None\n"})

    refused = desk.refused()

    assert any("old_desk/holidays.json" in text for _, text in refused)
    assert any("old_desk.engine:PATHS is gone" in text for _, text in refused)


# The control becomes a recording.


def recorded(desk: Repo, monkeypatch: pytest.MonkeyPatch, **head: str) -> str:
    """Merge a recording of the control, and a clearance of all; the recording's digest."""
    monkeypatch.syspath_prepend(str(desk.folder))
    importlib.invalidate_caches()
    told = {
        "control": "old_desk.engine:ENGINE",
        "control_sha256": sources_sha256("old_desk"),
        **head,
    }
    desk.commit({"scenarios/control.jsonl": json.dumps(told) + "\n"})
    desk.cleared("desk.fine", "desk.returned")
    return hashlib.sha256((desk.folder / "scenarios/control.jsonl").read_bytes()).hexdigest()


SWITCHED: Mapping[str, str | None] = {
    **{name: None for name in BASE if name.startswith("old_desk/")},
    "pyproject.toml": CONFIG.replace("old_desk.engine:ENGINE", "scenarios/control.jsonl"),
}


def graves(desk: Repo, digest: str) -> dict[str, str | None]:
    rows = [stone(desk.guard(), path, recording=digest) for path in ("desk.fine", "desk.returned")]
    return {"scenarios/retired.yaml": "retired:\n" + "".join(rows)}


def test_a_control_that_is_cleared_becomes_its_recording(
    desk: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = recorded(desk, monkeypatch)
    desk.commit(dict(SWITCHED))
    desk.commit(graves(desk, digest))

    told = desk.guard()

    assert told["refusals"] == []
    assert told["retired"] == ["desk.fine", "desk.returned"]


def test_the_switch_alone_buries_every_path(desk: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = recorded(desk, monkeypatch)
    desk.commit({"pyproject.toml": SWITCHED["pyproject.toml"]})
    alone = desk.slugs()
    desk.commit(graves(desk, digest))

    assert alone == ["control-switched", "path-not-buried", "path-not-buried"]
    assert desk.refused() == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"control": "other.engine:ENGINE"}, "is a recording of 'other.engine:ENGINE'"),
        ({"control_sha256": "ab" * 32}, "was recorded from code abababababababab"),
    ],
)
def test_a_recording_is_of_the_very_code_that_goes(
    desk: Repo, monkeypatch: pytest.MonkeyPatch, head: dict[str, str], said: str
) -> None:
    digest = recorded(desk, monkeypatch, **head)
    desk.commit(dict(SWITCHED))
    desk.commit(graves(desk, digest))

    ((slug, found),) = desk.refused()

    assert (slug, said in found) == ("control-switched", True), found


def test_the_tombstones_name_the_recording(desk: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(desk, monkeypatch)
    desk.commit(dict(SWITCHED))
    desk.commit(graves(desk, "cd" * 32))

    ((slug, found),) = desk.refused()

    assert slug == "control-switched"
    assert found.endswith(f"the tombstones of the range name {'cd' * 32}")


def test_a_control_that_is_cleared_becomes_nothing_else(
    desk: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(desk, monkeypatch)
    desk.commit({"pyproject.toml": CONFIG.replace("old_desk.engine:ENGINE", "x.y:Z")})

    assert (
        dict(desk.refused())["control-switched"]
        == "control = 'x.y:Z', was 'old_desk.engine:ENGINE'"
    )


def test_a_recorded_control_is_never_edited(desk: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = recorded(desk, monkeypatch)
    desk.commit(dict(SWITCHED))
    desk.commit(graves(desk, digest))
    desk.merge()
    desk.commit({"README.md": "# Later\n"})
    later = desk.refused()
    desk.commit({"scenarios/control.jsonl": "{}\n"})

    assert later == []
    assert desk.refused() == [
        (
            "control-switched",
            "the recorded control scenarios/control.jsonl is not the file that it was",
        )
    ]

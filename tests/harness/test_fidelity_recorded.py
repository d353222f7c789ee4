"""Fidelity and freshness of what `shadow record events` writes: the loan desk, and real events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.compose import Composition, compose
from harness.condition import Condition
from harness.document import read_document
from harness.fidelity import fidelity, fields_of
from harness.freshness import freshness
from harness.moment import Now
from harness.policy import Policy
from harness.run import RunResult, run
from tests.harness.planted import ROOT, said
from tests.harness.recorded_desk import event, fined, late, lines, recording_project
from tests.harness.recorded_registers import SEEN, YOUNG, asking, closing
from tests.replica_code import needs_replica

ZULIP = ROOT.parent / "shared" / "stripe-data" / "zulip-recorded"
STRICT, PRODUCTION = asking(SEEN, YOUNG), asking(level="production")


def replayed(config: Path, today: date) -> tuple[Composition, list[RunResult]]:
    """Each scenario by itself, in this process alone."""
    composition = compose(config, ())
    names = [one.id for one in composition.loaded.scenarios]
    return composition, [run(composition, today=today, only=name) for name in names]


def weighed(config: Path, today: date, policy: Policy = STRICT) -> tuple[Condition, Condition]:
    """Fidelity and freshness of all that was recorded, on a day."""
    composition, results = replayed(config, today)
    now = Now(clock=int((today - date(1970, 1, 1)).total_seconds()) + 3600)
    cells = [cell for one in results for cell in one.cells]
    scenarios = [scenario for one in results for scenario in one.scenarios]
    given: dict[str, Any] = {"paths": tuple(composition.control.engine.paths), "now": now}
    return (
        fidelity(cells, scenarios, policy, **given),
        freshness(cells, scenarios, policy, **given),
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("member,blocked\nm_1,false\n")
    return recording_project(tmp_path)


def record(config: Path, *events: Mapping[str, Any], rows: bool = True) -> dict[str, Any]:
    """Record these events; the file of the one scenario that comes of them."""
    file = lines(config.parent / "events.jsonl", events)
    side = ("--accounts", "rows.csv") if rows else ()
    said("record", "events", str(file), "--config", str(config), "--key", "key", *side)
    (found,) = (config.parent / "scenarios" / "recorded").glob("*.yaml")
    data: dict[str, Any] = read_document(found).data
    return data


def paths_that_ran(condition: Condition) -> list[str]:
    return [path for path, one in condition.detail["paths"].items() if one["cells"]]


def test_a_recording_names_the_day_of_its_newest_event(desk: Path) -> None:
    acts = record(desk, late(3), event("loan.lost", day=9))
    echo = record(desk, late(3), fined(5))

    assert acts["provenance"]["recorded"] == "2026-03-11"
    assert echo["provenance"]["recorded"] == "2026-03-07", "the echo is newer than the last act"
    assert len(echo["when"]) == 1


def test_what_an_echo_shows_is_seen_and_what_nobody_showed_is_not(desk: Path) -> None:
    record(desk, late(), fined())

    figures, age = weighed(desk, date(2026, 3, 20))

    (path,) = paths_that_ran(figures)
    told = figures.detail["paths"][path]
    assert (told["cells"], told["recordings"], told["accounts"]) == (1, 1, 1)
    assert told["hold_all_stores"] == 1
    n, d = map(int, told["seen"].split("/"))
    assert n == 1 < d
    assert not [one for one in told["unseen"] if one.endswith("ln_1.fined")]
    assert "fidelity-low" in closing(figures, path)
    assert closing(age, path) == []


def test_with_every_field_shown_the_path_is_open_by_fidelity(desk: Path) -> None:
    record(desk, late(), fined())
    (file,) = (desk.parent / "scenarios" / "recorded").glob("*.yaml")
    _, (result,) = replayed(desk, date(2026, 3, 20))
    (cell,) = [one for one in result.cells if one.episode.id.endswith("#1")]
    shown = {
        one.name: value
        for one in fields_of(cell)
        for value in [value_of(cell.episode.control.facets, one.name)]
    }
    text = file.read_text().partition("observed:")[0]
    file.write_text(f"{text}observed: {json.dumps([{}, shown])}\n")

    figures, _ = weighed(desk, date(2026, 3, 20))

    (path,) = paths_that_ran(figures)
    assert closing(figures, path) == []
    assert figures.detail["paths"][path]["seen"] == f"{len(shown)}/{len(shown)}"


def value_of(facets: Mapping[str, Any], name: str) -> Any:
    found: Any = facets
    for key in name.split("."):
        found = found[key]
    return found


def test_a_recording_without_the_members_row_holds_no_whole_store(desk: Path) -> None:
    record(desk, late(0), rows=False)

    figures, age = weighed(desk, date(2026, 3, 20), asking(level="production"))

    assert [one.slug for one in figures.closing()] == ["level-unproven"]
    assert figures.detail["hold_all_stores"] == 0
    assert age.detail["recordings"]


def test_months_later_the_same_recording_is_stale(desk: Path) -> None:
    record(desk, late(), fined())

    figures, age = weighed(desk, date(2026, 9, 1))

    (path,) = [name for name, one in age.detail["paths"].items() if one["recordings"]]
    (reason,) = age.closing_path(path)
    assert reason.slug == "recording-stale"
    assert reason.needed == "180 <= 90 days"
    assert closing(figures, path) == ["fidelity-unmeasured"]


def test_a_control_that_left_production_is_named_with_the_field(desk: Path) -> None:
    record(desk, late(), fined(fined=False))

    figures, age = weighed(desk, date(2026, 3, 20))

    closed = {path: reasons for path, reasons in figures.paths.items() if reasons}
    drifts = [
        one.found
        for reasons in closed.values()
        for one in reasons
        if one.slug == "fidelity-drifts"
    ]
    assert len(drifts) == 1
    assert "books.loans.ln_1.fined: observed False, the control has True" in drifts[0]
    assert {slug for path in closed for slug in closing(age, path)} == {"recording-missing"}


# --- real events

CONFIG = """\
[tool.shadow]
control    = "legacy_replica.engine:ENGINE"
candidate  = "brain.engine:ENGINE"
world      = "fixtures.kit:KIT"
invariants = "brain.invariants:INVARIANTS"
scenarios  = "scenarios"
gate       = "scenarios/gate.yaml"
"""
STORES: Mapping[str, Any] = {
    "account.segment": "pro", "billing_db.bad_debt": False, "customer.bad_debt_since": None,
    "entitlements": [], "enforcement.blocked": False, "cases": [],
}  # fmt: skip
FAMILY = "upgrade_first_card_fails_and_restart_from_begining"


@needs_replica
@pytest.mark.skipif(not ZULIP.is_dir(), reason="the recorded Stripe data is not here")
@pytest.mark.parametrize("rows", [True, False])
def test_recordings_of_real_events_are_old_seen_in_part_and_prove_no_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "decisions").symlink_to(ROOT / "docs" / "decisions")
    (tmp_path / "scenarios").mkdir()
    for name in ("gate.yaml", "fields.yaml"):
        (tmp_path / "scenarios" / name).write_bytes((ROOT / "scenarios" / name).read_bytes())
    (tmp_path / "shadow.toml").write_text(CONFIG)
    (tmp_path / "key").write_text("0123456789abcdef")
    files = sorted(map(str, ZULIP.glob(f"{FAMILY}--*.json")))
    found = {
        word for file in files for word in Path(file).read_text().split('"')
        if word.startswith("cus_")
    }  # fmt: skip
    text = "".join(json.dumps({"customer": one, **STORES}) + "\n" for one in sorted(found))
    (tmp_path / "rows.jsonl").write_text(text)
    side = ("--accounts", "rows.jsonl") if rows else ()
    said("record", "events", *files, "--config", "shadow.toml", "--key", "key", *side)

    figures, age = weighed(tmp_path / "shadow.toml", date(2026, 11, 22), PRODUCTION)
    unasked, _ = weighed(tmp_path / "shadow.toml", date(2026, 11, 22), asking())

    days = [one["recorded"] for one in age.detail["recordings"].values()]
    assert days
    assert all(day is not None and day < "2026" for day in days)
    assert {slug for path in age.paths for slug in closing(age, path)} <= {
        "recording-stale", "recording-missing",
    }  # fmt: skip
    assert [one.slug for one in figures.closing()] == ["level-unproven"]
    assert unasked.detail["cells"] == (1 if rows else 0)
    assert unasked.detail["hold_all_stores"] == (1 if rows else 0)
    n, d = map(int, unasked.detail["seen"].split("/"))
    assert n <= d
    assert (d > 0) is rows


def test_a_scenario_knows_which_stores_nobody_recorded_or_assumed(desk: Path) -> None:
    record(desk, late(0), rows=False)
    (file,) = (desk.parent / "scenarios" / "recorded").glob("*.yaml")
    (bare,) = compose(desk, ()).loaded.scenarios
    file.write_text(f"{file.read_text()}assume: {{member: {{blocked: false}}}}\n")
    (assumed,) = compose(desk, ()).loaded.scenarios

    assert (bare.unknown, bare.assumed) == (("member",), ())
    assert (assumed.unknown, assumed.assumed) == ((), ("member",))

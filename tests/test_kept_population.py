"""Simulated accounts of the shipped world: found, or replayed by half, they are what they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import replay as replaying
from harness.compose import Composition
from harness.kept import fingerprint
from harness.kept.fingerprint import Fingerprint
from harness.store.opening import opened
from tests.harness.kept_runs import rows
from tests.replica_code import needs_replica
from tests.shadow_command import shadow

pytestmark = [
    needs_replica,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
ROOT = Path(__file__).parents[1]
ACCOUNTS = 60
OWN: Mapping[str, tuple[int, ...]] = {
    "rostered": (), "cell": (0,), "difference": (0,), "free": (0,), "tally": (0,), "used": (0,),
}  # fmt: skip
"""Table → columns that hold the name of the run."""


def told(folder: Path, name: str, *, kept: bool = True) -> tuple[dict[str, Any], dict[str, Any]]:
    """A replay's document, and its rows."""
    said: list[str] = []
    asked = replaying.Asked(
        config=ROOT / "pyproject.toml",
        files=(folder / "p.jsonl",),
        store=str(folder / f"{name}.db"),
        workers=1,
        kept=folder / "kept" if kept else None,
    )
    replaying.replay(asked, as_json=True, say=said.append, complain=lambda _: None)
    found = rows(opened(asked.store, make=False))
    own = {
        table: sorted(
            (tuple(v for n, v in enumerate(row) if n not in columns) for row in found[table]),
            key=repr,
        )
        for table, columns in OWN.items()
    }
    return json.loads(said[0]), own


def test_found_and_replayed_by_half_they_are_what_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shadow("simulate", "--accounts", str(ACCOUNTS), "--out", str(tmp_path / "p.jsonl"))
    assert made.returncode == 0, made.stderr
    plain, wanted = told(tmp_path, "plain", kept=False)
    first, first_rows = told(tmp_path, "first")

    again, again_rows = told(tmp_path, "again")
    real = fingerprint.pair

    def other(composition: Composition) -> Fingerprint:
        found = real(composition)
        return Fingerprint(parts={**found.parts, "candidate": "another one"})

    monkeypatch.setattr(fingerprint, "pair", other)
    half, half_rows = told(tmp_path, "half")

    assert any(wanted["difference"])
    assert first_rows == again_rows == half_rows == wanted
    assert (first["kept"]["found"], first["kept"]["replayed"]) == (0, ACCOUNTS)
    assert (again["kept"]["found"], again["kept"]["replayed"]) == (ACCOUNTS, 0)
    assert half["kept"]["control_found"] == half["kept"]["replayed"] == ACCOUNTS
    for one in (first, again, half):
        kept = one["kept"]
        assert (kept["not_kept"], kept["control_not_kept"], kept["damaged"]) == (0, 0, 0)
        assert one["cells"] == plain["cells"]

"""Two hundred simulated accounts of the shipped world: replayed in bulk as they are one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.bulk.census import is_sampled
from harness.store.opening import opened
from tests.harness.kept_runs import rows
from tests.replica_code import needs_replica
from tests.shadow_command import shadow

pytestmark = needs_replica
ACCOUNTS = 200


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command and a run of the same accounts, as files, have in their stores."""
    folder = tmp_path_factory.mktemp("population")
    file, files = folder / "p.jsonl", folder / "files"
    made = shadow("simulate", "--accounts", str(ACCOUNTS), "--out", str(file))
    assert made.returncode == 0, made.stderr
    files.mkdir()
    for number, line in enumerate(file.read_bytes().splitlines(keepends=True), 1):
        (files / f"sim-1-{number}.yaml").write_bytes(line)
    found: dict[str, Any] = {}
    for name, words in (("replay", str(file)), ("run", str(files))):
        store = folder / f"{name}.db"
        done = shadow(name, words, "--store", str(store), "--json")
        assert done.returncode == 1, done.stderr
        found[name] = rows(opened(str(store), make=False))
        found[f"{name} told"] = json.loads(done.stdout)
    return found


def test_the_same_accounts_have_the_same_totals(stores: dict[str, Any]) -> None:
    told, run = stores["replay told"], stores["run told"]

    assert told["cells"] == run["totals"]
    assert told["free"] == run["free"]
    assert told["evidence"] == {"simulated": told["cells"]["expected"]}


@pytest.mark.parametrize(
    ("table", "own"),
    [("rostered", (0,)), ("cell", (0, 2)), ("difference", (0, 3)), ("free", (0, 2)),
     ("tally", (0, 1)), ("free_tally", (0, 1)), ("used", (0, 1))],
)  # fmt: skip
def test_the_same_accounts_have_the_same_rows(
    table: str, own: tuple[int, ...], stores: dict[str, Any]
) -> None:
    """But for the names of run, part and roster; the accounts are one part in both."""
    bulk, run = (
        sorted((tuple(v for n, v in enumerate(row) if n not in own) for row in found), key=repr)
        for found in (stores["replay"][table], stores["run"][table])
    )

    assert bulk == run


def test_some_of_them_were_checked_against_themselves(stores: dict[str, Any]) -> None:
    drawn = sum(is_sampled(f"sim-1-{number}") for number in range(1, ACCOUNTS + 1))

    assert drawn
    assert stores["replay told"]["checked_against_itself"] == {"one_in": 64, "accounts": drawn}


def test_the_report_says_that_it_was_simulated(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl.zst"
    shadow("simulate", "--accounts", "3", "--out", str(file))

    done = shadow("replay", str(file), "--store", str(tmp_path / "runs.db"))

    assert done.returncode in (0, 1), done.stderr
    assert "What is simulated was not recorded" in done.stdout

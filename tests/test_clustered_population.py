"""Sixteen simulated accounts of the shipped world: replayed on a cluster as on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bulk.frames import FrameWriter
from harness.store import reader
from harness.store.opening import opened
from tests.harness.dask_cluster import cluster
from tests.harness.line_desk import kept
from tests.replica_code import needs_replica
from tests.shadow_command import ROOT, shadow

pytestmark = needs_replica
ACCOUNTS, FRAME = 16, 4


def test_simulated_accounts_are_replayed_on_a_cluster_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, file = tmp_path / "made.jsonl", tmp_path / "p.jsonl.zst"
    assert not shadow("simulate", "--accounts", str(ACCOUNTS), "--out", str(made)).returncode
    lines = made.read_bytes().splitlines(keepends=True)
    with file.open("wb") as stream:
        writer = FrameWriter(stream)
        for first in range(0, ACCOUNTS, FRAME):
            writer.add(b"".join(lines[first : first + FRAME]))
        writer.close()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    said = []
    with cluster(tmp_path / "cluster", 1) as address:
        for name, words in (("here", ()), ("there", ("--cluster", address))):
            store = str(tmp_path / f"{name}.db")
            done = shadow("replay", str(file), "--store", store, *words)
            assert done.returncode == 1, done.stderr
            assert done.stderr == ""
            (known,) = reader.known(opened(store, make=False))
            assert known.done == ACCOUNTS // FRAME
            said.append(done.stdout.replace(known.run.id, "RUN").replace(store, "STORE"))

    assert said[0] == said[1]
    assert kept(str(tmp_path / "here.db")) == kept(str(tmp_path / "there.db"))

"""The shipped project is cleared, in a repository of its own, and what voids that is named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.clearance.clearance import Clearance, parse, still_valid
from harness.clearance.fingerprint import Fingerprints, fingerprints
from harness.clearance.git import Repository
from harness.clearance.tree import RevisionTree
from harness.compose import compose
from harness.moment import today
from tests.harness.cleared_project import committed
from tests.replica_code import needs_replica
from tests.shadow_command import ROOT, shadow

pytestmark = [needs_replica, pytest.mark.xdist_group("clear")]
"""One worker has them all: they share what takes long to make."""


def copied(root: Path) -> Path:
    """All that a clone of this working tree would hold, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
    committed(root)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def clearance(root: Path) -> Clearance:
    done = shadow("clear", "--all", "--level", "rehearsal", at=root, PYTHONPATH=str(root))
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = (root / "clearances").iterdir()
    return parse(file.read_bytes(), file.name)


def found(root: Path, clearance: Clearance) -> Fingerprints:
    tree = RevisionTree(Repository.around(root), "HEAD")
    modules = {name: path.module for name, path in clearance.paths.items()}
    return fingerprints(tree, clearance.config, modules)


def voided(root: Path, clearance: Clearance, before: Fingerprints) -> set[str]:
    """What a commit made another, by name."""
    after = found(root, clearance)
    parts = {name for name, value in after.parts.items() if value != before.parts[name]}
    return parts | {name for name, value in after.paths.items() if value != before.paths[name]}


def test_every_path_of_the_control_is_cleared_for_what_is_committed(
    root: Path, clearance: Clearance
) -> None:
    now = found(root, clearance)

    assert set(clearance.paths) == set(compose(ROOT / "pyproject.toml", ()).control.engine.paths)
    assert clearance.gate.totals["expected"] == sum(
        count for name, count in clearance.gate.totals.items() if name != "expected"
    )
    assert now.parts == {**clearance.fingerprints, "harness": now.parts["harness"]}
    assert still_valid(clearance, now, today())[0].slug == "clearance-level"
    assert all(path.symbols for path in clearance.paths.values())
    assert "legacy_replica.engine:ENGINE" in clearance.symbols()


def test_what_changes_later_is_named_and_layout_is_no_change(
    root: Path, clearance: Clearance
) -> None:
    before = found(root, clearance)
    for edit, expected in (
        (("legacy_replica/pay_invoice.py", "\n\n# a comment\n"), set()),
        (("docs/README.md", "\nmore\n"), set()),
        (("legacy_replica/pay_invoice.py", "\nMORE = 1\n"), {"control", "api.pay_invoice"}),
        (("fixtures/templates/x.yaml", "x\n"), {"control", "api.pay_invoice", "world"}),
    ):
        file = root / edit[0]
        text = file.read_text() if file.exists() else ""
        file.write_text(text + edit[1])
        committed(root, edit[0])

        assert voided(root, clearance, before) == expected, edit

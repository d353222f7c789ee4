"""The import rules, as part of the test run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_four_packages_import_none_of_one_another_and_the_judging_core_is_pure() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_a_planted_import_across_packages_breaks_the_contract(tmp_path: Path) -> None:
    config = (ROOT / "pyproject.toml").read_text()
    for package in ("harness", "brain", "fixtures", "legacy_replica"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for module in ("adjudicate", "canonical", "difference", "evidence", "expression", "gate"):
        (tmp_path / "harness" / f"{module}.py").touch()
    for module in ("model", "outcome"):
        (tmp_path / "harness" / f"{module}.py").touch()
    (tmp_path / "brain" / "sly.py").write_text("import legacy_replica\n")
    (tmp_path / "pyproject.toml").write_text(config)
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [linter, "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "brain.sly -> legacy_replica" in done.stdout

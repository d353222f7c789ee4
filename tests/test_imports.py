"""The import rules, as part of the test run."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.replica_code import needs_replica

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")


def test_the_import_rules_hold() -> None:
    done = subprocess.run([LINTER], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "imports", "told"),
    [
        pytest.param(
            "brain.sly", "legacy_replica", "brain.sly -> legacy_replica", marks=needs_replica
        ),
        ("harness.matching", "harness.report", "harness.matching -> harness.report"),
        ("harness.gate", "yaml", "harness.gate -> yaml"),
        ("fixtures.world", "stripe", "fixtures.world -> stripe"),
    ],
)
def test_a_planted_import_breaks_its_contract(
    tmp_path: Path, module: str, imports: str, told: str
) -> None:
    empty_project(tmp_path)
    file = tmp_path / f"{module.replace('.', '/')}.py"
    file.write_text(f"import {imports}\n")

    done = subprocess.run(
        [LINTER, "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert told in done.stdout


def empty_project(folder: Path) -> None:
    """Every module that a contract names, empty, under the real contracts."""
    text = (ROOT / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text)
    rules = tomllib.loads(text)["tool"]["importlinter"]
    packages = rules["root_packages"]
    for package in packages:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    for contract in rules["contracts"]:
        listed = (contract.get(key, ()) for key in ("modules", "source_modules"))
        own = {*contract.get("forbidden_modules", ())}
        for name in {name for names in listed for name in names} | own:
            if name.partition(".")[0] in packages and "." in name:
                (folder / f"{name.replace('.', '/')}.py").touch()

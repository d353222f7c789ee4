"""What is installed is what is here: every package is found, and every file that is no module."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
TOPS = tuple(pattern.removesuffix("*") for pattern in SETTINGS["packages"]["find"]["include"])
PACKAGES = tuple(
    sorted(
        ".".join(file.relative_to(ROOT).parent.parts)
        for top in TOPS
        for file in (ROOT / top).rglob("__init__.py")
    )
)


def test_every_package_is_found_because_all_above_it_are_packages() -> None:
    """A package below a folder that is none is not found."""
    above = {name.rpartition(".")[0] for name in PACKAGES} - {""}

    assert above <= set(PACKAGES)
    assert set(TOPS) <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_shipped(package: str) -> None:
    """Modules are by themselves; a folder that is no package has to be named."""
    folder = ROOT / package.replace(".", "/")
    patterns = [*SETTINGS["package-data"]["*"], *SETTINGS["package-data"].get(package, ())]
    shipped = {file for one in ("*.py", *patterns) for file in folder.glob(one)}
    packages = {file.parent for file in folder.rglob("__init__.py")} - {folder}

    left = [
        file.relative_to(ROOT).as_posix()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file not in shipped
        and not packages.intersection(file.parents)
        and "__pycache__" not in file.parts
    ]

    assert left == []

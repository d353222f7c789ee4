"""House rules that no other tool checks: sizes, names, words, and nothing at import."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.replica_code import HERE

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PACKAGES = tuple(SETTINGS["importlinter"]["root_packages"])
LARGEST = 400
LARGER = {
    "fixtures/rows.py": "a table of every row's fields; one looks up, nobody reads it through",
}
DRAWERS = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "base"}


def modules() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def grep(*words: str) -> str:
    """What git finds in the files that it tracks."""
    program = ("git", "grep", *words)
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_a_file_fits_one_sitting() -> None:
    long = {
        name(file)
        for file in modules()
        if len(file.read_text().splitlines()) > LARGEST and name(file) not in LARGER
    }

    assert not long


def test_an_exception_to_the_size_is_still_needed() -> None:
    for file in LARGER:
        assert len((ROOT / file).read_text().splitlines()) > LARGEST, file


def test_no_module_is_a_drawer() -> None:
    assert not [name(file) for file in modules() if file.stem in DRAWERS]


def test_every_module_says_in_its_first_line_what_it_holds() -> None:
    for file in modules():
        first = file.read_text().splitlines()[:1]
        assert first, name(file)
        assert first[0].startswith(('"""', 'r"""')), name(file)


def test_the_harness_never_says_whose_engines_these_are() -> None:
    told = [
        f"{name(file)}:{number}"
        for file in sorted((ROOT / "harness").rglob("*.py"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(r"\blegacy\b|\bbrain\b|\bdunning\b|\bstripe_|\binvoice\b", line, re.I)
        and "`" not in line
    ]

    assert not told


def test_only_configuration_documents_and_its_own_folders_name_the_control() -> None:
    """What must go with the replica can be found by its name."""
    allowed = (
        "legacy_replica/", "tests/", "docs/", "scenarios/", "clearances/", "pyproject.toml",
        "CODEOWNERS",
    )  # fmt: skip
    files = grep("-l", "legacy_replica").split()

    strangers = [
        file for file in files if not file.startswith(allowed) and not file.endswith(".md")
    ]

    assert strangers == []


def test_the_code_of_the_control_is_missing_only_where_its_recording_is_named() -> None:
    """Else every test of it would be skipped, and nobody would notice."""
    named = SETTINGS["shadow"]["control"]
    recorded = named.endswith((".jsonl", ".jsonl.gz"))

    assert (not recorded) == HERE
    assert ("legacy_replica" in PACKAGES) == HERE


def test_no_committed_file_names_a_path_of_a_machine_or_a_package_host() -> None:
    hosts = r"py[p]i\.org|python[h]osted|registry\.np[m]js|deb\.deb[i]an"
    paths = r"/wor[k]/|/ro[o]t/|/hom[e]/[a-z]"

    assert grep("-nIE", f"{hosts}|{paths}") == ""


def test_suppressions_are_narrow_and_say_why() -> None:
    bare = [
        f"{name(file)}:{number}"
        for file in modules()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(r"# (noqa|type: ignore)", line)
        and not re.search(r"(noqa: [A-Z0-9, ]+|ignore\[[a-z, -]+\])  # \S", line)
    ]

    assert not bare


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_opens_nothing_and_starts_nothing(package: str) -> None:
    probe = (
        "import sys, pkgutil, importlib\n"
        "seen = []\n"
        "def hook(event, args):\n"
        "    if event in ('open', 'socket.connect', 'subprocess.Popen', 'os.system'):\n"
        "        mode = args[1] if event == 'open' else 'x'\n"
        "        if event != 'open' or (isinstance(mode, str) and set(mode) & set('wax+')):\n"
        "            seen.append((event, str(args[0])))\n"
        "sys.dont_write_bytecode = True\n"
        "sys.addaudithook(hook)\n"
        f"import {package}\n"
        f"for m in pkgutil.walk_packages({package}.__path__, '{package}.'):\n"
        "    importlib.import_module(m.name)\n"
        "print(seen)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == "[]", done.stdout + done.stderr

"""`shadow simulate`: whole or not at all, the same wherever it is made, and never a recording."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import simulate as simulating
from harness.bulk.frames import LINES, contents, frames_of
from harness.cli import main
from harness.errors import ExitCode
from tests.harness.planted import said
from tests.harness.test_last_lines import next_command, parsed, too_wide

CONFIG = """
[tool.shadow]
control = "rolls.engine:ENGINE"
candidate = "rolls.engine:ENGINE"
world = "{world}"
invariants = "rolls.kit:INVARIANTS"
scenarios = "scenarios"
gate = "scenarios/gate.yaml"
"""
POPULATION = """
class Population:
    version = "7"

    def account(self, seed, number):
        family = ("even", "odd")[number % 2]
        return dict(title="x", family=family, ticket="", deliverable="",
                    given={"die": seed * number}, when=[])

POPULATION = Population()
"""


@pytest.fixture
def rolls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose world, a package, has a population."""
    package = tmp_path / "rolls"
    package.mkdir()
    (package / "__init__.py").write_text('"""Rolls of a die."""\n')
    (package / "kit.py").write_text("KIT = object()\nINVARIANTS = ()\n")
    (package / "population.py").write_text(POPULATION)
    (tmp_path / "pyproject.toml").write_text(CONFIG.format(world="rolls.kit:KIT"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    yield tmp_path
    for name in [one for one in sys.modules if one.partition(".")[0] == "rolls"]:
        del sys.modules[name]


def simulated(*words: str, out: str = "x.jsonl.zst", accounts: int = 3) -> tuple[int, Any]:
    return said("simulate", "--accounts", str(accounts), "--out", out, *words)


def lines_of(file: Path) -> list[dict[str, Any]]:
    content = b"".join(contents(file, frames_of(file)))
    return [json.loads(line) for line in content.splitlines()]


def files(folder: Path) -> set[str]:
    """Names in the folder but those of the project itself."""
    return {one.name for one in folder.iterdir()} - {"rolls", "pyproject.toml", ".shadow"}


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command complains of."""
    assert main(["simulate", *words]) == ExitCode.INPUT
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_a_line_is_a_scenario_that_says_that_it_was_simulated(rolls: Path) -> None:
    code, _ = simulated("--seed", "4")

    assert code == ExitCode.OPEN
    assert lines_of(rolls / "x.jsonl.zst")[2] == {
        "id": "sim-4-3",
        "title": "x",
        "family": "odd",
        "ticket": "",
        "deliverable": "",
        "provenance": {
            "kind": "simulated",
            "source": "shadow simulate, rolls.population version 7, seed 4, account 3",
        },
        "given": {"die": 12},
        "when": [],
    }


def test_the_report_adds_up(rolls: Path) -> None:
    _, told = simulated(accounts=2 * LINES + 1)

    file = rolls / "x.jsonl.zst"
    content = b"".join(contents(file, frames_of(file)))
    assert told == {
        "schema": "shadow.simulate/1",
        "file": "x.jsonl.zst",
        "bytes": file.stat().st_size,
        "frames": 3,
        "accounts": 2 * LINES + 1,
        "seed": 1,
        "population": "rolls.population",
        "version": "7",
        "provenance": "simulated",
        "lines": {"bytes": len(content), "sha256": sha256(content).hexdigest()},
        "families": {"even": LINES, "odd": LINES + 1},
    }


def test_a_frame_holds_whole_lines_and_a_thousand_of_them(rolls: Path) -> None:
    simulated(accounts=2 * LINES + 1)

    file = rolls / "x.jsonl.zst"
    pieces = list(contents(file, frames_of(file)))
    assert [piece.count(b"\n") for piece in pieces] == [LINES, LINES, 1]
    assert all(piece.endswith(b"\n") for piece in pieces)


def test_a_larger_file_begins_with_a_smaller_one(rolls: Path) -> None:
    simulated(out="few.jsonl", accounts=5)
    simulated(out="many.jsonl", accounts=1_500)

    few, many = (rolls / "few.jsonl").read_bytes(), (rolls / "many.jsonl").read_bytes()
    assert many.startswith(few)
    assert many.count(b"\n") == 1_500


def test_compressed_or_not_it_is_the_same_lines(rolls: Path) -> None:
    _, packed = simulated()
    _, plain = simulated(out="x.jsonl")

    assert packed["lines"] == plain["lines"]
    assert plain["frames"] is None
    assert plain["bytes"] == plain["lines"]["bytes"] == (rolls / "x.jsonl").stat().st_size


def test_one_account_is_printed_as_it_stands_in_the_file(
    rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated(out="x.jsonl", accounts=9)

    assert main(["simulate", "--account", "8"]) == ExitCode.OPEN

    assert capsys.readouterr().out == (rolls / "x.jsonl").read_text().splitlines(True)[7]


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_fits_has_no_colour_and_ends_in_a_command_that_exists(
    width: int, rolls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    assert main(["simulate", "--accounts", "3", "--out", "x.jsonl.zst", "--seed", "5"]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    assert "Nothing of it was recorded" in out
    assert "odd     2         66.67 %" in out
    assert too_wide(out.rstrip("\n"), width) == []
    parsed(next_command(out.removesuffix("\n")))


# --- whole or not at all


@pytest.mark.parametrize("taken", ["a file", "a link that leads nowhere"])
def test_nothing_is_overwritten(
    taken: str, rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rolls / "x.jsonl.zst"
    if taken == "a file":
        file.write_text("mine")
    else:
        file.symlink_to("nowhere")

    told = refused(capsys, "--accounts", "3", "--out", "x.jsonl.zst")

    assert "exists already [file-taken]" in told
    assert file.is_symlink() or file.read_text() == "mine"
    assert files(rolls) == {"x.jsonl.zst"}


def breaks(rolls: Path, what: str) -> None:
    """Let the population do something at account 2,500."""
    spoiled = POPULATION.replace(
        "    family =", f"    if number == 2_500: {what}\n        family =", 1
    )
    assert spoiled != POPULATION
    (rolls / "rolls" / "population.py").write_text(spoiled)


def test_an_interruption_leaves_nothing(rolls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    breaks(rolls, "raise KeyboardInterrupt")

    code = main(["simulate", "--accounts", "3000", "--out", "x.jsonl.zst"])

    assert code == ExitCode.INTERRUPTED
    assert "[interrupted]" in capsys.readouterr().err
    assert files(rolls) == set()


def test_whoever_takes_the_name_meanwhile_keeps_it(
    rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    breaks(rolls, "__import__('pathlib').Path('x.jsonl').write_text('theirs')")

    told = refused(capsys, "--accounts", "3000", "--out", "x.jsonl")

    assert "[file-taken]" in told
    assert (rolls / "x.jsonl").read_text() == "theirs"
    assert files(rolls) == {"x.jsonl"}


def test_a_folder_that_is_not_there_is_said(
    rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "--accounts", "3", "--out", "gone/x.jsonl")

    assert "gone/x.jsonl: cannot be written: no such file or directory [unwritable]" in told


def test_a_file_that_reads_back_otherwise_never_stands(
    rolls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulating, "_plain", lambda _: iter((b"something else",)))

    told = refused(capsys, "--accounts", "3", "--out", "x.jsonl")

    assert "reads back otherwise than it was written [unwritable]" in told
    assert files(rolls) == set()


# --- what cannot be simulated


@pytest.mark.parametrize("name", ["x.json", "x.zst", "x.jsonl.gz", "x"])
def test_a_name_that_says_nothing_of_the_form_is_refused(
    name: str, rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "--accounts", "3", "--out", name)

    assert "[population-name]" in told
    assert "end it in .jsonl or .jsonl.zst" in told
    assert files(rolls) == set()


def test_a_world_without_a_population_is_told_what_to_write(
    rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rolls / "rolls" / "population.py").unlink()

    told = refused(capsys, "--accounts", "3", "--out", "x.jsonl")

    assert "the world 'rolls.kit:KIT' has no population [no-population]" in told
    assert "write rolls.population:POPULATION" in told


def test_a_world_that_is_in_no_package_has_none(
    rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rolls / "alone.py").write_text("KIT = object()\n")
    (rolls / "pyproject.toml").write_text(CONFIG.format(world="alone:KIT"))

    assert "[no-population]" in refused(capsys, "--accounts", "3", "--out", "x.jsonl")


def test_a_population_without_its_name_is_a_wrong_configuration(
    rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rolls / "rolls" / "population.py").write_text("PEOPLE = 1\n")

    told = refused(capsys, "--accounts", "3", "--out", "x.jsonl")

    assert "has no 'POPULATION' [config-attribute]" in told


SAYS = {
    "its own provenance": ("return dict(", "return dict(provenance={'kind': 'recorded'}, "),
    "what is true": ("return dict(", "return dict(then={}, "),
    "what was observed": ("return dict(", "return dict(observed=[], "),
    "too little": ("when=[]", ""),
    "what is no data": ('{"die": seed * number}', "object()"),
    "nothing": ("return dict(", "raise LookupError('rolled off'); dict("),
}


@pytest.mark.parametrize("edit", SAYS.values(), ids=SAYS)
def test_a_population_may_not_say(
    edit: tuple[str, str], rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edit[0] in POPULATION
    (rolls / "rolls" / "population.py").write_text(POPULATION.replace(*edit))

    told = refused(capsys, "--accounts", "3", "--out", "x.jsonl")

    assert "rolls.population: account 1 of seed 1: " in told
    assert "[population-failed]" in told
    assert files(rolls) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("--accounts", "3"),
        ("--out", "x.jsonl"),
        ("--accounts", "0", "--out", "x.jsonl"),
        ("--accounts", "3", "--out", "x.jsonl", "--seed", "-1"),
        ("--account", "3", "--out", "x.jsonl"),
        ("--account", "0"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_means_nothing_is_refused(
    words: tuple[str, ...], rolls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "[usage]" in refused(capsys, *words)
    assert files(rolls) == set()


def test_no_more_than_a_frame_is_held(rolls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    add = simulating.FrameWriter.add

    def watched(self: simulating.FrameWriter, content: bytes) -> None:
        held.append(content.count(b"\n"))
        add(self, content)

    monkeypatch.setattr(simulating.FrameWriter, "add", watched)
    simulated(accounts=3 * LINES)

    assert held == [LINES] * 3

"""The guide for engines of one's own, word for word: its files written, its commands run."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shadow_command import PROGRAM, ROOT

GUIDE = ROOT / "docs" / "own-engines.md"
BLOCK = re.compile(
    r"(?:^`(?P<file>[\w./-]+\.\w+)`\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S
)
EXIT = re.compile(r"    # exit (\d)$")
MOST_LINES = 60
UPDATE = "SHADOW_UPDATE_GOLDEN"


@dataclass(frozen=True)
class Written:
    """A file that the guide tells to write."""

    name: str
    text: str


@dataclass(frozen=True)
class Typed:
    """A command that the guide shows, with what it prints and its exit code."""

    command: str
    output: str
    exit_code: int


def steps(guide: str) -> Iterator[Written | Typed]:
    for block in BLOCK.finditer(guide):
        if block["kind"] == "console":
            yield from typed(block["body"])
        elif block["file"]:
            yield Written(block["file"], block["body"])


def typed(body: str) -> Iterator[Typed]:
    for entry in re.split(r"^\$ ", body, flags=re.M)[1:]:
        line, _, output = entry.partition("\n")
        code = EXIT.search(line)
        yield Typed(line, output, int(code[1]) if code else 0)


def follow(guide: str, folder: Path) -> list[tuple[Typed, str, int]]:
    """Do all that the guide says, in its order; what each command printed and ended with."""
    here = folder / "bin"
    here.mkdir()
    (here / "shadow").write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{PROGRAM}' \"$@\"\n")
    (here / "shadow").chmod(0o755)
    (here / "python3").symlink_to(sys.executable)
    house = folder / "house"
    house.mkdir()
    found = []
    for step in steps(guide):
        if isinstance(step, Written):
            file = house / step.name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text)
            continue
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", step.command],
            cwd=house,
            env=environ(here),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found.append((step, done.stdout, done.returncode))
    return found


def environ(here: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    path = f"{here}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100"}


def code_of(guide: str) -> str:
    files = [one for one in steps(guide) if isinstance(one, Written) and one.name.endswith(".py")]
    assert files
    return "\n".join(file.text for file in files)


def lines_of_code(text: str) -> int:
    """Lines that hold anything but blanks and comments."""
    empty = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENDMARKER,
    }  # fmt: skip
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in empty:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def rewritten(guide: str, found: list[tuple[Typed, str, int]]) -> str:
    """The guide with what its commands print now."""
    told = iter(found)

    def shown(block: re.Match[str]) -> str:
        if block["kind"] != "console":
            return block[0]
        said = [next(told) for _ in typed(block["body"])]
        body = "".join(f"$ {one.command}\n{output}" for one, output, _ in said)
        return f"```console\n{body}```" if block["file"] is None else block[0]

    return BLOCK.sub(shown, guide)


def test_every_command_prints_and_ends_as_the_guide_shows(tmp_path: Path) -> None:
    guide = GUIDE.read_text()
    found = follow(guide, tmp_path)

    if os.environ.get(UPDATE):
        GUIDE.write_text(rewritten(guide, found))
        return
    assert guide.count("\n$ ") == len(found) >= 6
    for step, output, exit_code in found:
        assert output == step.output, f"$ {step.command}: {UPDATE}=1 writes what it prints now"
        assert exit_code == step.exit_code, step.command


def test_the_guide_shows_a_closed_gate_and_ends_with_an_open_one() -> None:
    gates = [
        one
        for one in steps(GUIDE.read_text())
        if isinstance(one, Typed) and one.command.startswith("shadow gate")
    ]

    assert gates[0].output.startswith("Gate closed, level rehearsal")
    assert "cell-diverges" in gates[0].output
    assert gates[0].exit_code == 1
    assert gates[-1].output.startswith("Gate open, level rehearsal")
    assert gates[-1].exit_code == 0


def test_a_stranger_writes_less_than_sixty_lines() -> None:
    assert 0 < lines_of_code(code_of(GUIDE.read_text())) < MOST_LINES


def test_the_lines_are_counted_as_a_person_counts_them() -> None:
    text = "# why\n\nA = 1  # one\nB = [\n    2,\n]\n\n\ndef f():\n    return '''x\ny'''\n"

    assert lines_of_code(text) == 1 + 3 + 3


@pytest.mark.parametrize("word", ["billing", "invoice", "stripe", "dunning"])
def test_the_example_is_of_another_domain(word: str) -> None:
    assert word not in code_of(GUIDE.read_text()).lower()


def test_the_guide_is_read_in_ten_minutes() -> None:
    assert len(GUIDE.read_text().split()) < 2_000


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param('"heat" if heat', '"warm" if heat', "cell-diverges", id="another effect"),
        pytest.param("    settle(ports, name)\n", "", "cell-drifts", id="a write dropped"),
        pytest.param('return {"wanted": to}', "return {}", "cell-diverges", id="another answer"),
        pytest.param("5 <= to", "6 <= to", "cell-diverges", id="a refusal more"),
    ],
)
def test_another_candidate_closes_the_gate_that_the_guide_opened(
    old: str, new: str, reason: str, tmp_path: Path
) -> None:
    text = GUIDE.read_text()
    (candidate,) = [one for one in steps(text) if isinstance(one, Written) and "new" in one.name]
    assert old in candidate.text
    planted = text.replace(candidate.text, candidate.text.replace(old, new))
    command = "$ shadow gate\n```\n"

    *_, (_, output, exit_code) = follow(f"{planted}\n```console\n{command}", tmp_path)

    assert exit_code == 1
    assert output.startswith("Gate closed")
    assert reason in output

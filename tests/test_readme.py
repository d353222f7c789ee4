"""The README keeps its word: its transcripts are real, its commands and links exist."""

from __future__ import annotations

import os
import re

import pytest

from tests.shadow_command import ROOT, shadow

README = ROOT / "README.md"
CONSOLE = re.compile(
    r"```console\n\$ shadow (?P<words>[^\n|]+)(?:\| head -n (?P<lines>\d+))?\n(?P<out>.*?)```",
    re.S,
)
UPDATE = "SHADOW_UPDATE_GOLDEN"


def told(*words: str) -> str:
    done = shadow(*words, COLUMNS="100")
    assert not done.stderr.strip(), done.stderr
    return done.stdout


def printed(block: re.Match[str]) -> str:
    lines = told(*block["words"].split()).splitlines()
    cut = lines[: int(block["lines"])] if block["lines"] else lines
    return "\n".join(cut) + "\n"


def test_the_transcripts_are_what_the_commands_print() -> None:
    text = README.read_text()
    blocks = list(CONSOLE.finditer(text))
    assert len(blocks) == 2

    shown = [(block, printed(block)) for block in blocks]

    if os.environ.get(UPDATE):
        for block, output in reversed(shown):
            text = text[: block.start("out")] + output + text[block.end("out") :]
        README.write_text(text)
    for block, output in shown if not os.environ.get(UPDATE) else ():
        assert block["out"] == output, f"{UPDATE}=1 writes what it prints now"


@pytest.mark.parametrize("command", ["run", "gate", "show", "paths", "rule", "lint"])
def test_every_command_is_documented_and_has_help(command: str) -> None:
    assert f"`shadow {command}" in README.read_text()
    assert "Usage: shadow" in told(command, "--help")


def test_no_command_is_missing_from_the_readme() -> None:
    listed = re.findall(r"^  (\w+)  ", told("--help").partition("Commands:")[2], re.M)

    assert listed
    assert [name for name in listed if f"`shadow {name}" not in README.read_text()] == []


@pytest.mark.parametrize("file", ["README.md", "ARCHITECTURE.md"])
def test_every_link_leads_somewhere(file: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / file).read_text()):
        assert (ROOT / target).exists(), target


def test_the_readme_fits_one_sitting() -> None:
    assert len(README.read_text().splitlines()) <= 150

"""The examples of a page, run in order in a copy of the scenarios.

A `console` block is a command with what it prints, a `yaml` block that begins with a comment
`# scenarios/…` a file that is written. `…` in a list stands for what the file holds already.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

from tests.golden_files import UPDATE
from tests.shadow_command import ROOT, shadow

BLOCK = re.compile(
    r"```console\n\$ shadow (?P<words>[^\n]+)\n(?P<out>.*?)```"
    r"|```yaml\n# (?P<file>scenarios/\S+)\n(?P<text>.*?)```",
    re.S,
)
KEPT = re.compile(r"^(?P<key>\w+): \[…, (?P<more>[^\]]+)\]$")


def desk(folder: Path) -> Path:
    """A copy of the scenarios with the project's configuration, for examples to change."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    shutil.copytree(ROOT / "docs" / "decisions", folder / "docs" / "decisions")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def told(words: str, at: Path) -> str:
    """What a command prints, complaints first."""
    done = shadow(*shlex.split(words), at=at, COLUMNS="100", PYTHONPATH=str(ROOT))
    return done.stderr + done.stdout


def write(file: Path, text: str, head: str = "") -> None:
    """Write a file of an example as it is shown, or what it adds to a list that is there."""
    adding = KEPT.match(text.strip())
    if adding:
        was = file.read_text(encoding="utf-8")
        text = re.sub(
            rf"^({adding['key']}:\s+\[[^\]]*)\]",
            rf"\1, {adding['more']}]",
            was,
            flags=re.M,
        )
        assert text != was, f"{file} has no list {adding['key']}"
        head = ""
    file.write_text(f"{head}{text}", encoding="utf-8")


def check(page: Path, at: Path) -> int:
    """Run a page's examples; how many commands there were. With UPDATE set, write what they print.

    Raises:
        AssertionError: a command prints something else.
    """
    text = page.read_text(encoding="utf-8")
    commands, parts, end = 0, [], 0
    for block in BLOCK.finditer(text):
        if block["file"]:
            write(at / block["file"], block["text"], head=f"# {block['file']}\n")
            continue
        output, commands = told(block["words"], at), commands + 1
        if not os.environ.get(UPDATE):
            assert block["out"] == output, f"{page.name}: {UPDATE}=1 writes what it prints now"
        parts += [text[end : block.start("out")], output]
        end = block.end("out")
    if os.environ.get(UPDATE):
        page.write_text("".join([*parts, text[end:]]), encoding="utf-8")
    return commands

"""Branches by line, as the probes count them and as coverage.py does in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from harness.arcs import Arc

Table = dict[int, tuple[int, int]]
"""Line → branches in all, branches taken."""


def probed_table(arcs: Sequence[Arc], taken: Collection[int]) -> Table:
    """Count statement arcs; `taken` has the numbers of those that were."""
    everything = Counter(arc.line for arc in arcs if arc.statement)
    took = Counter(arc.line for n, arc in enumerate(arcs) if arc.statement and n in taken)
    return {line: (count, took[line]) for line, count in sorted(everything.items())}


def coverage_tables(program: str, scratch: Path, *options: str) -> dict[str, Table]:
    """Run a program under coverage.py; one table a file, by the file's stem."""
    (scratch / "program.py").write_text(program)
    (scratch / "rc").write_text("[run]\nbranch = true\n")
    files = [f"--rcfile={scratch / 'rc'}", f"--data-file={scratch / 'data'}"]
    for command in (
        ["run", *files, *options, str(scratch / "program.py")],
        ["json", *files, "-q", "-o", str(scratch / "out.json")],
    ):
        env = {"PYTHONPATH": str(Path.cwd())}
        subprocess.run([sys.executable, "-m", "coverage", *command], check=True, env=env)
    tables = {}
    for file, found in json.loads((scratch / "out.json").read_text())["files"].items():
        took = Counter(line for line, _ in found["executed_branches"])
        everything = took + Counter(line for line, _ in found["missing_branches"])
        rows = sorted(everything.items())
        tables[Path(file).stem] = {line: (count, took[line]) for line, count in rows}
    return tables

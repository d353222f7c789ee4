"""How long a mutant takes by `shadow mutate`, mutmut and cosmic-ray; scenarios are the tests.

    python -m venv .bench && .bench/bin/pip install -e '.[dev]' -r benchmarks/requirements.txt
    .bench/bin/python benchmarks/mutants.py

Each tool makes mutants of its own. `shadow mutate` and mutmut try all of the control's. cosmic-ray
starts a test run for each and tries those of some modules. Besides, some of the very mutants that
`shadow mutate` made are tried in cosmic-ray's way: written into the file, then one run of the
scenarios that stops at the first failure. One process each, one after the other, on copies.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SHADOW = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["shadow"]
CONTROL = SHADOW["control"].partition(".")[0]
PARTS = (CONTROL, "brain", "fixtures", "harness", "scenarios", "docs", "tests")
SCENARIOS = ("-m", "pytest", "scenarios", "-x", "-q", "-p", "no:cacheprovider")
RATE = re.compile(r"([\d.]+) mutations/second")


class Timed(NamedTuple):
    """Seconds of wall clock.

    mutants: how many were tried. whole: of the command. trials: of the trials in it.
    """

    tool: str
    mutants: int
    whole: float
    trials: float


def copy(folder: Path) -> Path:
    """A copy of the project, which a tool may change."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", ".shadow")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run(at: Path, *words: str) -> tuple[float, str]:
    """Seconds that a command takes, and what it prints; its exit code is its own business."""
    began = time.monotonic()
    done = subprocess.run(words, cwd=at, capture_output=True, text=True, check=False)
    return time.monotonic() - began, done.stdout + done.stderr


OURS = """
import json, time
from harness.compose import compose
from harness.mutate.measure import Measuring
from harness.mutate.remembered import Remembered
from harness.run import unseen_progress

began = time.monotonic()
found = compose(None, ())
measuring = Measuring(found, tuple(sorted(found.control.sources)), 1)
measuring.ground
ready = time.monotonic()
results = measuring.results(unseen_progress, Remembered(None))
tried = time.monotonic()
measuring.scores(results, measuring.held(results).mutants)
print(json.dumps([len(results), time.monotonic() - began, tried - ready]))
"""


def shadow(at: Path) -> Timed:
    """All mutants of the control, pins and waivers included in the whole."""
    _, said = run(at, sys.executable, "-c", OURS)
    mutants, whole, trials = json.loads(said.splitlines()[-1])
    return Timed("shadow mutate", mutants, whole, trials)


def mutmut(at: Path) -> Timed:
    """All of mutmut's mutants of the control; it runs the scenarios that reach a function."""
    copied = "".join(f"\n    {part}" for part in (*PARTS, "pyproject.toml"))
    (at / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths={CONTROL}/\nalso_copy={copied}\n"
        "pytest_add_cli_args_test_selection=scenarios\n"
    )
    program = Path(sys.executable).with_name("mutmut")
    whole, said = run(at, str(program), "run", "--max-children", "1")
    rates, counts = RATE.findall(said), re.findall(r"(\d+)/(\d+) ", said)
    if not rates or not counts:
        raise SystemExit(f"mutmut measured nothing:\n{said[-2000:]}")
    mutants = int(counts[-1][1])
    return Timed("mutmut", mutants, whole, mutants / float(rates[-1]))


def cosmic_ray(at: Path, modules: list[str]) -> Timed:
    """All of cosmic-ray's mutants of some modules, in its local executor."""
    program = str(Path(sys.executable).with_name("cosmic-ray"))
    mutants, seconds = 0, 0.0
    for module in modules:
        (at / "cosmic.toml").write_text(
            f'[cosmic-ray]\nmodule-path = "{CONTROL}/{module}.py"\ntimeout = 60.0\n'
            f'excluded-modules = []\ntest-command = "{" ".join((sys.executable, *SCENARIOS))}"\n'
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        session = at / "cosmic.sqlite"
        session.unlink(missing_ok=True)
        run(at, program, "init", "cosmic.toml", str(session))
        took, said = run(at, program, "exec", "cosmic.toml", str(session))
        mutants += tried_in(session, said)
        seconds += took
    return Timed("cosmic-ray", mutants, seconds, seconds)


def tried_in(session: Path, said: str) -> int:
    """How many mutants a session of cosmic-ray came to a result for."""
    with closing(sqlite3.connect(session)) as connection:
        [(count,)] = connection.execute("select count(*) from work_results")
    if not count:
        raise SystemExit(f"cosmic-ray measured nothing:\n{said[-2000:]}")
    return int(count)


WRITTEN = """
import ast, sys
from pathlib import Path
from harness.compose import compose
from harness.mutate.measure import Measuring
from harness.mutate.mutant import apply

found = compose(None, ())
measuring = Measuring(found, tuple(sorted(found.control.sources)), 1)
mutants = measuring.mutants["control"]
for number, mutant in enumerate(mutants[:: max(1, len(mutants) // int(sys.argv[2]))]):
    text = measuring.subjects["control"].loaded.sources[mutant.module].text
    changed = ast.unparse(apply(text, mutant))
    Path(sys.argv[1], f"{number:04}.{mutant.module}.py").write_text(changed)
"""


def same(at: Path, count: int) -> Timed:
    """Some of our own mutants, each written into its file and tried by one run of scenarios."""
    texts = at / "texts"
    texts.mkdir()
    _, said = run(at, sys.executable, "-c", WRITTEN, str(texts), str(count))
    files = sorted(texts.iterdir())
    if not files:
        raise SystemExit(f"no mutant was written:\n{said[-2000:]}")
    seconds = 0.0
    for text in files:
        module = at / Path(*text.name.split(".")[1:-1]).with_suffix(".py")
        before = module.read_bytes()
        shutil.copy(text, module)
        seconds += run(at, sys.executable, *SCENARIOS)[0]
        module.write_bytes(before)
    return Timed("the same mutants, a test run each", len(files), seconds, seconds)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modules", default="ban_flagged,pay_invoice", help="for cosmic-ray")
    parser.add_argument("--same", type=int, default=40, help="how many mutants, a test run each")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        at = {name: copy(Path(folder, name)) for name in ("ours", "mutmut", "cosmic", "same")}
        found = [
            shadow(at["ours"]),
            mutmut(at["mutmut"]),
            cosmic_ray(at["cosmic"], asked.modules.split(",")),
            same(at["same"], asked.same),
        ]
    ours = found[0]
    print("| | mutants | seconds | ms a mutant | times ours | trials alone: ms a mutant | times |")
    print("|---|---|---|---|---|---|---|")
    for one in found:
        whole, trial = one.whole / one.mutants, one.trials / one.mutants
        print(
            f"| {one.tool} | {one.mutants} | {one.whole:.1f} | {whole * 1000:.1f}"
            f" | {whole / (ours.whole / ours.mutants):.1f} | {trial * 1000:.1f}"
            f" | {trial / (ours.trials / ours.mutants):.1f} |"
        )


if __name__ == "__main__":
    main()

"""The command `shadow` as a process of its own, for tests of the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = "import sys; from harness.cli import main; sys.exit(main())"


def shadow(*words: str, at: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, without colour; `environ` is added to the environment."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=at,
        env={**os.environ, "NO_COLOR": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
    )

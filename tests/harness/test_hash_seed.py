"""The hash seed is fixed where something is measured, and left as it is where it is set."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASKING = """
import os, sys
from harness.cli import main
main()
print(hash("order"), os.environ.get("PYTHONHASHSEED"))
"""


def said(*words: str, seed: str | None = None) -> list[str]:
    """What a process of its own says of its order, after the command."""
    left = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    env = left if seed is None else {**left, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", ASKING, *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize("drawn", [None, "random"])
def test_mutants_are_tried_in_one_order_in_every_process(drawn: str | None) -> None:
    assert said("mutate", "--help", seed=drawn) == said("mutate", "--help", seed="0")


def test_a_seed_that_was_set_is_kept() -> None:
    assert said("mutate", "--help", seed="7")[1] == "7"


def test_other_commands_are_not_started_again() -> None:
    assert said("gate", "--help")[1] == "None"

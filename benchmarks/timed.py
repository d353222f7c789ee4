"""Ways that are timed in turns: CPU seconds of each, round by round, in one process."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

from harness.garbage import uncollected


class Way(NamedTuple):
    """Something to time; what takes too short to be timed is done several times in a row."""

    do: Callable[[], object]
    times: int = 1


class Times(NamedTuple):
    """CPU seconds of each way in each round; the rounds of two ways stood side by side."""

    seconds: Mapping[str, list[float]]

    def of(self, way: str) -> float:
        """The median."""
        return median(self.seconds[way])

    def ratios(self, way: str, other: str) -> list[float]:
        """How many times as long, by round: what slows the machine slows both."""
        pairs = zip(self.seconds[way], self.seconds[other], strict=True)
        return [one / two for one, two in pairs]

    def ratio(self, way: str, other: str) -> float:
        """The median of it."""
        return median(self.ratios(way, other))

    def without(self, way: str, part: str) -> Times:
        """The same, the time of a part taken off a way."""
        pairs = zip(self.seconds[way], self.seconds[part], strict=True)
        return Times({**self.seconds, way: [whole - less for whole, less in pairs]})


def in_turns(ways: Mapping[str, Way], rounds: int) -> Times:
    """Time each way once a round, in turns forwards and backwards, after one that does not count.

    All garbage is collected before each; while it runs that is left to whatever is timed, as
    `shadow run` does it between scenarios.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way.do()
    for number in range(rounds):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            do, times = ways[name]
            gc.collect()
            with uncollected():
                began = time.process_time()
                for _ in range(times):
                    do()
                seconds[name].append((time.process_time() - began) / times)
            told = f"round {number + 1} of {rounds}: {seconds[name][-1]:9.4f} s {name}"
            print(told, file=sys.stderr)
    return Times(seconds)

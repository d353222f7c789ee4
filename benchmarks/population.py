"""What comparing two engines costs on simulated accounts, and what it costs otherwise.

    python -m venv .bench
    .bench/bin/pip install -c constraints.txt -e '.[dev,store]' -r benchmarks/requirements.txt
    .bench/bin/python benchmarks/population.py                  # some ten minutes
    .bench/bin/python benchmarks/population.py --only scaling   # wants a machine to itself
    .bench/bin/python benchmarks/population.py --only growth --sizes 10000,100000 --workers 2
    .bench/bin/python benchmarks/population.py --only houses --houses 10000,1000000 --workers 2

Each part is kept in benchmarks/measured.json until it is run again; docs/benchmarks.md and its
plot are written from there. Another part is a function that gives a `Measured`, and a title in
`page`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace

import page
import replaying
import ways
from measured import Measured, here, keep, kept

Part = Callable[[argparse.Namespace], Measured]

PARTS: dict[str, Part] = {
    "ways": lambda asked: ways.measure(
        accounts=asked.accounts, seed=asked.seed, rounds=asked.rounds
    ),
    "scaling": lambda asked: replaying.scaling(
        accounts=asked.scaling_accounts, seed=asked.seed, rounds=asked.scaling_rounds
    ),
    "again": lambda asked: replaying.again(
        accounts=asked.again_accounts, seed=asked.seed, workers=asked.workers
    ),
    "growth": lambda asked: replaying.growth(
        sizes=asked.sizes, seed=asked.seed, workers=asked.workers
    ),
    "houses": lambda asked: replaying.streets(
        sizes=asked.houses, seed=asked.seed, workers=asked.workers
    ),
}


def sizes(text: str) -> tuple[int, ...]:
    """Sizes of populations, of which there are two at least."""
    found = tuple(sorted({int(one) for one in text.split(",")}))
    if len(found) < 2 or found[0] < 1:
        raise argparse.ArgumentTypeError("two sizes at least, as 10000,1000000")
    return found


def main() -> None:
    """Measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; else all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=300, help="for `ways`")
    parser.add_argument("--rounds", type=int, default=5, help="for `ways`")
    parser.add_argument("--scaling-accounts", type=int, default=4_000)
    parser.add_argument("--scaling-rounds", type=int, default=2)
    parser.add_argument("--again-accounts", type=int, default=4_000)
    parser.add_argument("--sizes", type=sizes, default=(1_000, 4_000), help="for `growth`")
    parser.add_argument("--houses", type=sizes, default=(1_000, 10_000), help="how many")
    parser.add_argument("--workers", type=int, default=1, help="for `growth`, `houses`, `again`")
    asked = parser.parse_args()
    for name in asked.only or PARTS:
        busy = os.getloadavg()[0]
        measured = replace(PARTS[name](asked), where=here(busy))
        keep({**kept(), name: measured})
        page.write(kept())
    print("\n".join(page.tables(kept())))


if __name__ == "__main__":
    main()

"""Staff: whoever replays ranges, forked processes of this machine or workers of a cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from harness.bulk.crew import PATIENCE, TRIES, Crew
from harness.bulk.pace import Pace
from harness.bulk.range_replay import Replaying
from harness.bulk.ranges import Range
from harness.compose import Composition
from harness.errors import HarnessError, InputError
from harness.store.part import Part

Complain = Callable[[HarnessError], None]


class Staff(Protocol):
    """Whoever is given ranges."""

    def answers(
        self,
        tasks: Sequence[Range],
        stop: Callable[[], bool] = lambda: False,
        *,
        tries: int = TRIES,
    ) -> Iterator[tuple[Range, Part | None]]:
        """Give each range with what came of it; see `Crew.answers`."""

    def close(self) -> None:
        """End whoever works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiring:
    """What staff is hired with, once it is known that there is work.

    Attributes:
        replaying: what a range is replayed with.
        folder: where temporary files of this machine go.
        shown: says how far it is.
        complain: told of each worker that is left out.
    """

    replaying: Replaying
    folder: Path
    shown: Pace
    complain: Complain


Hire = Callable[[Hiring], Staff]


def forked(workers: int) -> Hire:
    """Processes of this machine.

    Raises:
        InputError: `no-fork`.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        message = "no process can be forked on this system"
        raise InputError("no-fork", message, hint="`shadow run` replays files one by one")

    def hire(by: Hiring) -> Staff:
        work = replace(by.replaying, folder=by.folder).part
        return Crew(work, workers, by.shown.under_way)

    return hire


@contextmanager
def of_cluster(
    address: str, composition: Composition, judged: Mapping[str, str], today: date
) -> Iterator[Hire]:
    """Workers of a cluster, which is reached as long as this lasts.

    Args:
        address: of its scheduler.
        composition: what is replayed with, here.
        judged: digests of that.
        today: the day that rulings are held against.

    Raises:
        InputError: there is no such cluster, or a process that is started here runs other code.
    """
    from harness.bulk import cluster, outpost

    with cluster.reached(address) as client:
        job = outpost.Job(
            name=uuid4().hex, config=composition.config.file, today=today, patience=PATIENCE
        )
        expected = cluster.own_proof(job, judged)

        def hire(by: Hiring) -> Staff:
            return cluster.Cluster(client=client, job=job, expected=expected, complain=by.complain)

        yield hire

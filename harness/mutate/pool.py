"""Trials side by side: processes that share the proving ground, and nothing that they change."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from harness.garbage import uncollected
from harness.mutate.ground import Ground
from harness.mutate.mutant import Mutant
from harness.mutate.subject import Subject
from harness.mutate.trial import Fate, Result, try_one

Opened = Callable[[int], AbstractContextManager[Callable[[], None]]]
"""Opens a progress bar of a length; what it gives is called after each step."""

Batch = tuple[Mutant, ...]
"""Mutants of one function, tried in this order, so that results do not depend on how many work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What every worker has: it is there before the workers are.

    Attributes:
        subjects: role → the engine to change.
        classes: ruling → class.
        only: mutant → the scenarios in which it is tried, of those that are not tried everywhere.
    """

    ground: Ground
    subjects: Mapping[str, Subject]
    classes: Mapping[str, str]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, role: str, batch: Batch) -> list[Result]:
        """Try a batch, in this process."""
        subject, results = self.subjects[role], []
        with uncollected() as tidy:
            for one in batch:
                results.append(try_one(self.within(one.id), subject, one, self.classes))
                tidy()
        return results

    def within(self, mutant: str) -> Ground:
        """What a mutant is tried on."""
        only = self.only.get(mutant)
        return self.ground if only is None else self.ground.within(only)


_here: list[Trials] = []
"""The trials of this process; a worker that was forked has those of its parent."""


def _work(role: str, batch: Batch) -> list[Result]:
    return _here[-1].of(role, batch)


def batches(mutants: Iterable[Mutant]) -> tuple[Batch, ...]:
    """Mutants by the function that they change, in the order in which those first come."""
    found: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        found.setdefault((mutant.module, mutant.qualname), []).append(mutant)
    return tuple(tuple(one) for one in found.values())


def workers_here() -> int:
    """How many can work at once on this machine; 1 where a process cannot be forked."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


def run_all(
    trials: Trials,
    asked: Sequence[tuple[str, Batch]],
    *,
    workers: int,
    opened: Opened,
) -> Iterator[tuple[Batch, tuple[Result, ...]]]:
    """Try every batch and give each mutant one result.

    A batch whose worker was lost, or that came back with other mutants than were asked for, is
    LOST: never told apart.

    Args:
        trials: what they are tried on.
        asked: role and batch.
        workers: processes; 1 means this one.
        opened: progress: opened with the number of mutants, after the processes were forked.
    """
    total = sum(len(batch) for _, batch in asked)
    if workers <= 1 or not asked:
        with opened(total) as step:
            for role, batch in asked:
                yield batch, _checked(batch, trials.of(role, batch))
                _each(step, batch)
        return
    _here.append(trials)
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            waiting = {pool.submit(_work, role, batch): batch for role, batch in asked}
            with opened(total) as step:
                for future in as_completed(waiting):
                    batch = waiting[future]
                    yield batch, _checked(batch, _answer(future))
                    _each(step, batch)
    finally:
        _here.pop()


def _each(step: Callable[[], None], batch: Batch) -> None:
    for _ in batch:
        step()


def _answer(future: Future[list[Result]]) -> list[Result]:
    try:
        return future.result()
    except BrokenProcessPool:
        return []


def _checked(batch: Batch, results: Iterable[Result]) -> tuple[Result, ...]:
    """One result a mutant, in the batch's order."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.mutant, []).append(result)
    return tuple(_only(mutant, found.get(mutant.id, [])) for mutant in batch)


def _only(mutant: Mutant, results: Sequence[Result]) -> Result:
    if len(results) == 1:
        return results[0]
    why = f"{len(results)} results of one mutant"
    return Result(mutant=mutant.id, fate=Fate.LOST, why=why)

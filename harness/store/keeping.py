"""A run is kept: announced in the store before it begins, and stored once it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.compose import Composition
from harness.errors import ExitCode, HarnessError, InputError
from harness.moment import now
from harness.report.told import Told
from harness.store import writer
from harness.store.made_of import made_of, version
from harness.store.opening import Store, opened
from harness.store.run import Run, new_id
from harness.store.told_part import part_of, place_of
from harness.text import visible

Complain = Callable[[HarnessError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """A run that is announced, and in the store as incomplete until it is kept."""

    store: Store
    run: Run
    composition: Composition
    tell: Callable[[str], None]

    def keep(self, told: Told, complain: Complain) -> tuple[ExitCode, ...]:
        """Store what was found; that it could not be is said, and changes only the exit code."""
        gate = "" if told.verdict is None else str(told.verdict.gate)
        try:
            writer.write(self.store, self.run.id, part_of(self.composition, told))
            writer.end(self.store, self.run.id, ended=now().clock, gate=gate)
        except InputError as error:
            complain(error)
            return (error.exit_code,)
        self.tell(f"stored: {self.store.address.shown}, run {self.run.id}")
        return ()


def announced(
    store: str, composition: Composition, command: str, tell: Callable[[str], None]
) -> Keeping:
    """Open the store and announce a run, before any work is done in vain.

    Args:
        store: what `--store` names.
        composition: what the run is made of.
        command: `run` or `gate`.
        tell: prints where it was stored, beside what the command says.

    Raises:
        InputError: the store, or something that the run is made of, cannot be used.
    """
    there = opened(store, make=True)
    began = time.time()
    run = Run(
        id=new_id(began),
        begun=int(began),
        command=command,
        level=composition.policy.level,
        partial=visible(" ".join(map(str, composition.paths))),
        harness=version(),
        made_of=made_of(composition),
    )
    writer.begin(there, run, [place_of(composition)])
    return Keeping(store=there, run=run, composition=composition, tell=tell)

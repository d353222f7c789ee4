"""Results of an earlier measurement, with all that they depend on.

They only save time: what is missing, damaged or of other code is tried anew. Of what is found,
one batch in a hundred is tried again all the same and has to come out as it did. Where nothing is
remembered, the committed file still says what came of each mutant: of the same code in the same
scenarios, so that whoever adds one need not measure all.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from harness.canonical import digest
from harness.errors import InputError
from harness.mutate.pool import Batch
from harness.mutate.trial import Fate, Result
from harness.text import shown_path, visible
from harness.whole_file import replace_file

NAME: Final = "mutants.json"
ONCE_MORE: Final = 100
"""One batch in so many is tried again though it is remembered."""

EVERY: Final = 30.0
"""Seconds after which what is known by then is written, so that a killed measurement goes on."""

WEIGHT: Final = (
    Fate.LOST,
    Fate.IMPORT,
    Fate.TOLD_APART,
    Fate.TIMEOUT,
    Fate.CRASH,
    Fate.HIDDEN,
    Fate.SURVIVED,
    Fate.UNREACHED,
)
"""Of two fates in different scenarios, the one that stands first is the mutant's."""


class Depends(NamedTuple):
    """What the results of a batch depend on.

    Attributes:
        code: digest of everything but the scenarios.
        scenarios: those that the batch reaches → digest.
    """

    code: str
    scenarios: dict[str, str]


class Known(msgspec.Struct, frozen=True):
    """What came of a batch, and where."""

    depends: Depends
    results: tuple[Result, ...]


class Written(NamedTuple):
    """What the committed file says.

    Attributes:
        code: digest of everything but the scenarios.
        scenarios: all of them → digest.
        fates: mutant → its fate, of all that were not told apart.
    """

    code: str
    scenarios: Mapping[str, str]
    fates: Mapping[str, Fate]

    def of(self, batch: Batch, depends: Depends) -> Known | None:
        """What it says of these mutants; None where it is of other code."""
        if self.code != depends.code:
            return None
        known = {one: self.scenarios[one] for one in depends.scenarios if one in self.scenarios}
        results = (
            Result(mutant=one.id, fate=self.fates.get(one.id, Fate.TOLD_APART)) for one in batch
        )
        return Known(Depends(self.code, known), tuple(results))


class Recalled(NamedTuple):
    """What need not be tried any more; mutants that are in neither are tried everywhere.

    Attributes:
        done: mutant → its result, which holds.
        rest: mutant → its result so far.
        new: the scenarios in which the rest are still to be tried.
    """

    done: Mapping[str, Result]
    rest: Mapping[str, Result]
    new: frozenset[str]


NOTHING: Final = Recalled({}, {}, frozenset())

Kept = dict[str, Known]
"""First mutant of a batch → what came of it."""


def both(one: Result, other: Result) -> Result:
    """One mutant's result, of two that come from different scenarios."""
    return min(one, other, key=lambda result: WEIGHT.index(result.fate))


@dataclass(slots=True)
class Remembered:
    """What is known from before, and what is to be known afterwards."""

    file: Path | None
    written: Written | None = None
    known: Kept = field(default_factory=dict)
    now: Kept = field(default_factory=dict)
    saved: float = field(default_factory=time.monotonic)

    @classmethod
    def read(cls, file: Path | None, written: Written | None = None) -> Remembered:
        """What a file remembers; nothing where it cannot be read, and where there is none."""
        return cls(file, written, _read(file) if file else {})

    def of(self, batch: Batch, depends: Depends, *, exact: bool) -> Recalled:
        """What is known of exactly these mutants of the same code.

        Args:
            batch: the mutants.
            depends: what their results depend on now.
            exact: nothing is taken over once a scenario came, went or changed.
        """
        found = self.known.get(batch[0].id)
        if self.written and not exact and (found is None or found.depends.code != depends.code):
            found = self.written.of(batch, depends)
        if (
            found is None
            or found.depends.code != depends.code
            or _is_due(batch, depends)
            or [one.mutant for one in found.results] != [one.id for one in batch]
        ):
            return NOTHING
        if found.depends == depends:
            self.now[batch[0].id] = found
            return Recalled({one.mutant: one for one in found.results}, {}, frozenset())
        return NOTHING if exact else _recalled(found, depends.scenarios)

    def keep(self, batch: Batch, depends: Depends, results: Sequence[Result]) -> None:
        """Remember a batch, unless a result of it was lost.

        Raises:
            InputError: it is remembered otherwise.
        """
        if any(one.fate is Fate.LOST for one in results):
            return
        name, found = batch[0].id, Known(depends, tuple(results))
        self.now[name] = found
        before = self.known.get(name)
        if before is not None and before.depends == depends and _fates(before) != _fates(found):
            message = f"{visible(name)} came out otherwise than it is remembered"
            fix = "delete the file, and look for what makes an engine differ from itself"
            raise InputError("remembered-differs", message, shown_path(self.file or Path()), fix)
        if time.monotonic() - self.saved > EVERY:
            self.write()

    def write(self) -> None:
        """Keep all that is known of today's code; where nothing can be written, nothing is."""
        if self.file is None or not self.now:
            return
        code = next(iter(self.now.values())).depends.code
        others = {k: v for k, v in _read(self.file).items() if v.depends.code == code}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.file, msgspec.json.encode(others | self.now))
        except (OSError, InputError):
            return
        self.saved = time.monotonic()


def _read(file: Path) -> Kept:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError):
        return {}


def _is_due(batch: Batch, depends: Depends) -> bool:
    """Whether it is this batch's turn to be tried again."""
    return int(digest([depends.code, batch[0].id])[:8], 16) % ONCE_MORE == 0


def _fates(known: Known) -> list[tuple[str, Fate]]:
    return [(one.mutant, one.fate) for one in known.results]


def _recalled(found: Known, scenarios: Mapping[str, str]) -> Recalled:
    """What holds though scenarios came, went or changed."""
    before = found.depends.scenarios
    new = frozenset(name for name, digest_ in scenarios.items() if before.get(name) != digest_)
    gone = before.keys() - scenarios.keys()
    moved = bool(gone or new & before.keys())
    done: dict[str, Result] = {}
    rest: dict[str, Result] = {}
    for result in found.results:
        place = result.where.partition("#")[0]
        lost = place in new or place in gone
        lost = lost or (
            moved and not place and result.fate is Fate.TOLD_APART
        )  # nobody knows where
        if lost or result.fate is Fate.TIMEOUT or (gone and result.fate is Fate.SURVIVED):
            continue  # where it showed is not what it was, or it may be reached no more
        settled = result.fate in (Fate.TOLD_APART, Fate.IMPORT) or not new
        (done if settled else rest)[result.mutant] = result
    return Recalled(done, rest, new)

"""The ledger of samples: every draw and every evaluation, each line bound to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import InputError
from harness.sampling.lines import Line, append, line_of, read_bytes
from harness.text import shown_path, visible

NAME: Final = "ledger.jsonl"
LISTS: Final = "samples"
"""The folder of the lists of drawn accounts, beside the ledger."""
BEGIN: Final = "0" * 64
"""What stands for the line before the first."""

_REPAIR: Final = "the ledger only grows: take it back from the repository"


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many accounts of a stratum do what on a path.

    Attributes:
        ran: drawn accounts in which the path ran at all.
        agree: drawn accounts that agree in every cell of the path, those in which it never ran
            among them.
        ruled: drawn accounts that are accepted only by rulings.
        wrong: all other drawn accounts, those without a usable recording among them.
        wrong_apart: accounts that were burned before the draw, and are wrong.
    """

    ran: int
    agree: int
    ruled: int
    wrong: int
    wrong_apart: int


Results = Mapping[str, Mapping[str, Count]]
"""Path → stratum → how many accounts do what."""


class Size(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a stratum: how many accounts it has, how many were burned, and how many drawn.

    `ids` is sha256 of the drawn ids: two samples with the same accounts have the same.
    """

    accounts: int
    burned: int
    drawn: int
    ids: str

    @property
    def census(self) -> bool:
        """Whether every account was looked at, so that nothing is inferred."""
        return self.drawn + self.burned == self.accounts


class Entry(Line, frozen=True, kw_only=True, tag_field="act"):
    """What every line has.

    Attributes:
        date: the day in UTC.
        frame: sha256 of the frame's file.
        candidate: fingerprint of the candidate's code.
        acceptances: digest of what lets a difference pass.
        sample: sha256 of the list of drawn accounts.
        strata: stratum → its sizes.
        previous: sha256 of the line before.
    """

    date: date
    frame: str
    candidate: str
    acceptances: str
    sample: str
    strata: dict[str, Size]
    previous: str

    @property
    def subject(self) -> tuple[str, str]:
        """What is judged, and by what: another one has seen what it must not."""
        return (self.candidate, self.acceptances)


class Drawn(Entry, frozen=True, kw_only=True, tag="drawn"):
    """A draw; `burned` is how many accounts were burned then, `burned_sha256` of their list."""

    burned: int
    burned_sha256: str


class Evaluated(Entry, frozen=True, kw_only=True, tag="evaluated"):
    """What came of a sample; `recorded` are drawn accounts that have a scenario, by stratum."""

    recorded: dict[str, int]
    results: dict[str, dict[str, Count]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The ledger as its file has it.

    Attributes:
        entries: what can be read, up to where it is broken.
        content: the file's bytes.
        broken: where and how it is no chain; empty where it is one.
    """

    file: Path
    entries: tuple[Drawn | Evaluated, ...] = ()
    content: bytes = b""
    broken: str = ""

    @property
    def last(self) -> str:
        """What the next line's `previous` is."""
        lines = self.content.splitlines(keepends=True)
        return hashlib.sha256(lines[-1]).hexdigest() if lines else BEGIN

    def draws(self) -> tuple[Drawn, ...]:
        """All draws, oldest first: the first is number 1."""
        return tuple(entry for entry in self.entries if isinstance(entry, Drawn))

    def number(self, sample: str) -> int:
        """Which draw of the ledger a sample is, counted from 1."""
        return 1 + [entry.sample for entry in self.draws()].index(sample)

    def evaluations(self, sample: str) -> tuple[Evaluated, ...]:
        """What was found in a sample, oldest first."""
        return tuple(
            entry
            for entry in self.entries
            if isinstance(entry, Evaluated) and entry.sample == sample
        )

    def sound(self) -> Ledger:
        """The ledger itself.

        Raises:
            InputError: `ledger-broken`.
        """
        if self.broken:
            place, _, what = self.broken.partition(": ")
            raise InputError("ledger-broken", what, place, _REPAIR)
        return self

    def enter(self, entry: Drawn | Evaluated) -> Ledger:
        """Add a line.

        Raises:
            InputError: the ledger is broken, or cannot be written.
        """
        content = append(self.sound().file, self.content, entry)
        return Ledger(file=self.file, entries=(*self.entries, entry), content=content)


def read_ledger(path: Path) -> Ledger:
    """Read the ledger; without a file it is empty, and that is broken where lists are there.

    Raises:
        InputError: the file cannot be read at all.
    """
    content = read_bytes(path)
    entries: list[Drawn | Evaluated] = []
    previous, broken = BEGIN, ""
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        try:
            entry = msgspec.json.decode(line, type=Drawn | Evaluated)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            what = f"no line of a ledger: {visible(str(error))}"
        else:
            what = "; ".join(_objections(entry, line, previous, entries))
        if what:
            broken = f"{shown_path(path)}:{number}: {what}"
            break
        entries.append(entry)
        previous = hashlib.sha256(line).hexdigest()
    broken = broken or _lost(path, entries)
    return Ledger(file=path, entries=tuple(entries), content=content, broken=broken)


def continues(before: bytes, after: bytes) -> bool:
    """Whether a ledger, or a list of burned accounts, only grew: no line of it is gone or other.

    The chain shows what was done to a line that others follow; that the last ones are gone shows
    only where an earlier state is at hand.
    """
    return after.startswith(before)


def _objections(
    entry: Drawn | Evaluated, line: bytes, previous: str, before: Iterable[Drawn | Evaluated]
) -> Iterator[str]:
    """What keeps a line from following the ones before."""
    if entry.previous != previous:
        yield "the line before it is not the one it was written after"
    if line_of(entry) != line:
        yield "it is not as `shadow sample` writes it"
    if not all(_possible(size) for size in entry.strata.values()):
        yield "a stratum has other accounts than it can have"
    draws = {one.sample: one for one in before if isinstance(one, Drawn)}
    if isinstance(entry, Drawn):
        if entry.sample in draws:
            yield "the sample was drawn already"
        return
    if entry.sample not in draws:
        yield "it evaluates a sample that no line before it draws"
    elif (entry.frame, entry.strata) != (draws[entry.sample].frame, draws[entry.sample].strata):
        yield "its frame or sizes are not those of the draw"
    yield from _miscounted(entry)


def _possible(size: Size) -> bool:
    return min(size.burned, size.drawn) >= 0 and size.burned + size.drawn <= size.accounts


def _miscounted(entry: Evaluated) -> Iterator[str]:
    """Counts that cannot be of the accounts that were drawn."""
    recorded = entry.recorded
    if set(recorded) != set(entry.strata) or not all(
        0 <= recorded[name] <= size.drawn for name, size in entry.strata.items()
    ):
        yield "what was recorded is not of the draw"
    for path, strata in entry.results.items():
        if set(strata) != set(entry.strata):
            yield f"{visible(path)}: the strata are not those of the draw"
            continue
        for name, count in strata.items():
            size = entry.strata[name]
            drawn = (count.agree, count.ruled, count.wrong)
            whole = min(*drawn, count.ran, count.wrong_apart) >= 0 and count.ran <= size.drawn
            if not whole or sum(drawn) != size.drawn or count.wrong_apart > size.burned:
                yield f"{visible(path)}: {visible(name)}: the counts are not those of the draw"


def _lost(path: Path, entries: Iterable[Drawn | Evaluated]) -> str:
    """A list of drawn accounts that no line draws: a line was taken out at the end."""
    known = {list_name(entry.sample) for entry in entries}
    for file in sorted((path.parent / LISTS).glob("*.ids")):
        if file.name not in known:
            return f"{shown_path(file)}: no line of the ledger draws this list: one is gone"
    return ""


def list_name(sample: str) -> str:
    """The file's name of a sample's list."""
    return f"{sample[:16]}.ids"

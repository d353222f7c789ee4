"""What is there of a sample: frame, ledger, burned accounts, and the draw that holds now."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.canonical import digest
from harness.compose import Composition
from harness.document import read_document
from harness.errors import InputError
from harness.sampling import burned as burning
from harness.sampling import frame as framing
from harness.sampling import ledger as ledgers
from harness.sampling.burned import Burned, read_burned
from harness.sampling.draw import Draw, Seed, draw
from harness.sampling.drawn_list import list_of, read_list, sample_of
from harness.sampling.frame import Frame, read_frame
from harness.sampling.ledger import Count, Drawn, Evaluated, Ledger, read_ledger
from harness.sampling.lines import read_bytes
from harness.sampling.tally import Tally
from harness.text import shown_path

SIGNED: Final = frozenset({"title", "reason", "ticket", "owner", "approver", "created", "expires"})
"""What of a ruling decides nothing about a difference: it may be renewed without a new sample."""


Counted = Tally | Evaluated
"""What came of a sample: as it is counted now, or as the ledger has it."""


class Draught(enum.StrEnum):
    """How it is known that the accounts are those that chance drew."""

    VERIFIED = "verified"
    ASSERTED = "asserted"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Frame, ledger and the sample that holds for the present candidate.

    Attributes:
        candidate: fingerprint of its code.
        acceptances: digest of what lets a difference pass.
        entry: the draw that holds: the latest of this frame, one of this candidate and its
            acceptances before any other's; None where nothing was drawn from this frame.
        draw: the accounts of that draw; none where its list cannot be read.
        draught: drawn again from the ids and equal; or only said to be drawn; or not the same.
        doubt: why it is not the same.
    """

    frame: Frame
    ledger: Ledger
    burned: Burned
    candidate: str
    acceptances: str
    entry: Drawn | None = None
    draw: Draw = field(default_factory=dict)
    draught: Draught = Draught.ASSERTED
    doubt: str = ""

    @property
    def subject(self) -> tuple[str, str]:
        return (self.candidate, self.acceptances)

    @property
    def number(self) -> int:
        """Which draw of the ledger holds; the next one where none does."""
        if self.entry is None:
            return len(self.ledger.draws()) + 1
        return self.ledger.number(self.entry.sample)

    @property
    def census(self) -> bool:
        """Whether every account of every stratum was looked at, so that nothing is inferred."""
        return self.entry is not None and all(one.census for one in self.entry.strata.values())

    @property
    def burned_since(self) -> tuple[str, ...]:
        """Accounts of the sample that were burned after they were drawn, where that matters."""
        if self.entry is None:
            return ()
        late = set(self.burned.accounts[self.entry.burned :])
        return tuple(
            account
            for name, part in sorted(self.draw.items())
            if not self.entry.strata[name].census
            for account in part.drawn
            if account in late
        )

    def entered(self, counted: Counted) -> Evaluated | None:
        """The ledger's first line with just these results for what is judged now."""
        if self.entry is None:
            return None
        for entry in self.ledger.evaluations(self.entry.sample):
            if (entry.subject, entry.results, entry.recorded) == (
                self.subject, counted.results, counted.recorded,
            ):  # fmt: skip
                return entry
        return None

    def reused(self, counted: Counted | None, until: Evaluated | None) -> tuple[Evaluated, ...]:
        """Evaluations of these accounts that came before, of another subject or otherwise ended.

        One of the same subject that merely lacked recordings shows nothing to tune by, and is
        none. Of a stratum that was looked at as a whole nothing is inferred, so nothing is reused.

        Args:
            counted: what came of the sample.
            until: the line that says so; None where there is none yet.
        """
        if self.entry is None:
            return ()
        inferred = {
            name: size.ids
            for name, size in self.entry.strata.items()
            if size.drawn and not size.census
        }
        return tuple(
            entry
            for entry in self._before(until)
            if not self._lacked(entry, counted)
            and any(
                self._same(entry, name, ids)
                and (entry.subject != self.subject or _of(entry, name) != _of(counted, name))
                for name, ids in inferred.items()
            )
        )

    def _before(self, until: Evaluated | None) -> Iterator[Evaluated]:
        for entry in self.ledger.entries:
            if entry is until:
                return
            if isinstance(entry, Evaluated):
                yield entry

    def _same(self, entry: Evaluated, stratum: str, ids: str) -> bool:
        """Whether an evaluation is of the same accounts of a stratum.

        Of draws that were made again, equal accounts are chance; of others, they may be a copy.
        """
        if self.entry is not None and entry.sample == self.entry.sample:
            return True
        verified = self.draught is Draught.VERIFIED
        return not verified and stratum in entry.strata and entry.strata[stratum].ids == ids

    def _lacked(self, entry: Evaluated, counted: Counted | None) -> bool:
        """Whether an evaluation is of the same subject, and was worse by missing recordings alone.

        Of the accounts that had one, as many are wrong now as then: what was recorded since has
        made none of them right.
        """
        if counted is None or entry.subject != self.subject:
            return False
        missing = {name: size.drawn - entry.recorded[name] for name, size in entry.strata.items()}
        return any(missing.values()) and all(
            counts.wrong - missing[name] <= _of(counted, name).get(path, counts).wrong
            for path, strata in entry.results.items()
            for name, counts in strata.items()
        )


def _of(counted: Counted | None, stratum: str) -> dict[str, Count]:
    """Path → counts of one stratum."""
    results = counted.results if counted is not None else {}
    return {path: strata[stratum] for path, strata in results.items() if stratum in strata}


def read_sampling(composition: Composition) -> Sampling | None:
    """Read what there is of a sample; None where there is no frame.

    Raises:
        InputError: the frame, the ledger or the list of burned accounts cannot be read.
    """
    folder = composition.config.scenarios
    frame = read_frame(folder / framing.NAME)
    if frame is None:
        return None
    found = Sampling(
        frame=frame,
        ledger=read_ledger(folder / ledgers.NAME),
        burned=read_burned(folder / burning.NAME),
        candidate=composition.candidate.fingerprint,
        acceptances=acceptances_of(folder),
    )
    entry = _holding(found)
    return found if entry is None else _with_draw(found, entry)


def list_file(ledger: Ledger, sample: str) -> Path:
    """Where a sample's list stands."""
    return ledger.file.parent / ledgers.LISTS / ledgers.list_name(sample)


def acceptances_of(folder: Path) -> str:
    """A digest of what lets a difference pass: what rulings say, and fields that are left out."""
    rulings = sorted(
        digest(_deciding(file)) for file in sorted((folder / "rulings").glob("*.yaml"))
    )
    fields = folder / "fields.yaml"
    return digest([rulings, digest(_deciding(fields)) if fields.exists() else None])


def _deciding(file: Path) -> Any:
    """What decides in a file; of one that cannot be read, its bytes: it may be mended later."""
    try:
        data = read_document(file).data
    except InputError:
        return read_bytes(file).hex()
    if isinstance(data, Mapping):
        return {key: value for key, value in data.items() if key not in SIGNED}
    return data


def _holding(found: Sampling) -> Drawn | None:
    draws = [one for one in found.ledger.draws() if one.frame == found.frame.sha256]
    own = [one for one in draws if one.subject == found.subject]
    return next(iter([*reversed(own), *reversed(draws)]), None)


def _with_draw(found: Sampling, entry: Drawn) -> Sampling:
    """The sampling with the accounts of a draw, and whether they are those that chance drew."""
    file = list_file(found.ledger, entry.sample)
    drawn: Draw = {}
    draught, doubt = Draught.ASSERTED, ""
    try:
        content = read_bytes(file)
        if sample_of(content) != entry.sample:
            message = "is not the list that was drawn" if content else "is not there"
            raise InputError("sample-list", message, shown_path(file))
        drawn = read_list(content, entry.strata, shown_path(file))
        if found.frame.listed:
            _draw_again(found, entry, content)
            draught = Draught.VERIFIED
    except InputError as error:
        draught, doubt = Draught.CHANGED, str(error).splitlines()[0]
    return Sampling(
        frame=found.frame,
        ledger=found.ledger,
        burned=found.burned,
        candidate=found.candidate,
        acceptances=found.acceptances,
        entry=entry,
        draw=drawn,
        draught=draught,
        doubt=doubt,
    )


def _draw_again(found: Sampling, entry: Drawn, content: bytes) -> None:
    """Draw once more, and compare.

    Raises:
        InputError: the list is another one, or cannot be made again.
    """
    burned = found.burned.first(entry.burned)
    if burned.sha256 != entry.burned_sha256:
        message = "is not the list of burned accounts that was drawn without"
        raise InputError("burned-changed", message, shown_path(burned.file))
    seed = Seed(entry.frame, entry.candidate, entry.previous)
    sizes = {name: size.drawn for name, size in entry.strata.items()}
    again = list_of(draw(found.frame, seed, sizes, frozenset(burned.accounts)), seed)
    if again != content:
        message = "chance draws other accounts from these lists"
        where = shown_path(list_file(found.ledger, entry.sample))
        raise InputError("sample-list", message, where)

"""The frame of a sample: which accounts it speaks for, in which strata, and who listed them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from harness.correction import corrected
from harness.document import Document, Place, read_document
from harness.errors import InputError
from harness.schema import Strict, convert
from harness.text import quoted

NAME: Final = "frame.yaml"

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PAIR: Final = re.compile(r"([^\s=,]+)=([^\s=,]+)")


class _Population(Strict, frozen=True, kw_only=True):
    what: str
    begins: str = msgspec.field(name="from")
    ends: str = msgspec.field(name="to")
    source: str


class _Stratum(Strict, frozen=True, kw_only=True):
    accounts: int
    sha256: str
    ids: str | None = None


class _File(Strict, frozen=True, kw_only=True):
    population: _Population
    made: str
    strata: dict[str, _Stratum]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """A part of the population that is drawn from, and bounded, apart from the others.

    Attributes:
        name: `key=value,key=value`, as the kit tells strata, by key.
        accounts: how many there are.
        sha256: digest of the file of their ids.
        ids: that file, where the frame names one; it need not be there.
        where: `file:line` of the frame.
    """

    name: str
    accounts: int
    sha256: str
    ids: Path | None
    where: str

    @property
    def listed(self) -> bool:
        """Whether the list of ids is there to be read."""
        return self.ids is not None and self.ids.exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a sample is drawn from.

    Attributes:
        what: which accounts, in words.
        begins, ends: the first and the last day of the window.
        source: where they were counted.
        made: how the lists of ids were made.
        strata: by name.
        sha256: digest of the frame's file.
        file: its name as messages show it.
    """

    what: str
    begins: date
    ends: date
    source: str
    made: str
    strata: tuple[Stratum, ...]
    sha256: str
    file: str

    @property
    def accounts(self) -> int:
        return sum(stratum.accounts for stratum in self.strata)

    @property
    def listed(self) -> bool:
        """Whether all lists of ids are there, so that a draw can be made again."""
        return all(stratum.listed for stratum in self.strata)


def stratum_name(parts: Mapping[str, str]) -> str:
    """What a kit says of an account's stratum, as a frame names it."""
    return ",".join(f"{key}={value}" for key, value in sorted(parts.items()))


def read_frame(path: Path) -> Frame | None:
    """Read a frame; None where there is no such file.

    Raises:
        InputError: it cannot be read, or anything in it is missing, unknown or malformed.
    """
    if not path.exists():
        return None
    return frame_of(read_document(path), path.parent)


def frame_of(document: Document, folder: Path) -> Frame:
    """A frame from a document; names of lists count from `folder`.

    Raises:
        InputError: as `read_frame`.
    """
    return corrected(document, partial(_frame, folder=folder))


def _frame(document: Document, *, folder: Path) -> Frame:
    file = convert(document, (), _File)
    for place in (("population", "what"), ("population", "source"), ("made",)):
        if not document.at(place).strip():
            raise document.error("frame-blank", place, "says nothing", "a sentence for reviewers")
    begins = _day(document, ("population", "from"))
    ends = _day(document, ("population", "to"))
    if ends < begins:
        message = f"the window ends on {ends}, before it begins on {begins}"
        raise document.error("frame-window", ("population", "to"), message, "from <= to")
    if not file.strata:
        raise document.error("frame-empty", ("strata",), "there is no stratum", "name one")
    strata: dict[str, Stratum] = {}
    for key, shape in file.strata.items():
        stratum = _stratum(document, key, shape, folder)
        if stratum.name in strata:
            message = f"the stratum {quoted(stratum.name)} stands twice"
            raise document.error("frame-stratum", ("strata", key), message, "keep one of them")
        strata[stratum.name] = stratum
    if not any(stratum.accounts for stratum in strata.values()):
        raise document.error("frame-empty", ("strata",), "no stratum has an account")
    return Frame(
        what=file.population.what,
        begins=begins,
        ends=ends,
        source=file.population.source,
        made=file.made,
        strata=tuple(strata[name] for name in sorted(strata)),
        sha256=document.sha256,
        file=document.file,
    )


def _stratum(document: Document, key: str, shape: _Stratum, folder: Path) -> Stratum:
    place: Place = ("strata", key)
    pairs = [_PAIR.fullmatch(part) for part in key.split(",")]
    named = {pair[1]: pair[2] for pair in pairs if pair}
    if len(named) != len(pairs):
        message = f"{quoted(key)} is no stratum"
        fix = "key=value, or several with commas: segment=pro,currency=usd"
        raise document.error("frame-stratum", place, message, fix)
    if shape.accounts < 0:
        message = f"{shape.accounts} accounts"
        raise document.error("frame-accounts", (*place, "accounts"), message, "a whole number")
    if not _DIGEST.fullmatch(shape.sha256):
        message = f"{quoted(shape.sha256)} is no SHA-256"
        fix = "64 hexadecimal digits in lower case: sha256sum FILE"
        raise document.error("frame-sha256", (*place, "sha256"), message, fix)
    if shape.ids is not None and (not shape.ids.strip() or Path(shape.ids).is_absolute()):
        message = f"{quoted(shape.ids)} is no file beside the frame"
        fix = "a name relative to the frame's folder, or leave it out"
        raise document.error("frame-ids", (*place, "ids"), message, fix)
    return Stratum(
        name=stratum_name(named),
        accounts=shape.accounts,
        sha256=shape.sha256,
        ids=None if shape.ids is None else folder / shape.ids,
        where=document.where(place),
    )


def _day(document: Document, place: Place) -> date:
    text = document.at(place)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # named below, as any other
    message = f"{quoted(text)} is no date"
    raise document.error("frame-window", place, message, "a day such as 2026-03-02, in UTC")


def missing_list(stratum: Stratum) -> InputError:
    """That a stratum's list of ids is not there to be drawn from."""
    if stratum.ids is None:
        message = f"the frame names no list of the ids of {quoted(stratum.name)}"
    else:
        message = f"the list of the ids of {quoted(stratum.name)} is not there"
    fix = "put the list beside the frame and name it as `ids`; it need not be committed"
    return InputError("frame-ids-missing", message, stratum.where, fix)

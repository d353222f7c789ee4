"""Reading rulings from their files, each strictly and each on its own.

A ruling that is wrong in any way is refused and covers nothing; the gate closes by the name of
what is wrong with it, and the good rulings beside it still count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

from harness.clause import RACE, Clause, ClauseReader, Literal, Value
from harness.correction import corrected
from harness.document import Document, Place, read_document
from harness.errors import InputError
from harness.expression import NAMES, Expression, parse_expression
from harness.model import ABSENT
from harness.names import hint
from harness.ownership import UNHANDLED
from harness.ruling import OF_SUBJECTS, Bulk, Ruling, RulingClass, Scope
from harness.ruling_shape import HarmShape, LossShape, RulingShape
from harness.schema import convert
from harness.text import quoted

MOST_CLAUSES: Final = 12

ID: Final = re.compile(r"R-[a-z0-9][a-z0-9.-]{0,79}")
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
CELL: Final = re.compile(r"[a-z0-9][a-z0-9._-]*#(0|[1-9]\d*)")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
SHARE: Final = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,8})")
_SIGNED: Final = ("title", "reason", "ticket", "owner", "approver", "created", "expires")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a ruling may name: the control's paths and quirks, and decision records that exist."""

    paths: frozenset[str]
    quirks: frozenset[str]
    decisions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What a folder of rulings gives: the good ones, and why each of the others is refused."""

    good: tuple[Ruling, ...]
    refused: tuple[InputError, ...] = ()


def decision_records(root: Path) -> frozenset[str]:
    """The decision records below a project's root, as rulings name them."""
    found = (root / "docs" / "decisions").glob("[0-9][0-9][0-9][0-9]-*.md")
    return frozenset(path.relative_to(root).as_posix() for path in found if path.is_file())


def read_rulings(folder: Path, known: Known) -> Rulings:
    """Read every `*.yaml` of a folder, in the order of their names; a missing folder has none."""
    good: dict[str, Ruling] = {}
    refused: list[InputError] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            ruling = read_ruling(read_document(path), known)
            if ruling.id in good:
                message = f"{quoted(ruling.id)} stands in {good[ruling.id].where} too"
                raise InputError("ruling-doubled", message, ruling.where, "rename one of them")
            good[ruling.id] = ruling
        except InputError as error:
            refused.append(error)
    return Rulings(good=tuple(good.values()), refused=tuple(refused))


def read_ruling(document: Document, known: Known) -> Ruling:
    """Read one ruling.

    Raises:
        InputError: anything is missing, unknown, malformed, blank, or wider than a ruling may be.
    """
    return corrected(document, partial(_ruling, known=known))


def _ruling(document: Document, *, known: Known) -> Ruling:
    reader = _Reader(document, convert(document, (), RulingShape), known)
    reader.check_signed()
    reader.check_class()
    reader.check_reach()
    file = reader.file
    harm, loss = file.harm, file.loss
    return Ruling(
        id=file.id,
        klass=RulingClass(file.klass),
        quirk=file.quirk,
        quirks={cell: quirk for quirk, _, cell in reader.listed() if quirk},
        decision=file.decision,
        title=file.title,
        reason=file.reason,
        ticket=file.ticket,
        owner=file.owner,
        approver=file.approver,
        created=reader.day("created"),
        expires=reader.day("expires"),
        scope=reader.scope(),
        expect=reader.clauses(),
        cells=tuple(cell for _, _, cell in reader.listed()),
        subjects=file.subjects,
        bulk=reader.bulk(),
        harm=harm.acknowledged if isinstance(harm, HarmShape) else "",
        loss=loss.acknowledged if isinstance(loss, LossShape) else "",
        max_loss=reader.max_loss(),
        where=document.where(),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file's checks; each refuses with the slug that the gate will show."""

    document: Document
    file: RulingShape
    known: Known

    def error(self, slug: str, place: Place, message: str, advice: str = "") -> InputError:
        return self.document.error(f"ruling-{slug}", place, message, advice)

    def among(self, slug: str, place: Place, name: str, names: Iterable[str]) -> None:
        self.named(place, name)
        allowed = frozenset(names)
        if name not in allowed:
            raise self.error(slug, place, f"unknown: {quoted(name)}", hint(name, allowed))

    def named(self, place: Place, name: str) -> None:
        """One thing is named, not any number of them."""
        if "*" in name:
            raise self.error("wildcard", place, f"{quoted(name)} is a wildcard", "name each one")

    def check_signed(self) -> None:
        """Nothing that a person has to fill in is blank."""
        file = self.file
        texts = {name: getattr(file, name) for name in ("id", *_SIGNED)}
        texts["class"] = file.klass
        for part, acknowledged in (("harm", file.harm), ("loss", file.loss)):
            if not isinstance(acknowledged, str):
                texts[part] = acknowledged.acknowledged
        blank = [name for name, text in texts.items() if not text.strip()]
        if blank:
            message = f"blank: {', '.join(blank)}"
            raise self.error("incomplete", (blank[0],), message, "a person completes and signs it")
        if not ID.fullmatch(file.id):
            raise self.error("id", ("id",), f"{quoted(file.id)} is no id", "R-short-name")
        if self.day("expires") < self.day("created"):
            raise self.error("malformed-date", ("expires",), "expires before it is created")

    def day(self, key: str) -> date:
        text = getattr(self.file, key)
        try:
            if DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        message = f"{quoted(text)} is no date"
        raise self.error("malformed-date", (key,), message, "write 2026-03-02")

    def check_class(self) -> None:
        file, known = self.file, self.known
        self.among("class", ("class",), file.klass, RulingClass)
        klass = RulingClass(file.klass)
        by_quirk = isinstance(file.cells, Mapping)
        if by_quirk and klass is not RulingClass.CONTROL_BUG:
            message = f"the class {klass} has no quirks to list cells under"
            raise self.error("cell", ("cells",), message, "write cells: [scenario#1]")
        if by_quirk:
            for quirk in file.cells:
                self.among("no-quirk", ("cells", quirk), quirk, known.quirks)
        if file.quirk or (klass is RulingClass.CONTROL_BUG and not by_quirk):
            self.among("no-quirk", ("quirk",), file.quirk, known.quirks)
        if klass is RulingClass.INTENDED_CHANGE or file.decision:
            self.among("no-decision", ("decision",), file.decision, known.decisions)

    def check_reach(self) -> None:
        """Which cells, or which subjects; never none and never both."""
        file = self.file
        if file.klass in OF_SUBJECTS:
            wrong = [key for key in ("scope", "expect", "cells", "bulk") if getattr(file, key)]
            if wrong or not file.subjects:
                message = f"the class {file.klass} has subjects and nothing else"
                raise self.error("subjects", (*wrong[:1],), message)
            for number, subject in enumerate(file.subjects):
                self.named(("subjects", number), subject)
            return
        if file.subjects:
            raise self.error("subjects", ("subjects",), f"the class {file.klass} has none")
        if not any(self.listed()) and file.bulk is None:
            raise self.error("no-cells", (), "it lists no cell and is not valid in bulk")
        for _, place, cell in self.listed():
            self.check_cell(place, cell)
        cells = [cell for *_, cell in self.listed()]
        if len(set(cells)) < len(cells):
            raise self.error("cell", ("cells",), "a cell is listed twice")

    def listed(self) -> Iterator[tuple[str, Place, str]]:
        """The cells: the quirk that each shows, its place in the file, its id."""
        cells = self.file.cells
        by_quirk = cells if isinstance(cells, Mapping) else {"": cells}
        for quirk, group in by_quirk.items():
            place: Place = ("cells", quirk) if quirk else ("cells",)
            for number, cell in enumerate(group):
                yield quirk or self.file.quirk, (*place, number), cell

    def check_cell(self, place: Place, cell: str) -> None:
        self.named(place, cell)
        if not CELL.fullmatch(cell):
            raise self.error("cell", place, f"{quoted(cell)} is no cell", "write scenario#1")
        if cell.endswith("#0"):
            message = "what was given and repaired at the first look needs no ruling"
            raise self.error("cell", place, message, "take the cell out")

    def scope(self) -> Scope | None:
        if self.file.klass in OF_SUBJECTS:
            return None
        scope = self.file.scope
        if scope is None:
            raise self.error("no-scope", (), "the key 'scope' is missing")
        for key in ("paths", "segments"):
            if not getattr(scope, key):
                raise self.error("wildcard", ("scope", key), "an empty list", "name each one")
        for number, segment in enumerate(scope.segments):
            self.named(("scope", "segments", number), segment)
        if self.file.bulk is not None and not scope.when:
            message = "in bulk, a ruling holds under conditions only"
            raise self.error("too-broad", ("scope",), message, "add conditions in scope.when")
        reader = ClauseReader(self.document, each=bool(scope.each))
        return Scope(
            paths=self.paths(scope.paths),
            segments=scope.segments,
            each=scope.each,
            ids=self.ids(scope.each),
            when=tuple(
                reader.expression(("scope", "when", number), text)
                for number, text in enumerate(scope.when)
            ),
        )

    def paths(self, listed: tuple[str, ...]) -> frozenset[str]:
        known = {*self.known.paths, UNHANDLED}
        for number, path in enumerate(listed):
            self.among("unknown-path", ("scope", "paths", number), path, known)
        return frozenset(listed)

    def ids(self, each: str) -> Expression | None:
        """An expression for `each`, unless it is a plain name that is looked up."""
        if not each or (_NAME.fullmatch(each) and each not in NAMES):
            return None
        return parse_expression(each, self.document.where(("scope", "each")))

    def clauses(self) -> tuple[Clause, ...]:
        file = self.file
        if file.klass in OF_SUBJECTS:
            return ()
        if not 1 <= len(file.expect) <= MOST_CLAUSES:
            message = f"{len(file.expect)} clauses; at least 1, at most {MOST_CLAUSES}"
            raise self.error("clauses", ("expect",), message, "one ruling has one cause")
        reader = ClauseReader(self.document, each=bool(file.scope and file.scope.each))
        clauses = []
        for number, clause in enumerate(file.expect):
            place: Place = ("expect", number)
            self.named((*place, "at"), clause.at)
            clauses.append(reader.clause(place, clause.at, clause.control, clause.candidate))
        if len({(clause.facet, clause.steps) for clause in clauses}) < len(clauses):
            raise self.error("clauses", ("expect",), "two clauses pin the same field")
        if file.klass == RulingClass.RACE_REMOVED and not all(map(_vanished, clauses)):
            message = "race-removed covers ends of a race that vanished, and nothing else"
            raise self.error("race", ("expect",), message, "candidate: {absent: true}")
        return tuple(clauses)

    def max_loss(self) -> dict[str, int]:
        loss = self.file.loss
        if not isinstance(loss, LossShape):
            return {}
        if not loss.max or min(loss.max.values()) < 1:
            message = "a loss has a largest amount above 0 for each currency"
            raise self.error("loss", ("loss", "max"), message, "write max: {usd: 1200}")
        return loss.max

    def bulk(self) -> Bulk | None:
        bulk = self.file.bulk
        if bulk is None:
            return None
        found = SHARE.fullmatch(bulk.max_share)
        share = Fraction(int(found[1]), int(found[2])) if found else Fraction(0)
        if not 0 < share <= 1 or bulk.max_accounts < 1:
            message = "max_share is a fraction up to 1, max_accounts at least 1"
            raise self.error("bulk", ("bulk",), message, "write max_share: 1/50")
        return Bulk(max_share=share, max_accounts=bulk.max_accounts)


def _vanished(clause: Clause) -> bool:
    return clause.facet == RACE and _gone(clause.candidate) and not _gone(clause.control)


def _gone(value: Value) -> bool:
    return isinstance(value, Literal) and value.data is ABSENT

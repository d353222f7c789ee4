"""Rulings as data for the page: who signed what, its clauses in words, the cells it covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from harness.clause import Before, Changed, Clause, Computed, Literal, Row, Table, Value
from harness.model import Cell
from harness.report.json_report import Json
from harness.report.page.link import link, place
from harness.ruling import Ruling
from harness.values import EVERY, brief, last_name


class Covered(NamedTuple):
    """A cell that a ruling covers; `repeats` where it shows the differences only once more."""

    cell: str
    repeats: bool


def ruling_documents(rulings: Mapping[str, Ruling], cells: Iterable[Cell]) -> list[Json]:
    """All rulings by id, each with the cells that it covers or lists."""
    ran: set[str] = set()
    covered: dict[str, list[Covered]] = {name: [] for name in rulings}
    for cell in cells:
        ran.add(cell.episode.id)
        own = {difference.ruling for difference in cell.differences if not difference.repeat}
        for name in cell.rulings:
            covered.setdefault(name, []).append(Covered(cell.episode.id, name not in own))
    return [_document(ruling, covered[name], ran) for name, ruling in sorted(rulings.items())]


def _document(ruling: Ruling, covered: Sequence[Covered], ran: set[str]) -> Json:
    repeats = {one.cell: one.repeats for one in covered}
    scope = ruling.scope
    return {
        "id": ruling.id,
        "title": ruling.title,
        "reason": ruling.reason,
        "class": str(ruling.klass),
        "causes": list(ruling.causes),
        "covers": len(covered),
        "owner": ruling.owner,
        "approver": ruling.approver,
        "expires": str(ruling.expires),
        "signed": [
            ("ticket", ruling.ticket),
            ("created", str(ruling.created)),
            ("harm", ruling.harm or "none"),
            ("loss", _loss(ruling)),
            ("bulk", _bulk(ruling)),
            ("file", place(ruling.where)),
        ],
        "scope": [
            ("paths", sorted(scope.paths)),
            ("segments", list(scope.segments)),
            ("each", [scope.each] if scope.each else []),
            ("when", [condition.text for condition in scope.when]),
        ]
        if scope is not None
        else [],
        "clauses": [_clause(clause) for clause in ruling.expect],
        "subjects": list(ruling.subjects),
        "cells": [
            {
                "id": name,
                "quirk": ruling.quirks.get(name, ""),
                "href": link(open=name.partition("#")[0], at=name) if name in ran else "",
                "repeats": repeats.get(name, False),
                "note": _note(name, repeats, ruling, ran),
            }
            for name in sorted({*repeats, *ruling.cells}, key=_by_number)
        ],
    }


def _by_number(cell: str) -> tuple[str, int]:
    scenario, _, number = cell.partition("#")
    return scenario, int(number) if number.isdecimal() else 0


def _note(name: str, repeats: Mapping[str, bool], ruling: Ruling, ran: set[str]) -> str:
    """What is to be said of a cell that is not both listed and covered; repeats are not listed."""
    if name not in ran:
        return "listed, and not in this run"
    if name not in repeats:
        return "listed, and not matched"
    return "" if name in ruling.cells or repeats[name] else "covered, and not listed"


def _loss(ruling: Ruling) -> str:
    if not ruling.loss:
        return "none"
    most = ", ".join(f"{currency} {n}" for currency, n in sorted(ruling.max_loss.items()))
    return f"{ruling.loss} At most {most or 'nothing'}."


def _bulk(ruling: Ruling) -> str:
    if ruling.bulk is None:
        return "none but these cells"
    return f"at most {ruling.bulk.max_share} and {ruling.bulk.max_accounts} accounts"


def _clause(clause: Clause) -> Json:
    name = last_name(clause.at)
    return {
        "at": clause.at,
        "control": in_words(clause.control, name),
        "candidate": in_words(clause.candidate, name),
    }


def in_words(value: Value, name: str) -> str:
    """What a side must have, as a ruling's file says it."""
    match value:
        case Literal(data=data):
            return brief(data, name=name, most=EVERY)
        case Before():
            return "as before"
        case Computed(expression=expression):
            return f"is {expression.text}"
        case Changed(expression=expression, adds=adds):
            return f"as before, {'plus' if adds else 'minus'} {expression.text}"
        case Table(entries=entries):
            parts = (f"{key}: {in_words(part, key)}" for key, part in entries)
            return f"{{{', '.join(parts)}}}"
        case Row(items=items):
            return f"[{', '.join(in_words(item, name) for item in items)}]"
    return f"a {type(value).__name__}"  # a form that nobody has put into words yet

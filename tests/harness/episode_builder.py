"""Small episodes and rulings to judge: only what a test is about is written out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from harness.adjudicate import adjudicate
from harness.difference import differences
from harness.document import parse_document
from harness.model import FACETS, Cell, Class, Difference, Episode, Observation
from harness.ruling import Ruling
from harness.ruling_files import Known, read_ruling

KNOWN = Known(
    paths=frozenset({"api.pay", "webhook.paid", "cron.ban"}),
    quirks=frozenset({"Q01", "Q14"}),
    decisions=frozenset({"docs/decisions/0007-term.md"}),
)
BEFORE = {
    "db": {"flag": True, "since": 100},
    "invoices": {"in_1": {"status": "open", "due": 6000}, "in_2": {"status": "open", "due": 40}},
    "open": {"ids": ["in_1", "in_2"]},
}
HEAD = {
    "id": "R-flag",
    "class": "control-bug",
    "quirk": "Q14",
    "title": "The flag stays",
    "reason": "Paying does not lift it.",
    "ticket": "bad-debt",
    "owner": "team-a",
    "approver": "team-b",
    "created": "2026-03-02",
    "expires": "2026-08-01",
}


def flag(value: Any) -> dict[str, Any]:
    """Books in which the flag has this value."""
    return {"books": {**BEFORE, "db": {**BEFORE["db"], "flag": value}}}


def facets(**given: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {facet: {} for facet in FACETS}
    return {**empty, "books": BEFORE, **given}


def episode(
    control: Mapping[str, Any] | None = None,
    candidate: Mapping[str, Any] | None = None,
    *,
    id: str = "s#1",
    paths: tuple[str, ...] = ("api.pay",),
    owners: Mapping[str, tuple[str, ...]] | None = None,
    repeats: Mapping[str, str] | None = None,
    **fields: Any,
) -> Episode:
    """An episode of two observations; `owners` and `repeats` go by the difference's path."""
    left, right = facets(**(control or {})), facets(**(candidate or {}))
    found = tuple(
        structs.replace(
            one,
            owners=(owners or {}).get(one.path, paths),
            origin=(repeats or {}).get(one.path, ""),
        )
        for one in differences(left, right)
    )
    base: dict[str, Any] = {
        "id": id,
        "scenario": id.partition("#")[0],
        "act": "api.pay",
        "at": 1000,
        "paths": paths,
        "control": Observation(facets=left),
        "candidate": Observation(facets=right),
        "before": BEFORE,
        "scope": {
            "before": BEFORE,
            "trigger": {"name": "api.pay", "invoice": "in_1"},
            "truth": {"owes": {"usd": 0}, "invoices": {"in_1": 0, "in_2": 0}},
            "now": 1000,
        },
        "stratum": {"segment": "pro", "currency": "usd"},
        "differences": found,
        "klass": Class.REPAIR,
    }
    return Episode(**{**base, **fields})


def flagged(**fields: Any) -> Episode:
    """The control leaves the flag, the candidate lifts it."""
    return episode(flag(True), flag(False), **fields)


def race(
    vanished: Mapping[str, Any], appeared: Mapping[str, Any] | None = None, **fields: Any
) -> Episode:
    """A race some of whose ends only one engine comes to."""
    return episode({"race": dict(vanished)}, {"race": dict(appeared or {})}, **fields)


FLAG = {"at": "books.db.flag", "control": True, "candidate": False}


def ruling_text(**keys: Any) -> str:
    """A ruling's file; a key whose value is None is left out. JSON is YAML."""
    scope = keys.pop("scope", {})
    if scope is not None:
        scope = {"paths": ["api.pay"], "segments": ["pro"], **scope}
    whole = {**HEAD, "scope": scope, "expect": [FLAG], "cells": ["s#1"], **keys}
    return json.dumps({key: value for key, value in whole.items() if value is not None}, indent=1)


def ruling(**keys: Any) -> Ruling:
    return read_ruling(parse_document(ruling_text(**keys).encode(), "r.yaml"), KNOWN)


def judged(of: Episode, *rulings: Ruling, earlier: Sequence[Cell] = ()) -> Cell:
    return adjudicate(of, rulings, {cell.episode.id: cell for cell in earlier})


def slugs(cell: Cell) -> list[str]:
    return [finding.slug for finding in cell.findings]


def by_path(cell: Cell) -> dict[str, Difference]:
    return {one.path: one for one in cell.differences}

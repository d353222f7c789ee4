"""Precedents: what is judged once for many is told by nothing that was withheld."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.bulk.line import read_line
from harness.bulk.precedent import Nothing, Precedents, Withheld
from harness.compose import compose
from harness.court import Court
from harness.kept.control import noted
from harness.kept.form import form_of
from harness.kept.packing import Kept, packed, unpacked
from harness.model import Cell, Episode
from harness.moment import today
from harness.ruling import Rulings
from tests.harness.line_desk import account, desk

AGREEING, DIFFERING = 1, 3


class Found:
    """Accounts of the desk as they are found kept, and the precedents of its court."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        desk(folder, patch, b"")
        self.composition = compose(None, ())
        self.setup = self.composition.setup()
        self.court = self.composition.court(today(self.composition.config.root))

    def kept(self, number: int, **others: Any) -> Kept:
        content = json.dumps({**account(number), **others}, separators=(",", ":")).encode()
        scenario = read_line(content, f"desk-{number}", self.composition.vocabulary)
        return unpacked(packed(form_of(noted(self.setup, scenario)[0])))

    def by(self, court: Court) -> Precedents:
        return Precedents(court, replace(self.setup, digests=False))


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Found:
    return Found(tmp_path, monkeypatch)


ASKED: tuple[Callable[[Any], object], ...] = (
    bool, len, iter, str, repr, hash, int, format,
    lambda one: one.anything,
    lambda one: one["field"],
    lambda one: one(),
    lambda one: one == 1,
    lambda one: one != 1,
    lambda one: one < 1,
    lambda one: "field" in one,
    lambda one: isinstance(one, dict),
)  # fmt: skip


@pytest.mark.parametrize("ask", ASKED)
def test_what_is_withheld_answers_nothing(ask: Callable[[Any], object]) -> None:
    with pytest.raises(Withheld):
        ask(Nothing())


def test_who_looks_through_all_objects_meets_nothing_that_was_withheld(found: Found) -> None:
    assert found.by(found.court).of(found.kept(AGREEING), "desk-1") is not None

    assert not [one for one in gc.get_objects() if issubclass(type(one), Nothing)]


def test_an_account_that_agrees_is_counted_by_precedent(found: Found) -> None:
    agreed = found.by(found.court).of(found.kept(AGREEING), "desk-1")

    assert agreed is not None
    assert agreed.kind == "simulated"
    assert [{key.outcome for key in cell} for cell in agreed.cells] == [{"AGREE"}] * 2


def test_two_accounts_that_are_alike_are_judged_once(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    after = Court.judged_after

    def noting(self: Court, episode: Episode, earlier: Mapping[str, Cell]) -> Cell:
        judged.append(episode.id)
        return after(self, episode, earlier)

    monkeypatch.setattr(Court, "judged_after", noting)
    precedents = found.by(found.court)
    first = precedents.of(found.kept(1), "desk-1")
    before = len(judged)

    assert precedents.of(found.kept(2), "desk-2") == first is not None
    assert len(judged) == before > 0


ALONE: tuple[tuple[int, dict[str, Any]], ...] = (
    (DIFFERING, {}),
    (AGREEING, {"then": {"customer": {"blocked": True}}}),
)


@pytest.mark.parametrize(("number", "others"), ALONE)
def test_a_difference_or_a_run_that_is_not_kept_is_judged_by_itself(
    found: Found, number: int, others: dict[str, Any]
) -> None:
    assert found.by(found.court).of(found.kept(number, **others), "desk-1") is None


def test_where_a_fault_is_listed_an_account_is_judged_by_itself(found: Found) -> None:
    kept = found.kept(AGREEING)
    (kind, _, *more), *rest = kept.front
    listing = kept._replace(front=((kind, ("Q1",), *more), *rest))

    assert found.by(found.court).of(listing, "desk-1") is None


@pytest.mark.parametrize(("bulk", "cells"), [(True, ()), (None, ("desk-1#1",))])
def test_where_a_ruling_is_tried_an_account_is_judged_by_itself(
    found: Found, bulk: object, cells: tuple[str, ...]
) -> None:
    ruling: Any = SimpleNamespace(id="R-1", bulk=bulk, cells=cells)
    court = replace(found.court, rulings=Rulings([ruling]))
    free = replace(found.court, rulings=Rulings())

    assert found.by(free).of(found.kept(AGREEING), "desk-1") is not None
    assert found.by(court).of(found.kept(AGREEING), "desk-1") is None


LOOKS: tuple[Callable[[Episode, Mapping[str, Cell]], object], ...] = (
    lambda one, _: one.before["books"],
    lambda one, _: one.scope.get("now"),
    lambda one, _: one.stratum.get("segment"),
    lambda one, _: one.at > 0,
    lambda one, _: bool(one.state),
    lambda one, _: one.deferrals[0],
    lambda one, _: one.control and one.control.reasons[0],
    lambda one, _: one.candidate and one.candidate.facets["customer"],
    lambda one, earlier: earlier.get(one.id),
)


@pytest.mark.parametrize("look", LOOKS)
def test_a_judge_who_asks_for_more_sets_no_precedent(
    found: Found,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[Episode, Mapping[str, Cell]], object],
) -> None:
    after = Court.judged_after

    def asking(self: Court, episode: Episode, earlier: Mapping[str, Cell]) -> Cell:
        look(episode, earlier)
        return after(self, episode, earlier)

    monkeypatch.setattr(Court, "judged_after", asking)

    assert found.by(found.court).of(found.kept(AGREEING), "desk-1") is None

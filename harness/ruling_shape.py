"""The keys of a ruling's file and the types of their values; nothing here says what they mean."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from harness.schema import Strict


class ScopeShape(Strict, frozen=True):
    paths: tuple[str, ...]
    segments: tuple[str, ...]
    each: str = ""
    when: tuple[str, ...] = ()


class ClauseShape(Strict, frozen=True):
    at: str
    control: Any
    candidate: Any


class BulkShape(Strict, frozen=True):
    max_share: str
    max_accounts: int


class HarmShape(Strict, frozen=True):
    acknowledged: str


class LossShape(Strict, frozen=True):
    acknowledged: str
    max: dict[str, int]


class RulingShape(Strict, frozen=True):
    id: str
    klass: str = msgspec.field(name="class")
    title: str
    reason: str
    ticket: str
    owner: str
    approver: str
    created: str
    expires: str
    quirk: str = ""
    decision: str = ""
    scope: ScopeShape | None = None
    expect: tuple[ClauseShape, ...] = ()
    cells: tuple[str, ...] | dict[str, tuple[str, ...]] = ()
    subjects: tuple[str, ...] = ()
    bulk: BulkShape | None = None
    harm: Literal["none"] | HarmShape = "none"
    loss: Literal["none"] | LossShape = "none"

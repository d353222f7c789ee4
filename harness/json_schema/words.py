"""What every key of a scenario and of a ruling means, for those who write them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FIELDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ScenarioShape": {
            "id": "The file's name without `.yaml`. Its cells: `id#0` (the look), `id#1`, …",
            "title": "One sentence: what happens, and what goes wrong.",
            "provenance": "Where the scenario comes from.",
            "given": "The world before anything happens; what is not written takes a default.",
            "when": "What happens, in the order of its times, none before `given.now`.",
            "assume": "Recorded scenarios only: what a person assumes of stores named in"
            " `given.unknown`. It counts as an assumption wherever the scenario is evidence.",
            "family": "The situation it belongs to; scenarios of one family are read together.",
            "ticket": "The work that it was written for.",
            "deliverable": "The delivery that it must hold in.",
            "faults": "The control's numbered faults that must show here; one that does not is"
            " an error.",
            "then": "What is true at the end, written by hand before either side is looked at. It"
            " is compared with truth and with the candidate's own run, never made from them.",
            "observed": "Recorded scenarios only: what was seen after each episode, the look"
            " first; the control must show the same.",
        },
        "ProvenanceShape": {
            "kind": "How it came to be; decides what else the file needs.",
            "source": "The text, recording or run it was taken from, so that somebody finds it.",
            "order": "How the order of its events is known.",
            "recorded": "Recorded scenarios only: the day of the newest event, in UTC; one without"
            " it counts as too old.",
        },
        "ThenShape": {
            "truth": "What is truly so, whatever any store says. Names that are not written are"
            " not compared.",
            "customer": "What the customer experiences. Names that are not written are not"
            " compared.",
            "moot": "Acts that may make no sense in the candidate's world, as `act#episode`;"
            " listing one that does make sense is an error.",
            "excused": "Invariant → why the candidate may break it here; one that holds anyway is"
            " an error.",
            "after": "What holds on the way: number of an episode → truth and customer after it.",
        },
        "PointShape": {
            "truth": "What is truly so after this episode.",
            "customer": "What the customer experiences after this episode.",
        },
        "Item": {
            "at": "When: `+1d12h` after `given.now` (units w d h m s), or ISO with a zone.",
            "hold": "Event type → time: events of this item are held back, and each is handed over"
            " at its time, as an episode of its own. Counts from `given.now`, after `at`.",
            "act": "What somebody does; its arguments stand beside it.",
            "deliver": "Type of an event that was emitted before and is handed over once more.",
            "of": "Id of the object whose event is meant; left out, the latest of that type.",
            "webhook": "Type of an event that is not this world's own.",
            "object": "The object that the event carries, whole.",
            "replaces": "Recorded scenarios: the object takes the place of the world's own.",
            "together": "Two items or more at one time; every order that can matter is replayed.",
        },
        "RulingShape": {
            "id": "`R-` and a short name.",
            "class": "Why the difference is accepted; decides what else the file needs.",
            "title": "One sentence: what differs.",
            "reason": "Why the candidate is right, for somebody who reads only this.",
            "ticket": "The work in which it was decided.",
            "owner": "Who answers for it.",
            "approver": "Who signed it; one of the gate's approvers, and not the owner.",
            "created": "The first day on which it holds, as 2026-03-02.",
            "expires": "The last day on which it holds; it is decided anew before then.",
            "quirk": "The one fault of the control behind it, cells it does not list included.",
            "decision": "File of the decision record, as docs/decisions/0007-name.md.",
            "scope": "Where it holds at all, judged from the state before the act.",
            "expect": "Every field that may differ, with its exact value on each side.",
            "cells": "The cells it covers, no more and no fewer: a list, or quirk → list.",
            "subjects": "Ids of branches or mutants, for the classes that accept those.",
            "bulk": "How far it reaches beyond its cells; left out, it does not.",
            "harm": "`none`, or why the customer may be worse off than under the control.",
            "loss": "`none`, or why the company may lose, and how much at most.",
        },
        "ScopeShape": {
            "paths": "Paths of the control; it holds where none but these ran.",
            "segments": "Segments of the account, each by name.",
            "each": "What `$i` stands for: a name, or an expression that gives ids.",
            "when": "Conditions over `before`, `truth` and `now`; all of them hold.",
        },
        "ClauseShape": {
            "at": "The field, as `books.store.key`; `$i` stands for each id of `scope.each`.",
            "control": "Its value under the control: a literal, `{is: before}`, `{is: …}`,"
            " `{absent: true}`, `{unchanged: true}`, `{plus: $i}` or `{minus: $i}`.",
            "candidate": "Its value under the candidate, written the same way.",
        },
        "BulkShape": {
            "max_share": "Of the accounts whose cells ran its paths, an exact share such as 1/50.",
            "max_accounts": "Accounts that may differ under it.",
        },
        "HarmShape": {"acknowledged": "Why the customer may be worse off."},
        "LossShape": {
            "acknowledged": "Why the company may lose.",
            "max": "Currency → the most it may lose, in minor units.",
        },
    }
)
"""Struct → key → what it means. Items of `when` share one table, whatever their form."""

VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ProvenanceShape.kind": {
            "curated": "Written by hand; needs a `then`.",
            "recorded": "Made of what was recorded elsewhere.",
            "simulated": "Made by a simulation.",
            "found": "Found by a search.",
        },
        "ProvenanceShape.order": {
            "listed": "The order in which they are listed.",
            "recorded": "The order in which they were recorded.",
            "assumed": "Nobody recorded it.",
        },
        "RulingShape.class": {
            "control-bug": "The control is wrong; names its quirk.",
            "intended-change": "The candidate does otherwise on purpose; names a decision record.",
            "race-removed": "An end of a race that the candidate no longer has.",
            "retired-field": "A field that nobody reads any more.",
            "dead-branch": "Code of the control that nothing can reach; lists subjects.",
            "equivalent-mutant": "A mutant that changes nothing; lists subjects.",
        },
    }
)
"""`Struct.key` → value → what it means."""

EXAMPLES: Final[Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "ScenarioShape.id": ("late-and-paid",),
        "ScenarioShape.title": ("What happens, and what goes wrong",),
        "ThenShape.moot": (["api.pay#2"],),
        "Item.at": ("+1h", "+1d12h", "2026-03-02T10:00:00Z"),
        "Item.hold": ({"event.type": "+3d"},),
        "RulingShape.id": ("R-paid-debt-stays-flagged",),
        "RulingShape.created": ("2026-03-02",),
        "RulingShape.cells": (["late-and-paid#1"], {"Q12": ["late-and-paid#1"]}),
        "RulingShape.loss": ("none", {"acknowledged": "why", "max": {"usd": 1200}}),
        "ClauseShape.at": ("books.enforcement.block",),
        "BulkShape.max_share": ("1/50",),
    }
)
"""`Struct.key` → values that can stand there."""

"""Reading one scenario file: strict, and each complaint with its file, line and place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from harness.correction import corrected
from harness.document import Document, Place, read_document
from harness.names import Hint, hint
from harness.ports import Kit, World
from harness.recorded import observed_of, with_assumed
from harness.scenario import (
    Item,
    Provenance,
    ProvenanceKind,
    Scenario,
    Then,
    ordered_episodes,
)
from harness.schema import Strict, convert, given_error, unknown_name
from harness.text import quoted
from harness.when import When

Names = Mapping[str, Mapping[str, Any]]
"""Facet → the names that `then` may use of it."""

ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class ProvenanceShape(Strict, frozen=True, kw_only=True):
    kind: ProvenanceKind
    source: str
    order: Literal["listed", "recorded", "assumed"] = "listed"


class ThenShape(Strict, frozen=True, kw_only=True):
    truth: dict[str, Any] = msgspec.field(default_factory=dict)
    customer: dict[str, Any] = msgspec.field(default_factory=dict)
    moot: tuple[str, ...] = ()
    excused: dict[str, str] = msgspec.field(default_factory=dict)
    after: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


class PointShape(Strict, frozen=True, kw_only=True):
    truth: dict[str, Any] = msgspec.field(default_factory=dict)
    customer: dict[str, Any] = msgspec.field(default_factory=dict)


class ScenarioShape(Strict, frozen=True, kw_only=True):
    id: str
    title: str
    provenance: ProvenanceShape
    given: dict[str, Any]
    when: tuple[dict[str, Any], ...]
    assume: dict[str, Any] | None = None
    family: str = ""
    ticket: str = ""
    deliverable: str = ""
    faults: tuple[str, ...] = ()
    then: dict[str, Any] | None = None
    observed: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names a scenario may use.

    Attributes:
        kit: knows `given`, the acts, and what `then` may name.
        quirks: what `faults` may name.
        invariants: what `then.excused` may name.
    """

    kit: Kit
    quirks: Collection[str] = ()
    invariants: Collection[str] = ()


def read_scenario(path: Path, vocabulary: Vocabulary) -> Scenario:
    """Read a scenario file.

    Raises:
        InputError: the file cannot be read or says something that cannot be; the first such thing.
    """
    return scenario_of(read_document(path), vocabulary)


def scenario_of(document: Document, vocabulary: Vocabulary) -> Scenario:
    """Read a scenario from a document.

    Raises:
        InputError: as `read_scenario`; with the corrected line where there is one.
    """
    return corrected(document, partial(_scenario, vocabulary=vocabulary))


def _scenario(document: Document, *, vocabulary: Vocabulary) -> Scenario:
    head = convert(document, (), ScenarioShape)
    _check_id(document, head.id)
    _check_faults(document, head.faults, vocabulary.quirks)
    if head.assume is not None:
        _check_recorded(document, "assume", head.provenance.kind)
    given, world = _given(document, vocabulary.kit, head.assume)
    when = When(document=document, kit=vocabulary.kit, now=world.now).items()
    then = None if head.then is None else _then(document, vocabulary, world, when)
    if head.provenance.kind == "curated" and not (then and (then.truth or then.customer)):
        place: Place = ("then",) if head.then is not None else ()
        message = "a curated scenario needs a then with truth or customer"
        raise document.error("then-missing", place, message, "write what is true at its end")
    if head.observed:
        _check_recorded(document, "observed", head.provenance.kind)
    specs = ordered_episodes(world.now, when)
    races = [spec.item is not None and spec.item.kind == "together" for spec in specs]
    return Scenario(
        id=head.id,
        title=head.title,
        family=head.family,
        ticket=head.ticket,
        deliverable=head.deliverable,
        provenance=Provenance(
            kind=head.provenance.kind, source=head.provenance.source, order=head.provenance.order
        ),
        faults=head.faults,
        given=given,
        now=world.now,
        when=when,
        then=then,
        observed=observed_of(document, head.observed, races=races),
        file=document.file,
        sha256=document.sha256,
        assumed=tuple(head.assume or ()),
    )


def _check_id(document: Document, id: str) -> None:
    if not ID.fullmatch(id):
        message = f"{quoted(id)} is no id"
        allowed = "lower-case letters, digits, '-', '_' and '.', at most 100"
        raise document.error("scenario-id", ("id",), message, allowed)
    stem = Path(document.file).stem
    if id != stem:
        message = f"{quoted(id)} is not the file's name {quoted(stem)}"
        equal = "make the two equal"
        fix = Hint.of(equal, id, stem) if ID.fullmatch(stem) else equal
        raise document.error("scenario-id", ("id",), message, fix)


def _check_faults(document: Document, faults: tuple[str, ...], known: Collection[str]) -> None:
    for number, fault in enumerate(faults):
        if fault not in known:
            raise unknown_name(document, ("faults", number), "quirk", fault, known)


def _check_recorded(document: Document, key: str, kind: str) -> None:
    if kind != "recorded":
        message = f"only a recorded scenario has it, this is {kind}"
        raise document.error(f"{key}-unrecorded", (key,), message)


def _given(document: Document, kit: Kit, assume: Mapping[str, Any] | None) -> tuple[Any, World]:
    """What is given, and the world made of it: only so can the kit object to what no world is."""
    given, world = _loaded(document, ("given",), kit, document.at(("given",)))
    if assume is None:
        return given, world
    # what was recorded has proven to be a world, so that any complaint is about what is assumed
    return _loaded(document, ("assume",), kit, with_assumed(document, kit, assume))


def _loaded(document: Document, place: Place, kit: Kit, data: Any) -> tuple[Any, World]:
    given: Any = convert(document, place, kit.Given, data=data)
    try:
        return given, kit.load(given)
    except Exception as error:
        complaint = given_error(document, place, error)
        if complaint is None:
            raise
        raise complaint from None


def _then(
    document: Document, vocabulary: Vocabulary, world: World, when: tuple[Item, ...]
) -> Then:
    then = convert(document, ("then",), ThenShape)
    specs = ordered_episodes(world.now, when)
    names = vocabulary.kit.expectable(world)
    _check_names(document, ("then",), names, {"truth": then.truth, "customer": then.customer})
    for invariant in then.excused:
        if invariant not in vocabulary.invariants:
            known = vocabulary.invariants
            place = ("then", "excused", invariant)
            raise unknown_name(document, place, "invariant", invariant, known)
    acts = [f"{spec.label}#{spec.index}" for spec in specs]
    for number, moot in enumerate(then.moot):
        if moot not in acts:
            message = f"{quoted(moot)} is no act of this scenario"
            raise document.error("then-moot", ("then", "moot", number), message, hint(moot, acts))
    return Then(
        truth=then.truth,
        customer=then.customer,
        moot=then.moot,
        excused=then.excused,
        after=_after(document, names, tuple(then.after), len(specs)),
    )


def _after(document: Document, names: Names, keys: tuple[str, ...], count: int) -> dict[int, Then]:
    """Points on the way: episode number → what holds after it."""
    after: dict[int, Then] = {}
    for key in keys:
        place = ("then", "after", key)
        if key not in map(str, range(count)):
            message = f"{quoted(key)} is no episode, they are numbered 0 to {count - 1}"
            raise document.error("then-after", place, message)
        point = convert(document, place, PointShape)
        _check_names(document, place, names, {"truth": point.truth, "customer": point.customer})
        after[int(key)] = Then(truth=point.truth, customer=point.customer)
    return after


def _check_names(
    document: Document, place: Place, names: Names, said: Mapping[str, Mapping[str, Any]]
) -> None:
    for facet, values in said.items():
        known = names.get(facet, {})
        for name in values:
            if name not in known:
                named = (*place, facet, name)
                raise unknown_name(document, named, f"{facet} field", name, known)

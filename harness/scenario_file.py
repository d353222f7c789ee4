"""Reading one scenario file: strict, and each complaint with its file, line and place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from harness.correction import corrected
from harness.document import Document, Place, read_document
from harness.moment import day_of
from harness.names import Hint
from harness.ports import Kit, World
from harness.recorded import ECHO_SECONDS, observed_of, with_assumed
from harness.scenario import (
    EpisodeSpec,
    Item,
    Provenance,
    ProvenanceKind,
    Scenario,
    ordered_episodes,
)
from harness.schema import Strict, convert, given_error, unknown_name
from harness.text import quoted, visible
from harness.then import ThenReader
from harness.when import When

ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
FILLED: Final[Mapping[Place, str]] = {
    ("title",): "one sentence: what happens, and what goes wrong",
    ("provenance", "source"): "the ticket, text or recording that it was taken from",
}
"""Texts that may not be blank → what to write."""

UNWRITTEN: Final = ("…", "...", "TODO", "???")
WRITTEN: Final = frozenset({"title", "family", "ticket", "deliverable", "provenance", "then"})
"""Keys below which nothing may stand for what is not written yet."""

ID_FORM: Final = "lower-case letters, digits, '-', '_' and '.', at most 100"


class ProvenanceShape(Strict, frozen=True, kw_only=True):
    kind: ProvenanceKind
    source: str
    order: Literal["listed", "recorded", "assumed"] = "listed"
    recorded: date | None = None


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
    _check_written(document)
    _check_faults(document, head.faults, vocabulary.quirks)
    if head.assume is not None:
        _check_recorded(document, "assume", head.provenance.kind)
    given, world = _given(document, vocabulary.kit, head.assume)
    when = When(document=document, kit=vocabulary.kit, now=world.now).items()
    _check_first(document, vocabulary.kit, world, when)
    specs = ordered_episodes(world.now, when)
    reader = ThenReader(
        document=document,
        kit=vocabulary.kit,
        world=world,
        specs=specs,
        invariants=vocabulary.invariants,
    )
    then = None if head.then is None else reader.then()
    if head.provenance.kind == "curated" and not (then and (then.truth or then.customer)):
        place: Place = ("then",) if head.then is not None else ()
        message = "a curated scenario needs a then with truth or customer"
        raise document.error("then-missing", place, message, "write what is true at its end")
    if head.observed:
        _check_recorded(document, "observed", head.provenance.kind)
    _check_day(document, head.provenance, specs)
    races = [spec.item is not None and spec.item.kind == "together" for spec in specs]
    return Scenario(
        id=head.id,
        title=head.title,
        family=head.family,
        ticket=head.ticket,
        deliverable=head.deliverable,
        provenance=Provenance(
            kind=head.provenance.kind,
            source=head.provenance.source,
            order=head.provenance.order,
            recorded=head.provenance.recorded,
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
        unknown=tuple(sorted(getattr(world, "unknown", ()))),
    )


def _check_id(document: Document, id: str) -> None:
    if not ID.fullmatch(id):
        message = f"{quoted(id)} is no id"
        raise document.error("scenario-id", ("id",), message, ID_FORM)
    stem = Path(document.file).stem
    if id != stem:
        message = f"{quoted(id)} is not the file's name {quoted(stem)}"
        equal = "make the two equal"
        fix = Hint.of(equal, id, stem) if ID.fullmatch(stem) else equal
        raise document.error("scenario-id", ("id",), message, fix)


def _check_written(document: Document) -> None:
    """Nothing that was left for later stands where people read, or where truth is compared."""
    for place, fix in FILLED.items():
        if not str(document.at(place)).strip():
            raise document.error("blank-text", place, "is blank", fix)
    for place in document.lines:
        if place and place[0] in WRITTEN and document.at(place) in UNWRITTEN:
            message = f"{quoted(document.at(place))} stands for what is not written yet"
            fix = "write it; a name of then that is left out is not compared"
            raise document.error("placeholder", place, message, fix)


def _check_faults(document: Document, faults: tuple[str, ...], known: Collection[str]) -> None:
    for number, fault in enumerate(faults):
        if fault not in known:
            raise unknown_name(document, ("faults", number), "quirk", fault, known)


def _check_recorded(document: Document, key: str, kind: str) -> None:
    if kind != "recorded":
        message = f"only a recorded scenario has it, this is {kind}"
        raise document.error(f"{key}-unrecorded", (key,), message)


def _check_day(document: Document, said: ProvenanceShape, specs: Sequence[EpisodeSpec]) -> None:
    """The day of the newest event fits what happens: it cannot be made younger by itself."""
    day = said.recorded
    if day is None:
        return
    place: Place = ("provenance", "recorded")
    if said.kind != "recorded":
        message = f"only a recorded scenario has it, this is {said.kind}"
        raise document.error("recorded-day-unrecorded", place, message)
    # the newest event is the last act, or an echo that came later
    first, last = day_of(specs[-1].at), day_of(specs[-1].at + ECHO_SECONDS)
    if not first <= day <= last:
        message = f"{day} is not the day of the newest event: the last thing happens on {first}"
        days = f"from {first} to {last}"
        raise document.error("recorded-day", place, message, f"a day {days}, or record anew")


def _given(document: Document, kit: Kit, assume: Mapping[str, Any] | None) -> tuple[Any, World]:
    """What is given, and the world made of it: only so can the kit object to what no world is."""
    given, world = _loaded(document, ("given",), kit, document.at(("given",)))
    if assume is None:
        return given, world
    # what was recorded has proven to be a world, so that any complaint is about what is assumed
    return _loaded(document, ("assume",), kit, with_assumed(document, kit, assume))


def _check_first(document: Document, kit: Kit, world: World, when: tuple[Item, ...]) -> None:
    """What happens first happens to the given world; of the rest, only a replay can tell."""
    if not when or when[0].kind != "act" or kit.acts[when[0].name].engine:
        return
    found = ""
    with suppress(Exception):  # whatever else goes wrong in it, a replay says
        trial = world.fork()
        trial.advance(when[0].at)
        trial.actor = "outside"
        try:
            kit.apply(trial, when[0].name, when[0].args)
        except kit.ActImpossible as impossible:
            found = str(impossible)
    if found:
        fix = "correct the act, or what is given"
        raise document.error("first-act-impossible", ("when", 0, "act"), visible(found), fix)


def _loaded(document: Document, place: Place, kit: Kit, data: Any) -> tuple[Any, World]:
    given: Any = convert(document, place, kit.Given, data=data)
    try:
        return given, kit.load(given)
    except Exception as error:
        complaint = given_error(document, place, error)
        if complaint is None:
            raise
        raise complaint from None

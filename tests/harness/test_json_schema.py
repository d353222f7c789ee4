"""The published schemas: current, valid for whatever the reader accepts, and strict on faults."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import json as msgspec_json

from fixtures.kit import KIT
from fixtures.standing import RANK
from harness.cli import main
from harness.compose import compose
from harness.document import Document, parse_document, read_document
from harness.errors import InputError
from harness.json_schema import words
from harness.json_schema.published import schema_of
from harness.json_schema.scenario import scenario_schema
from harness.loading import OTHER_FILES, SUFFIX, load_scenarios
from harness.report.json_report import dumped
from harness.ruling_files import Known, decision_records, read_ruling
from harness.ruling_shape import RulingShape
from harness.scenario_file import ScenarioShape, Vocabulary, scenario_of
from harness.then import PointShape, ThenShape
from harness.when import FORMS
from tests.golden_files import UPDATE
from tests.harness.toy_project import HELD, INVARIANTS, LATE
from tests.harness.toy_project import KIT as DESK

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "pyproject.toml"
SCENARIOS = ROOT / "scenarios"
KINDS = ("scenario", "ruling")
SHIPPED = {
    "ruling": sorted((SCENARIOS / "rulings").glob(f"*{SUFFIX}")),
    "scenario": sorted(
        file
        for file in SCENARIOS.rglob(f"*{SUFFIX}")
        if file.parent.name != "rulings" and file.name not in OTHER_FILES
    ),
}


@cache
def schema(kind: str) -> dict[str, Any]:
    return schema_of(CONFIG, kind)


@cache
def validator(kind: str) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema(kind))
    return Draft202012Validator(schema(kind))


@cache
def readers() -> Mapping[str, Callable[[Document], object]]:
    composition = compose(CONFIG, ())
    control = composition.control.engine
    vocabulary = Vocabulary(
        kit=composition.kit,
        quirks=control.quirks,
        invariants=frozenset(one.id for one in composition.invariants),
    )
    known = Known(
        paths=frozenset(control.paths),
        quirks=frozenset(control.quirks),
        decisions=decision_records(ROOT),
    )
    return {
        "scenario": lambda document: scenario_of(document, vocabulary),
        "ruling": lambda document: read_ruling(document, known),
    }


@cache
def data_of(file: Path) -> Any:
    return read_document(file).data


def complaints(kind: str, data: Any) -> list[str]:
    return [f"{one.json_path}: {one.message}" for one in validator(kind).iter_errors(data)]


def accepted(kind: str, data: Any, file: str) -> bool:
    """Whether the reader takes the data; JSON is YAML, so that a document can be made of it."""
    try:
        readers()[kind](parse_document(json.dumps(data, ensure_ascii=False).encode(), file))
    except InputError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_current(kind: str) -> None:
    file = SCENARIOS / f"{kind}.schema.json"
    text = dumped(schema(kind)) + "\n"
    if os.environ.get(UPDATE) == "1":
        file.write_text(text, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == text, f"shadow schema {kind} says something else"


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_it(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", kind, "--config", str(CONFIG)]) == 0
    assert capsys.readouterr().out == dumped(schema(kind)) + "\n"


@pytest.mark.parametrize("kind", KINDS)
def test_it_names_its_dialect_and_is_fetched_from_nowhere(kind: str) -> None:
    assert schema(kind)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema(kind)["$id"] == f"urn:shadow:{kind}:1"
    assert schema(kind)["title"]
    assert schema(kind)["description"]


def test_a_published_schema_is_taken_for_no_scenario() -> None:
    composition = compose(CONFIG, ())
    names = {Path(scenario.file).name for scenario in composition.loaded.scenarios}

    assert not [name for name in names if name.endswith(".json")]
    assert composition.loaded.failures == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_file_is_valid(kind: str) -> None:
    assert len(SHIPPED[kind]) > 50
    wrong = {file.name: complaints(kind, data_of(file)) for file in SHIPPED[kind]}

    assert {name: found for name, found in wrong.items() if found} == {}


# --- planted faults ---------------------------------------------------------------------------

SCENARIO = SCENARIOS / "pay-bad-debt" / "paid-through-pay-now-and-still-flagged.yaml"
RULING = SCENARIOS / "rulings" / "R-banned-before-its-time.yaml"
NEVER = object()
REFUND = KIT.acts["stripe.refund"].args.__struct_fields__
FAULTS: tuple[tuple[str, str, Any], ...] = (
    ("scenario", "id", "Big Id"),
    ("scenario", "id", "x" * 101),
    ("scenario", "title", 5),
    ("scenario", "title", " "),
    ("scenario", "then.truth.standing", "flagged"),
    ("scenario", "when.0", {"at": "+1h", "atc": "sweep"}),
    ("scenario", "title", NEVER),
    ("scenario", "titel", "unknown key"),
    ("scenario", "provenance.kind", "curatd"),
    ("scenario", "provenance.order", "guessed"),
    ("scenario", "faults", ["Q9999"]),
    ("scenario", "given.now", "2026-03-02T10:00:00"),
    ("scenario", "given.now", "+1h"),
    ("scenario", "given.now", NEVER),
    ("scenario", "given.acount", {}),
    ("scenario", "given.account.segment", "gold"),
    ("scenario", "given.account.currency", "USD"),
    ("scenario", "given.account.id", ""),
    ("scenario", "given.stripe.metadata.bad_debt", True),
    ("scenario", "given.stripe.invoices.0.amount", "5000"),
    ("scenario", "given.stripe.invoices.0.amount", True),
    ("scenario", "given.stripe.invoices.0.status", "written-off"),
    ("scenario", "given.stripe.invoices.0.paid", -1),
    ("scenario", "given.stripe.invoices.0.lines.0.discont", 1),
    ("scenario", "given.unknown", ["warehouse"]),
    ("scenario", "when.0.act", "api.pay_bad_dept"),
    ("scenario", "when.0.act", NEVER),
    ("scenario", "when.0.at", NEVER),
    ("scenario", "when.0.at", "1h"),
    ("scenario", "when.0.at", "2026-03-02"),
    ("scenario", "when.0.at", "2026-03-02T10:00:00"),
    ("scenario", "when.0.pays", "all"),
    ("scenario", "when.0.invoice", "not an argument of this act"),
    ("scenario", "when.0.deliver", "two.forms"),
    ("scenario", "when.0.hold", {"invoice.paid": "later"}),
    ("scenario", "when.0", {"at": "+1h", "webhook": "x"}),
    ("scenario", "when.0", {"at": "+1h", "deliver": "x", "object": {}}),
    ("scenario", "when.0", {"together": [{"at": "+1h", "act": "sweep"}]}),
    ("scenario", "when.0", {"at": "+1h", "act": "stripe.void"}),
    (
        "scenario",
        "when.0",
        {"together": [{"at": "+1h", "act": "sweep"}, {"together": []}]},
    ),
    (
        "scenario",
        "when.0",
        {"together": [{"at": "+1h", "act": "sweep"}] * 2 + [{"at": "+1h", "act": "x"}]},
    ),
    (
        "scenario",
        "when.0",
        {"together": [{"at": "+1h", "act": "sweep", "hold": {"x": "+2h"}}] * 2},
    ),
    ("scenario", "when", {}),
    ("scenario", "then", NEVER),
    ("scenario", "then", {}),
    ("scenario", "then", None),
    ("scenario", "then", {"truth": {}, "customer": {}}),
    ("scenario", "then.truth.ows", 0),
    ("scenario", "then.customer.blcked", False),
    ("scenario", "then.moot", "one"),
    ("scenario", "then.excused", {"I999": "why"}),
    ("scenario", "then.after", {"first": {}}),
    ("scenario", "then.after", {"1": {"moot": []}}),
    ("scenario", "observed", [{}]),
    ("scenario", "assume", {"billing_db": {}}),
    ("ruling", "id", "banned"),
    ("ruling", "class", "bug"),
    ("ruling", "reason", "  "),
    ("ruling", "owner", NEVER),
    ("ruling", "created", "2 March"),
    ("ruling", "scope", NEVER),
    ("ruling", "scope.paths", ["cron.ban_everybody"]),
    ("ruling", "scope.paths", []),
    ("ruling", "scope.segments", ["*"]),
    ("ruling", "expect", []),
    ("ruling", "expect.0.candidat", 1),
    ("ruling", "expect.0.at", "books.*"),
    ("ruling", "cells", {}),
    ("ruling", "cells", {"Q9999": ["a#1"]}),
    ("ruling", "cells", ["a#0"]),
    ("ruling", "cells", ["a#1"]),
    ("ruling", "subjects", ["a branch"]),
    ("ruling", "harm", "some"),
    ("ruling", "loss", {"acknowledged": "why", "max": {}}),
    ("ruling", "loss", {"acknowledged": "why", "max": {"usd": 0}}),
    ("ruling", "bulk", {"max_share": "2%", "max_accounts": 1}),
    ("ruling", "bulk", {"max_share": "1/50", "max_accounts": 0}),
)


def planted(data: Any, place: str, value: Any) -> Any:
    """A copy of the data with one value put in, or taken out."""
    copied = copy.deepcopy(data)
    *above, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    inner = copied
    for step in above:
        inner = inner[step]
    if value is NEVER:
        del inner[last]
    else:
        inner[last] = value
    return copied


@pytest.mark.parametrize(("kind", "place", "value"), FAULTS)
def test_a_planted_fault_is_invalid_and_refused(kind: str, place: str, value: Any) -> None:
    file = SCENARIO if kind == "scenario" else RULING
    wrong = planted(data_of(file), place, value)

    assert complaints(kind, data_of(file)) == []
    assert complaints(kind, wrong)
    assert not accepted(kind, wrong, file.name), "the schema may not be stricter than the reader"


# --- the law ----------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-2, max_value=10_000),
    st.sampled_from(
        [
            *("", "x", "+1h", "+1h1s", "2026-03-02T10:00:00Z", "2026-03-02 10:00:00+0100"),
            *("2026-03-02T10:00Z", "2026-03-02t10:00:00.5z", "in_1", "usd", "asked", "open", "*"),
            *("paid", "recorded", "none", "#", "a#1", "1/3", "2026-03-02", "Q01", "sweep", "٣"),
        ]
    ),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(["id", "at", "act", "truth", "1"]), SCALARS, max_size=2),
)
KEYS = st.sampled_from(
    [
        *("assume", "observed", "moot", "excused", "after", "of", "hold", "act", "amount", "paid"),
        *("bulk", "subjects", "decision", "quirk", "each", "status", "metadata", "unknown", "id"),
    ]
)


def places_of(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place below the top of a document."""
    steps = data.items() if isinstance(data, dict) else enumerate(data)
    for step, below in steps:
        yield (*above, step)
        if isinstance(below, dict | list):
            yield from places_of(below, (*above, step))


@st.composite
def mutated(draw: st.DrawFn, kind: str) -> tuple[str, Any]:
    """A shipped file with some places changed, taken out, doubled, or given a new key."""
    file = draw(st.sampled_from(SHIPPED[kind]))
    data = copy.deepcopy(data_of(file))
    for _ in range(draw(st.integers(min_value=1, max_value=2))):
        *above, last = draw(st.sampled_from(list(places_of(data))))
        inner = data
        for step in above:
            inner = inner[step]
        change = draw(st.sampled_from(["put", "put", "drop", "add"]))
        if change == "drop":
            del inner[last]
        elif change == "add" and isinstance(inner, dict):
            inner[draw(KEYS)] = draw(VALUES)
        else:
            inner[last] = draw(VALUES)
        if not data:
            break
    return file.name, data


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_reader_accepts_is_always_valid(kind: str) -> None:
    taken = []

    @settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
    @given(mutated(kind))
    def law(changed: tuple[str, Any]) -> None:
        name, data = changed
        if accepted(kind, data, name):
            taken.append(name)
            assert complaints(kind, data) == []

    law()
    assert taken, "no change was ever accepted: the law was never asked"


# --- what an editor offers --------------------------------------------------------------------


def offered(part: Any, item: dict[str, Any], defs: dict[str, Any]) -> set[str]:
    """The keys that a schema knows of an item as far as it is written."""
    while set(part) == {"$ref"}:
        part = defs[part["$ref"].removeprefix("#/$defs/")]
    keys = set(part.get("properties", {}))
    if "if" in part:
        branch = "then" if Draft202012Validator(part["if"]).is_valid(item) else "else"
        keys |= offered(part.get(branch, {}), item, defs)
    return keys.union(*(offered(one, item, defs) for one in part.get("allOf", ())))


@pytest.mark.parametrize(
    ("item", "keys"),
    [
        ({}, {"at", "hold", *FORMS}),
        ({"at": "+1h"}, {"at", "hold", *FORMS}),
        ({"act": "sweep"}, {"at", "hold", "act"}),
        ({"act": "stripe.refund"}, {"at", "hold", "act"} | {*REFUND}),
        ({"deliver": "x"}, {"at", "hold", "deliver", "of"}),
        ({"webhook": "x"}, {"at", "hold", "webhook", "object", "replaces"}),
        ({"together": []}, {"together"}),
    ],
)
def test_an_item_offers_what_goes_with_what_is_written(item: Any, keys: set[str]) -> None:
    defs = schema("scenario")["$defs"]

    assert offered(defs["Item"], item, defs) == keys


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_stands_in_a_schema_that_an_editor_would_write_or_refuse_wrongly(
    kind: str,
) -> None:
    """A default is written out as if it had to be; a format is read more narrowly than here."""

    def below(node: Any, *, named: bool = False) -> Iterator[str]:
        if isinstance(node, list):
            for one in node:
                yield from below(one)
        elif isinstance(node, dict):
            yield from () if named else node
            for key, one in node.items():
                yield from below(one, named=not named and key in ("properties", "$defs"))

    assert not {"default", "format"} & set(below(schema(kind)))


# --- words ------------------------------------------------------------------------------------


def properties(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that an editor can offer; conditions repeat some of them without words."""
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from properties(one, f"{place}/{number}")
    elif isinstance(node, dict):
        for key, below in node.items():
            if key in ("if", "then", "else", "not", "oneOf", "examples", "default"):
                continue
            if key in ("properties", "patternProperties"):
                for name, one in below.items():
                    yield f"{place}/{name}", one
            yield from properties(
                list(below.values()) if key in ("properties", "$defs") else below, f"{place}/{key}"
            )


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_says_what_it_means(kind: str) -> None:
    found = [
        (place, one)
        for place, one in properties({**schema(kind), "allOf": []})
        if set(one) != {"$ref"}  # a number of an episode is no word
    ]

    assert len(found) > 25
    assert [place for place, one in found if not one.get("description")] == []


def test_the_kits_words_are_those_of_its_structs_and_no_others() -> None:
    args = {spec.args for spec in KIT.acts.values()}
    _, structs = msgspec_json.schema_components([KIT.Given, *args], ref_template="{name}")
    fields = {name: set(part["properties"]) for name, part in structs.items()}

    assert {name: set(said) for name, said in KIT.words.fields.items()} == fields
    assert set(KIT.words.acts) == set(KIT.acts)
    assert {facet: set(said) for facet, said in KIT.words.then.items()} == {
        facet: set(names) for facet, names in KIT.fields.items()
    }
    for place, said in KIT.words.values.items():
        struct, field = place.split(".")
        if struct in KIT.fields:
            assert field in KIT.fields[struct]
            continue
        (listed,) = [
            one["enum"]
            for one in [
                structs[struct]["properties"][field],
                *structs[struct]["properties"][field].get("anyOf", []),
            ]
            if "enum" in one
        ]
        assert set(said) == set(listed) - {None}, place


def test_the_kit_tells_every_standing_that_there_is() -> None:
    assert set(KIT.words.values["truth.standing"]) == set(RANK)


def test_the_harnesss_words_are_those_of_its_files_and_no_others() -> None:
    shapes = [ScenarioShape, ThenShape, PointShape, RulingShape]
    _, structs = msgspec_json.schema_components(shapes, ref_template="{name}")
    fields = {name: set(part["properties"]) for name, part in structs.items()}
    fields["Item"] = {key for form in FORMS.values() for key in form.__struct_fields__}

    assert {name: set(said) for name, said in words.FIELDS.items()} == fields
    assert {place.split(".")[0] for place in words.EXAMPLES} <= set(fields)
    for place in words.EXAMPLES:
        struct, field = place.split(".")
        assert field in fields[struct]


@pytest.mark.parametrize("place", sorted(words.EXAMPLES))
def test_every_example_is_valid(place: str) -> None:
    struct, field = place.split(".")
    for kind in KINDS:
        whole = schema(kind)
        root = {"ScenarioShape": "scenario", "RulingShape": "ruling"}.get(struct)
        part = whole if root == kind else whole["$defs"].get(struct)
        if part is None or (root and root != kind):
            continue
        part = part.get("else", part)  # of an item, what it can begin with
        below = {**part["properties"][field], "$defs": whole["$defs"]}
        quirks = set(compose(CONFIG, ()).control.engine.quirks)
        for example in words.EXAMPLES[place]:
            if isinstance(example, dict) and "Q12" in example:
                assert "Q12" in quirks
            assert Draft202012Validator(below).is_valid(example), (place, example)


def test_a_kit_without_words_has_a_schema_too() -> None:
    invariants = {one.id: one.title for one in INVARIANTS}
    made = scenario_schema(DESK, quirks={"Q01": "a fault"}, invariants=invariants)
    Draft202012Validator.check_schema(made)
    check = Draft202012Validator(made)

    for text in (LATE, HELD):
        data = parse_document(text.encode(), "x.yaml").data
        assert [one.message for one in check.iter_errors(data)] == []
    wrong = parse_document(LATE.replace("api.pay_fine", "api.pay_all").encode(), "x.yaml").data
    assert not check.is_valid(wrong)


def test_the_loader_finds_every_file_that_this_test_looks_at() -> None:
    vocabulary = Vocabulary(kit=KIT)
    loaded = load_scenarios((SCENARIOS,), vocabulary)

    assert len(loaded.scenarios) + len(loaded.failures) == len(SHIPPED["scenario"])

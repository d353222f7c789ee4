"""The page for reviewers, as text: complete without a script, the same every time, no request."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from harness.clause import Before, Changed, Computed, Literal, Row, Table, Value
from harness.errors import InputError
from harness.expression import parse_expression
from harness.model import ABSENT, Cell, Class, Free, Outcome
from harness.report.page.link import link, place
from harness.report.page.page import embedded, page, shown
from harness.report.page.rulings import in_words, ruling_documents
from harness.report.page.scenarios import AGREED, LOOK, RULED, detail_document, entries
from harness.report.page.timeline import changes, stores
from harness.report.page.verdict import matrix, verdict_document
from harness.report.page.words import WORDS
from tests.harness.cell_builder import cell, observation
from tests.harness.hostile_told import HOSTILE, hostile
from tests.harness.many_told import RULED as SIGNED
from tests.harness.many_told import many, renamed, told
from tests.harness.story import BAN, PAY, SCENARIO, cells, free_run

VOID = {"meta", "input", "link", "img", "br", "hr", "rect", "base", "source", "embed"}


class Read(HTMLParser):
    """What a page is made of: elements with their attributes, and the text of each kind.

    A place where a long name may break is neither element nor text.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.within: list[str] = []
        self.broken = False
        self.said: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "wbr":
            self.broken = True
            return
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.within.append(tag)
            if tag in self.raw:
                self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.within.pop() == tag, "elements do not nest"

    def handle_data(self, data: str) -> None:
        inside = self.within[-1] if self.within else ""
        if inside in self.raw:
            self.raw[inside][-1] += data
        elif self.broken:
            self.said[-1] += data
        else:
            self.said.append(data)
        self.broken = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]


def asset(name: str) -> str:
    return resources.files("harness.report.page").joinpath("templates", name).read_text("utf-8")


def test_the_same_run_makes_the_same_bytes() -> None:
    """In processes that hash otherwise, so that no set's order is on the page."""
    program = (
        "from dataclasses import replace\n"
        "from tests.harness.many_told import told\n"
        "from tests.harness.story import cells\n"
        "from harness.report.page.page import page\n"
        "look, pay, ban = cells()\n"
        "pay = replace(pay, rulings=tuple(f'R-{number}' for number in range(9)))\n"
        "print(page(told(judged=[look, pay, ban])))\n"
    )

    def made(seed: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            env={
                **os.environ,
                "PYTHONHASHSEED": str(seed),
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert len({made(seed) for seed in range(4)}) == 1


def test_no_folder_of_a_machine_is_on_the_page() -> None:
    mine = "/somewhere/of/mine/scenarios/bad.yaml:3"
    scenario = replace(SCENARIO, file="/somewhere/of/mine/scenarios/pay.yaml")
    failure = InputError("bad-time", "no time", mine, "write one")

    text = page(told([scenario], failures=[failure]))

    assert "/somewhere" not in text
    assert "bad.yaml:3" in text
    assert "R-paid-but-flagged.yaml:1" in Read(text).text


def test_a_page_is_made_of_a_verdict() -> None:
    with pytest.raises(ValueError, match="no verdict"):
        page(told(verdict=None))


def test_the_page_refers_to_nothing_outside_itself() -> None:
    read = Read(page(told()))

    assert {tag for tag, _ in read.elements} & {"link", "img", "iframe", "object", "base"} == set()
    assert read.values("src") == []
    assert all(href.startswith("#") for href in read.values("href"))
    assert not re.search(r"url\(|@import|https?:", asset("page.css") + asset("page.js"))


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    read = Read(page(told()))
    policy = next(a["content"] for t, a in read.elements if a.get("http-equiv"))
    assert policy is not None

    def digest(text: str) -> str:
        return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert policy.startswith("default-src 'none'; ")
    assert f"style-src '{digest(read.raw['style'][0])}'" in policy
    assert f"script-src '{digest(read.raw['script'][-1])}'" in policy
    assert "unsafe" not in policy
    assert "style" not in {name for _, attrs in read.elements for name in attrs}


def test_the_script_makes_text_and_never_markup() -> None:
    script = asset("page.js")

    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(|\bfetch\b"
        r"|XMLHttpRequest|createContextualFragment|DOMParser",
        script,
    )


def test_nothing_on_the_page_moves_by_itself() -> None:
    both = asset("page.css") + asset("page.js")

    assert not re.search(r"transition|animation|@keyframes|smooth", both)


def test_without_a_script_verdict_figures_matrix_and_rulings_are_there() -> None:
    read = Read(page(told()))

    for words in (
        "Gate closed",
        "Level rehearsal",
        "0 of 3 paths open",
        "Evidence: curated 3 (kinds are never added)",
        "0/0 1 agreement where the control was right",
        "2/2 2 repairs proven where it was not",
        "leak wrong values that rulings let through",
        "expected 3 = AGREE 1 + RULED 1 + DIVERGE 1",
        "expected 1 = THEN_FAILED 1",
        "Reasons for the whole gate",
        "path-closed At least one path, real or pseudo, is closed.",
        "R-paid-but-flagged Paying leaves the flag set control-bug Q14 · 2 cells · ",
        "billing-brain, approved by billing-ledger · expires 2026-08-01",
        "The money came in, so nobody owes anything",
        "books.customer.bad_debt_since as before null",
        "when truth.owes.total == 0",
        "gone#1 listed, and not in this run",
        "This page is read without JavaScript",
        "Not required by policy",
    ):
        assert words in read.text, words


def test_a_figure_that_cells_speak_against_names_them() -> None:
    worse = replace(cells()[1].episode, wrongs=("charged twice",))
    wronged = replace(cells()[1], episode=worse)

    found = verdict_document(told(judged=(cells()[0], wronged, cells()[2])))["figures"]

    # The last cell diverges and harms nobody: only what was wronged is worse.
    assert [figure["bad"] for figure in found] == [False, False, True, False, False]
    assert found[2]["cells"] == [
        {"id": f"{SCENARIO.id}#1", "href": f"#open={SCENARIO.id}&at={SCENARIO.id}%231"}
    ]


def test_a_leak_that_was_not_measured_is_no_good_sign() -> None:
    run = told()
    unmeasured = replace(run, verdict=replace(run.decided, leak=None))

    leak = verdict_document(unmeasured)["figures"][-1]

    assert (leak["value"], leak["bad"]) == ("not measured", True)


def test_the_matrix_counts_own_outcomes_by_segment_and_links_to_them() -> None:
    found = matrix(told())
    rows = {row["path"]: row for row in found["rows"]}

    assert found["segments"] == ["pro"]
    assert [(one["outcome"], one["n"]) for one in rows[BAN]["cells"][0]] == [("DIVERGE", 1)]
    assert rows[BAN]["gate"] == "closed"
    assert rows[PAY]["cells"][0][0]["href"] == ("#path=api.pay_bad_debt&segment=pro&outcome=RULED")


def test_an_account_of_no_segment_is_in_the_matrix_all_the_same() -> None:
    judged = [renamed(one, SCENARIO.id, stratum={}) for one in cells()]

    assert matrix(told(judged=judged))["segments"] == ["no segment"]


def test_a_missing_cell_is_counted_where_all_are() -> None:
    run = told()
    path = run.decided.paths[PAY]
    tally = {**path.evidence.tally, Outcome.NOT_RUN: 2}
    lost = replace(path, evidence=replace(path.evidence, tally=tally))
    verdict = replace(run.decided, paths={**run.decided.paths, PAY: lost})

    row = next(r for r in matrix(replace(run, verdict=verdict))["rows"] if r["path"] == PAY)

    assert ("NOT_RUN", 2) in [(one["outcome"], one["n"]) for one in row["all"]]
    assert sum(one["n"] for one in row["cells"][0]) == 1


def test_a_bar_leaves_room_for_what_is_missing() -> None:
    run = told()
    short = replace(run.decided, totals={**run.decided.totals, "expected": 6})

    cells_bar = verdict_document(replace(run, verdict=short))["totals"][0]

    assert cells_bar["told"].startswith("expected 6 is not ")
    assert sum(part["width"] for part in cells_bar["parts"]) == cells_bar["width"] // 2


def test_a_total_leads_to_what_it_counts() -> None:
    cells_bar, free_bar = verdict_document(told())["totals"]

    assert {part["href"] for part in cells_bar["parts"]} == {
        f"#outcome={part['outcome']}" for part in cells_bar["parts"]
    }
    assert [part["n"] for part in free_bar["parts"]] == [1]
    assert (
        free_bar["parts"][0]["href"] == f"#outcome=free%20run%20{free_bar['parts'][0]['outcome']}"
    )


def test_every_outcome_and_class_is_explained_on_the_page() -> None:
    said = " ".join(f"{word} {meaning}" for word, meaning in WORDS)

    assert [one for one in (*map(str, Outcome), *map(str, Class)) if one not in said] == []
    assert all(meaning in Read(page(told())).text for _, meaning in WORDS)


def test_what_needs_a_look_comes_first_and_says_why() -> None:
    fine = [renamed(one, "a-fine", klass=Class.SOUND) for one in cells()[:1]]
    ruled = [renamed(one, "b-ruled") for one in cells()[:2]]
    judged = [*fine, *ruled, *cells()]
    names = ("a-fine", "b-ruled", "c-empty", SCENARIO.id)
    scenarios = [replace(SCENARIO, id=name) for name in names]
    kept = [replace(free_run(), scenario=n, outcome=Free.KEPT) for n in ("a-fine", "b-ruled")]

    found = entries(told(scenarios, judged, [*kept, free_run()]))

    assert [(entry.scenario.id, entry.group) for entry in found] == [
        ("c-empty", LOOK),
        (SCENARIO.id, LOOK),
        ("b-ruled", RULED),
        ("a-fine", AGREED),
    ]
    assert found[0].why == ("no cell", "free run NOT_RUN")
    assert found[1].why == ("DIVERGE 1", "free run THEN_FAILED")


def test_a_scenario_is_found_by_what_happened_in_it() -> None:
    index = json.loads(next(raw for raw in Read(page(told())).raw["script"] if raw[:1] == "["))

    (row,) = index
    for words in ("pay now", "bad-debt", "s09", "q14", "cron.ban_flagged", "no ruling",
                  "r-paid-but-flagged", "books.enforcement.ban", "ticket: paid and still banned",
                  "free run then_failed"):  # fmt: skip
        assert words in row["text"], words
    assert row["look"] is True
    assert row["cells"][2] == {
        "own": {BAN: "DIVERGE"},
        "outcome": "DIVERGE",
        "rulings": ["R-paid-but-flagged", "no ruling"],
        "segment": "pro",
    }


def test_what_a_person_assumed_of_a_scenario_is_said_and_can_be_filtered() -> None:
    scenario = replace(SCENARIO, ticket="", family="", deliverable="", assumed=("entitlements",))
    run = told([scenario])
    (entry,) = entries(run)

    options = [a["value"] for tag, a in Read(page(run)).elements if tag == "option"]

    assert ("assumed", "entitlements") in detail_document(entry, "rehearsal")["facts"]
    assert "assumed" in options
    assert "none" in options, "a ticket that nobody names is no empty choice"


def test_every_filter_offers_every_value_with_its_scenarios() -> None:
    run = many(6, diverging=[4])

    read = Read(page(run))

    options = Counter(value for tag, attrs in read.elements if tag == "option"
                      for value in [attrs["value"]])  # fmt: skip
    for value in ("needs a look", "free run KEPT", "DIVERGE", PAY, BAN, "business", "ticket-3",
                  "Q05", "R-paid-but-flagged", "no ruling", "curated"):  # fmt: skip
        assert options[value] == 1, value
    assert "needs a look (1)" in read.text
    assert "business (2)" in read.text


def side(at: str, cell: Cell, first: str) -> tuple[str, str, str, str, str, str]:
    one = next(change for change in changes(cell, first) if change.at == at)
    return one.mark, one.was, one.control, one.candidate, one.kept, one.ruling


def test_a_field_shows_what_it_was_and_what_each_side_made_of_it() -> None:
    look, pay, ban = cells()
    first = pay.episode.id
    block = "{dunning: {by: billing, since: 2026-01-30T00:00:00Z}}"

    assert changes(look, first) == []
    assert side("customer.bad_debt_since", pay, first) == (
        "first cause", "2026-01-30T00:00:00Z", "2026-01-30T00:00:00Z", "null", "control",
        "R-paid-but-flagged",
    )  # fmt: skip
    assert side("customer.blocked", pay, first) == (
        "follows", "", "true", "false", "", "follows"
    )  # fmt: skip
    assert side("invoices.in_1.status", pay, first) == ("both", "open", "paid", "paid", "", "")
    assert side("enforcement.ban", ban, first) == (
        "new cause", "absent", block, "absent", "candidate", "no ruling",
    )  # fmt: skip
    assert side("billing_db.bad_debt", ban, first)[0] == "repeat of #1"
    assert [change.mark for change in changes(ban, first)] == [
        "new cause", "follows", "repeat of #1", "repeat of #1", "both",
    ]  # fmt: skip
    assert stores(changes(ban, first)) == {
        "billing_db": "rep", "customer": "rep", "enforcement": "NEW",
    }  # fmt: skip


def test_lists_that_differ_are_shown_place_by_place() -> None:
    pays = {"call": "pay", "amount": 3000}
    one = replace(
        cells()[1],
        differences=(
            structs.replace(cells()[1].differences[0], facet="effects", at="in_1",
                    control=[pays], candidate=[{**pays, "amount": 6000}]),
        ),
    )  # fmt: skip

    (change, *rest) = changes(one, one.episode.id)

    assert (change.at, change.control, change.candidate) == (
        "effects.in_1[0].amount", "3000", "6000",
    )  # fmt: skip
    assert all(other.mark == "both" for other in rest)


def test_a_scenario_in_full_holds_what_a_reviewer_must_see() -> None:
    (entry,) = entries(told())

    found = detail_document(entry, "rehearsal")

    assert found["bare"] is True
    assert found["rulings"] == ["R-paid-but-flagged"]
    assert found["free"] == {
        "outcome": "THEN_FAILED",
        "texts": ["then does not hold: customer.banned: expected false, found true"],
    }
    assert found["customer"]["title"] == "Customer at the end, each engine in its own world"
    assert ["banned", "true", "false", "differs"] in found["customer"]["rows"]
    assert found["next"] == f"shadow rule {SCENARIO.id}#2"
    last = found["episodes"][2]
    assert last["ran"] == [f"{BAN} (on {BAN})"]
    assert last["control"] == ["wrote enforcement.ban, enforcement.block"]
    assert last["candidate"] == ["did nothing"]
    assert last["reasons"] == ["standing.clear"]
    assert "finding DIVERGE no-ruling: books.enforcement.ban" in last["remarks"]


def test_a_cell_without_a_result_is_told_without_one() -> None:
    lost = cell(f"{SCENARIO.id}#0", outcome=Outcome.NOT_RUN, control=None, candidate=None)
    (entry,) = entries(told(judged=[lost], free=[]))

    found = detail_document(entry, "rehearsal")

    assert found["episodes"][0]["control"] == ["gave no result"]
    assert found["customer"]["rows"] == []
    assert found["free"]["outcome"] == "NOT_RUN"


EXPRESSION = parse_expression("truth.owes.total")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Literal(data=True), "true"),
        (Literal(data="true"), '"true"'),
        (Literal(data=ABSENT), "absent"),
        (Before(), "as before"),
        (Computed(expression=EXPRESSION), "is truth.owes.total"),
        (Changed(expression=EXPRESSION, adds=True), "as before, plus truth.owes.total"),
        (Changed(expression=EXPRESSION, adds=False), "as before, minus truth.owes.total"),
        (Table(entries=(("by", Literal(data="me")), ("x", Before()))), "{by: me, x: as before}"),
        (Row(items=(Literal(data=1), Before())), "[1, as before]"),
    ],
)  # fmt: skip
def test_a_clause_says_what_a_side_must_have(value: Value, said: str) -> None:
    assert in_words(value, "since") == said


def test_a_value_of_a_new_form_is_named_and_not_left_out() -> None:
    class Fresh:
        def resolve(self, context: Any, keys: Any) -> Any:
            return None

    assert in_words(Fresh(), "since") == "a Fresh"


def test_a_ruling_links_to_its_cells_and_says_what_is_odd_about_them() -> None:
    listed = (f"{SCENARIO.id}#0", f"{SCENARIO.id}#1", "gone#1")
    (found,) = ruling_documents({SIGNED.id: replace(SIGNED, cells=listed)}, cells())

    assert [(one["id"], one["note"], one["repeats"]) for one in found["cells"]] == [
        ("gone#1", "listed, and not in this run", False),
        (f"{SCENARIO.id}#0", "listed, and not matched", False),
        (f"{SCENARIO.id}#1", "", False),
        (f"{SCENARIO.id}#2", "", True),
    ]
    assert found["cells"][0]["href"] == ""
    assert found["cells"][2]["href"] == f"#open={SCENARIO.id}&at={SCENARIO.id}%231"
    bare = ruling_documents({SIGNED.id: replace(SIGNED, cells=())}, cells())[0]["cells"]
    assert bare[0]["note"] == "covered, and not listed"


def test_a_link_holds_what_is_shown_and_a_place_no_folder() -> None:
    assert link(path="(given)", segment="", q="a&b#ü") == "#path=%28given%29&q=a%26b%23%C3%BC"
    assert link(at="x\ud800\u202e") == "#at=x%5Cud800%5Cu202e"
    assert place("/tmp/x/a.yaml:1") == "a.yaml:1"
    assert place("scenarios/a.yaml:1") == "scenarios/a.yaml:1"


def test_hostile_text_adds_no_element_and_no_attribute() -> None:
    """Compared with a page in which the same fields hold harmless text of the same shape."""

    def shape(text: str) -> Counter[tuple[str, tuple[str, ...]]]:
        return Counter((tag, tuple(attrs)) for tag, attrs in Read(text).elements)

    for text in HOSTILE:
        assert shape(page(hostile(text))) == shape(page(hostile("harmless"))), text


def test_no_control_and_no_bidirectional_override_is_left_on_the_page() -> None:
    text = page(hostile("a\x00b\u202ec\u2028d\x1b[2Je\ud800"))

    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", text
    )
    assert "a\\x00b\\u202ec\\u2028d\\x1b[2Je\\ud800" in Read(text).text


@settings(max_examples=200)
@given(st.recursive(st.text() | st.integers() | st.none(),
                    lambda some: st.lists(some) | st.dictionaries(st.text(), some)))  # fmt: skip
def test_embedded_data_reads_back_and_ends_no_element(data: object) -> None:
    safe = shown(data)

    text = embedded(safe)

    assert json.loads(text) == safe
    assert text.isascii()
    assert not set(text) & set("<>&")


PALETTE = re.compile(r":root \{([^}]*)\}")
VARIABLE = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
GROUNDS = ("ground", "surface", "raised")
ON: dict[str, tuple[str, ...]] = {
    "ink": (*GROUNDS, "good-ground", "ruled-ground", "bad-ground"),
    "quiet": (*GROUNDS, "ruled-ground", "bad-ground"),
    "link": (*GROUNDS, "ruled-ground"),
    "good": (*GROUNDS, "good-ground"),
    "ruled": (*GROUNDS, "ruled-ground"),
    "bad": (*GROUNDS, "bad-ground"),
    "lost": ("lost-ground",),
    "focus": GROUNDS,
}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    line = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_ink_can_be_read_on_every_ground_it_stands_on_in_both_schemes() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    light, dark, printed = (dict(VARIABLE.findall(block))
                            for block in PALETTE.findall(asset("page.css")) if "--ink" in block
                            or "--ground" in block)  # fmt: skip
    schemes = {"light": light, "dark": {**light, **dark}, "print": {**light, **printed}}
    assert set(light) == set(dark)

    faint = [
        (name, ink, ground)
        for name, scheme in schemes.items()
        for ink, grounds in ON.items()
        for ground in grounds
        if contrast(scheme[ink], scheme[ground]) < 4.5
    ]

    assert faint == []


def test_colours_stand_in_variables_only() -> None:
    css = PALETTE.sub("", asset("page.css"))

    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|rgba?\(|hsla?\(", css)


def test_a_path_links_to_the_cells_that_close_it_all_of_them() -> None:
    run = many(9, diverging=[1, 4, 7])

    paths = {path["path"]: path for path in verdict_document(run)["paths"]}

    assert [one["id"] for one in paths[BAN]["cells"]] == [
        "made-00001#3", "made-00004#3", "made-00007#3",
    ]  # fmt: skip
    assert paths[PAY]["cells"] == []


def test_an_observation_of_nothing_is_told_as_nothing() -> None:
    idle = cell(f"{SCENARIO.id}#1", control=observation(), candidate=observation())
    (entry,) = entries(told(judged=[idle], free=[replace(free_run(), outcome=Free.KEPT, then=())]))

    assert entry.group == AGREED
    assert detail_document(entry, "rehearsal")["episodes"][0]["control"] == ["did nothing"]

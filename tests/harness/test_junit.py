"""JUnit XML: read back with a parser, held against what CI systems ask of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.difference import at_of
from harness.errors import InputError
from harness.gate import Gate
from harness.model import Finding, Free, FreeRun, Outcome
from harness.reason import Reason
from harness.report.junit import junit_xml
from harness.report.told import Told
from tests.golden_files import golden
from tests.harness.cell_builder import PATH, Run, cell, difference, open_cells, pinned
from tests.harness.told_run import HOSTILE, STORY, of_cells, story_run, told_of

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "system-out"},
    "failure": set(),
    "error": set(),
    "system-out": set(),
}
"""Elements of the schema of the Jenkins xUnit plugin (junit-10) that are used here."""

ATTRIBUTES = {
    "testsuites": ({"name"}, {"time", "tests", "failures", "errors"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"time", "skipped", "file"}),
    "testcase": ({"name", "classname", "time"}, {"file", "line"}),  # the last two are GitLab's
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""Attributes that must and that may be there."""


def read(told: Told) -> ElementTree.Element:
    """The document, after everything that readers ask of it was checked."""
    text = junit_xml(told).encode()
    root = ElementTree.fromstring(text)  # noqa: S314  # it is our own text that is read back
    for element in root.iter():
        must, may = ATTRIBUTES[element.tag]
        assert must <= set(element.attrib) <= must | may, element.attrib
        assert {child.tag for child in element} <= CHILDREN[element.tag]
    for counted in (root, *root.iter("testsuite")):
        assert counted.get("tests") == str(len(list(counted.iter("testcase"))))
        assert counted.get("failures") == str(len(list(counted.iter("failure"))))
        assert counted.get("errors") == str(len(list(counted.iter("error"))))
    names = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    assert set(names.values()) <= {1}
    return root


def suite(root: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(one for one in root if one.get("name") == name)


def results(element: ElementTree.Element) -> dict[str, str]:
    """Case → `failure`, `error` or empty."""
    return {
        case.get("name", ""): next((c.tag for c in case if c.tag != "system-out"), "")
        for case in element.iter("testcase")
    }


def test_a_story_with_a_closed_gate() -> None:
    told = told_of(story_run(), failures=[
        InputError("yaml-syntax", "no YAML: oh", "scenarios/bad.yaml:3", "correct the line"),
    ])  # fmt: skip

    read(told)
    golden("junit.xml", junit_xml(told).rstrip("\n"))


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        (Outcome.AGREE, ""),
        (Outcome.RULED, ""),
        (Outcome.DIVERGE, "failure"),
        (Outcome.DRIFT, "failure"),
        (Outcome.UNSTABLE, "error"),
        (Outcome.TIMEOUT, "error"),
        (Outcome.ERROR, "error"),
        (Outcome.NOT_RUN, "error"),
    ],
)
def test_what_a_cell_comes_to(outcome: Outcome, tag: str) -> None:
    kept = FreeRun(scenario="s", outcome=Free.KEPT)
    root = read(of_cells(cell("s#1", outcome=outcome), free=[kept]))

    assert results(suite(root, "s")) == {"#1 invoice.voided": tag, "free run": ""}
    assert "skipped" not in {element.tag for element in root.iter()}


@pytest.mark.parametrize("outcome", list(Free))
def test_what_a_free_run_comes_to(outcome: Free) -> None:
    judged = {Free.KEPT: "", Free.BROKEN: "failure", Free.THEN_FAILED: "failure",
              Free.MOOT: "failure"}  # fmt: skip
    root = read(of_cells(cell("s#1"), free=[FreeRun(scenario="s", outcome=outcome)]))

    assert results(suite(root, "s"))["free run"] == judged.get(outcome, "error")


def test_a_ruled_cell_names_its_rulings() -> None:
    root = read(told_of(story_run()))

    case = next(one for one in root.iter("testcase") if one.get("name") == "#1 api.pay_bad_debt")
    assert case.get("classname") == "scenarios.pay-now-leaves-flag"
    assert (case.get("file"), case.get("line")) == (STORY.file, "14")
    assert "ruled by R-paid-but-flagged: control-bug" in case.findtext("system-out", "")


def test_a_failure_tells_every_difference_and_finding() -> None:
    found = (Finding(outcome=Outcome.DIVERGE, slug="worse-than-truth", detail="asks too much"),)
    bad = cell("s#1", outcome=Outcome.DIVERGE, differences=(difference(at="a.b"),))
    root = read(of_cells(replace(bad, findings=found)))

    text = suite(root, "s").findtext("testcase/failure", "")
    assert "worse-than-truth: asks too much" in text
    assert "a.b: control adds true, candidate adds false; no ruling" in text
    assert text.endswith("shadow show s#1")


def test_what_has_no_result_is_an_error() -> None:
    run = story_run()
    told = told_of(replace(run, cells=run.cells[1:], free=()))
    root = read(told)

    story = results(suite(root, STORY.id))
    assert story["#0 look"] == "error"
    assert story["free run"] == "error"


def test_what_is_pinned_and_was_not_replayed_is_an_error() -> None:
    gone = cell("gone#1", (PATH,))
    unseen = cell("gone#0", ())  # which no path names
    run = replace(Run(), pinned=pinned((*open_cells(), gone, unseen)))
    root = read(told_of(run, scenarios=()))

    assert results(suite(root, "pinned and without a result")) == {
        "gone#1": "error",
        "cells that no path names": "error",
        "free runs that no path names": "error",
    }


def test_a_file_that_cannot_be_used_is_an_error_at_its_line() -> None:
    failures = [InputError("yaml-syntax", "no YAML", "scenarios/bad.yaml:3", "correct it")] * 2
    root = read(told_of(Run(), scenarios=(), failures=failures))

    first, second = suite(root, "files that could not be used")
    assert (first.get("file"), first.get("line")) == ("scenarios/bad.yaml", "3")
    assert "correct it" in first.findtext("error", "")
    assert second.get("name") == "scenarios/bad.yaml:3 yaml-syntax (2)"


def test_a_closed_path_fails_with_every_reason() -> None:
    told = told_of(story_run())
    verdict = told.decided
    assert verdict.gate is Gate.CLOSED
    cases = {one.get("name", ""): one for one in suite(read(told), "gate")}

    assert set(cases) == {"the whole gate", *verdict.paths}
    for name, path in verdict.paths.items():
        text = cases[name].findtext("failure", "")
        for reason in path.reasons:
            assert f"{reason.slug}: found {reason.found}; needed: {reason.needed}" in text


def test_an_open_gate_passes() -> None:
    root = read(told_of(Run(), scenarios=()))

    assert set(results(suite(root, "gate")).values()) == {""}
    assert (root.get("failures"), root.get("errors")) == ("0", "0")


def test_a_run_has_no_gate() -> None:
    root = read(told_of(story_run(), judged=False))

    assert "gate" not in {one.get("name") for one in root}


def test_the_same_run_gives_the_same_bytes_without_a_date() -> None:
    text = junit_xml(told_of(story_run()))

    assert text == junit_xml(told_of(story_run()))
    assert "timestamp" not in text


def test_two_results_for_one_cell_are_both_there() -> None:
    root = read(of_cells(cell("s#1"), cell("s#1", outcome=Outcome.DIVERGE)))

    assert results(suite(root, "s"))["#1 invoice.voided (2)"] == "failure"


def hostile(text: str) -> Told:
    """A run in which the text stands wherever text of others can stand."""
    found = (Finding(outcome=Outcome.ERROR, slug="world-failed", detail=text),)
    differs = difference(at=at_of((text,)), control=text, candidate=[text])
    bad = cell("s#1", (text,), Outcome.ERROR, act=text, differences=(differs,))
    ruled = cell("s#2", outcome=Outcome.RULED, act=text, rulings=(text,))
    free = FreeRun(scenario="s", outcome=Free.BROKEN, broken=(text,))
    run = Run(cells=(replace(bad, findings=found), ruled), free=(free,),
              rulings=(Reason(slug="x", found=text, needed=text),))  # fmt: skip
    failures = [InputError("unreadable", text, text, text)]
    return told_of(run, scenarios=(), failures=failures)


def test_hostile_text_is_shown_and_breaks_nothing() -> None:
    root = read(hostile(HOSTILE))

    text = suite(root, "s").findtext("testcase/error", "")
    assert "<script>x</script>" in text
    assert "]]>" in text
    assert r"\x00\x1b[2J\x85\u2028\u202e\ud800\ufffe" in text


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_no_character_breaks_the_document(text: str) -> None:
    read(hostile(text))

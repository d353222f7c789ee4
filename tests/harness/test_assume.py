"""Assumptions: printed, counted as `assumed`, and good for no clearance."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main
from harness.compose import compose
from harness.document import parse_document
from harness.errors import InputError
from harness.run import run
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, scenario_of
from harness.verdict import verdict
from tests.harness import toy_project
from tests.harness.planted import ROOT, said
from tests.harness.recorded_desk import recording_project

TEXT = """\
id: r
title: A recorded return
provenance: {kind: recorded, source: test}
given:
  now: 2026-03-02T10:00:00Z
  loans: [{id: ln_1, due: 2026-03-01T10:00:00Z}]
  unknown: [member]
when:
  - {at: +3d, act: desk.return, loan: ln_1}
"""
ASSUME = "assume: {member: {fine: 5, blocked: false}}\n"


def read(text: str, *, recorder: bool = True) -> Scenario:
    toy_project.project  # noqa: B018  # puts the desk's packages on the path
    from desk_recording import KIT

    kit = KIT if recorder else toy_project.KIT
    return scenario_of(parse_document(text.encode(), "r.yaml"), Vocabulary(kit=kit))


def refused(text: str, *, recorder: bool = True) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text, recorder=recorder)
    return caught.value


def test_what_is_assumed_becomes_given_and_is_evidence_of_its_own_kind() -> None:
    plain, assumed = read(TEXT), read(TEXT + ASSUME)

    assert (plain.evidence, plain.assumed, plain.given.unknown) == ("recorded", (), ("member",))
    assert (assumed.evidence, assumed.assumed) == ("assumed", ("member",))
    assert (assumed.given.member.fine, assumed.given.unknown) == (5, ())
    assert assumed.provenance.kind == "recorded"


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        (TEXT + "assume: {}\n", "assume-empty", "nothing is assumed"),
        (TEXT + "assume: {loans: []}\n", "assume-impossible", "loans was recorded"),
        (TEXT + "assume: {member: {fines: 5}}\n", "unknown-key", "assume.member.fines"),
        (TEXT + "assume: {member: {fine: '5'}}\n", "wrong-type", "assume.member.fine"),
        (TEXT + "assume: [member]\n", "wrong-type", "assume"),
        (
            TEXT.replace("kind: recorded", "kind: curated")
            + ASSUME
            + "then: {truth: {owes: 0}}\n",
            "assume-unrecorded",
            "only a recorded scenario",
        ),
    ],
)
def test_what_cannot_be_assumed_is_refused_where_it_stands(
    text: str, slug: str, message: str
) -> None:
    error = refused(text)

    assert error.slug == slug
    assert message in error.message
    assert error.where == "r.yaml:10"


def test_what_is_wrong_with_given_is_not_blamed_on_what_is_assumed() -> None:
    error = refused(TEXT.replace("2026-03-01T10:00:00Z}", "yesterday}") + ASSUME)

    assert (error.slug, error.where) == ("given-impossible", "r.yaml:6")


def test_a_kit_without_a_recorder_refuses_to_assume() -> None:
    text = TEXT.replace("  unknown: [member]\n", "") + ASSUME

    assert refused(text, recorder=False).slug == "assume-unsupported"


def test_assumed_cells_are_compared_counted_apart_and_credited_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    config = recording_project(tmp_path, r=TEXT + ASSUME)
    composition = compose(config, ())

    from harness.moment import today

    decided = verdict(composition, run(composition, today=today()), today=today())

    assert decided.kinds == {"assumed": 2}
    path = decided.paths["webhook.loan_returned"].evidence
    assert (path.compared, path.distinct, path.branches.own.n) == (1, {}, 0)


def test_what_is_assumed_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = recording_project(tmp_path, r=TEXT + ASSUME)

    main(["show", "r", "--config", str(config)])
    shown = capsys.readouterr().out
    _, document = said("show", "r", "--config", str(config))

    assert "\n  assumed      member\n" in shown
    assert document["assumed"] == ["member"]

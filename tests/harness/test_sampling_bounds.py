"""The condition `bounds`: a sample that is as it should be, and a fault for each rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.condition import Condition
from harness.model import Cell, Outcome
from harness.record import recorded_file
from harness.sampling.account import RECORDERS, Account, Recorded, Standing
from harness.sampling.bounds import bounds
from harness.sampling.burned import Burned
from harness.sampling.claim import Asked, share_told
from harness.sampling.draw import Part
from harness.sampling.drawn_list import sizes_of
from harness.sampling.frame import Frame, Stratum
from harness.sampling.ledger import BEGIN, Drawn, Evaluated, Ledger
from harness.sampling.sampled import Draught, Sampling
from harness.sampling.tally import tally
from harness.scenario import Item, Provenance, Scenario
from tests.harness.cell_builder import PATH, START, cell

DAY = date(2026, 4, 2)
PRO, FREE = "currency=usd,segment=pro", "currency=usd,segment=free"
OTHER = "api.pay"
SECTION = {"wrong_max": Fraction(1, 10), "confidence": Fraction(19, 20)}
LEDGER = Path("scenarios/ledger.jsonl")


def recorded(id: str, items: int = 1, **changes: Any) -> Scenario:
    """A recorded scenario with its look and so many events."""
    values: dict[str, Any] = {
        "id": id, "title": "", "family": "", "ticket": "", "deliverable": "",
        "provenance": Provenance(kind="recorded", source="shadow record events"),
        "faults": (), "given": None, "now": START,
        "when": tuple(Item(kind="webhook", at=START + n, name="x") for n in range(items)),
        "then": None, "observed": (), "file": "", "sha256": "",
    }  # fmt: skip
    return Scenario(**{**values, **changes})


def cells_of(
    id: str, *outcomes: Outcome, stratum: str = "pro", path: str = PATH, **changes: Any
) -> tuple[Cell, ...]:
    """The look of a recording, and an event a given outcome, in which a path runs."""
    values: dict[str, Any] = {
        "stratum": {"segment": stratum, "currency": "usd"}, "provenance": "recorded", **changes,
    }  # fmt: skip
    look = cell(f"{id}#0", (), **values)
    return (
        look,
        *(cell(f"{id}#{n}", (path,), one, **values) for n, one in enumerate(outcomes, 1)),
    )


def member(number: int, stratum: str = "pro") -> str:
    return f"recorded-{stratum}-{number:03d}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A sample of 60 of 100 accounts that all agree; `replace(Case(), …)` plants a fault."""

    parts: Mapping[str, Part] = field(
        default_factory=lambda: {
            PRO: Part(accounts=100, drawn=tuple(member(n) for n in range(60)), burned=())
        }
    )
    scenarios: Mapping[str, Scenario] = field(
        default_factory=lambda: {member(n): recorded(member(n)) for n in range(60)}
    )
    cells: Mapping[str, Sequence[Cell]] = field(
        default_factory=lambda: {member(n): cells_of(member(n), Outcome.AGREE) for n in range(60)}
    )
    paths: tuple[str, ...] = (PATH,)
    section: Mapping[str, Fraction] | None = field(default_factory=lambda: SECTION)
    production: bool = False
    draught: Draught = Draught.VERIFIED
    doubt: str = ""
    broken: str = ""
    burned: tuple[str, ...] = ()
    candidate: str = "candidate"
    earlier: Callable[[Case], Sequence[Drawn | Evaluated]] = lambda _: ()
    evaluated: bool = True

    @property
    def entry(self) -> Drawn:
        return Drawn(
            date=DAY, frame="f" * 64, candidate="candidate", acceptances="rulings",
            sample="s" * 64, strata=sizes_of(self.parts), previous=BEGIN,
            burned=0, burned_sha256="",
        )  # fmt: skip

    def entered(self, **changes: Any) -> Evaluated:
        """The line that says what comes of the sample."""
        everyone = Recorded(self.scenarios.values(), self.every_cell())
        counted = tally(self.parts, everyone, self.paths)
        values: dict[str, Any] = {
            "date": DAY, "frame": "f" * 64, "candidate": self.candidate, "acceptances": "rulings",
            "sample": "s" * 64, "strata": sizes_of(self.parts), "previous": BEGIN,
            "recorded": dict(counted.recorded),
            "results": {path: dict(strata) for path, strata in counted.results.items()},
        }  # fmt: skip
        return Evaluated(**{**values, **changes})

    def every_cell(self) -> list[Cell]:
        return [one for cells in self.cells.values() for one in cells]

    def sampling(self) -> Sampling:
        strata = [
            Stratum(name=name, accounts=part.accounts, sha256="", ids=None, where="frame.yaml:8")
            for name, part in self.parts.items()
        ]
        last = (self.entered(),) if self.evaluated else ()
        entries = (self.entry, *self.earlier(self), *last)
        return Sampling(
            frame=Frame(
                what="accounts", begins=DAY, ends=DAY, source="", made="", strata=tuple(strata),
                sha256="f" * 64, file="frame.yaml",
            ),
            ledger=Ledger(file=LEDGER, entries=entries, broken=self.broken),
            burned=Burned(file=Path("burned.jsonl"), accounts=self.burned),
            candidate=self.candidate,
            acceptances="rulings",
            entry=self.entry,
            draw=self.parts,
            draught=self.draught,
            doubt=self.doubt,
        )  # fmt: skip

    def condition(self, *, sampling: Sampling | None = None) -> Condition:
        return bounds(
            sampling or self.sampling(),
            scenarios=self.scenarios.values(),
            cells=self.every_cell(),
            paths=self.paths,
            section=self.section,
            production=self.production,
        )

    def having(self, id: str, scenario: Scenario | None = None, *cells: Cell) -> Case:
        """Another recording of an account, or none."""
        scenarios, every = dict(self.scenarios), dict(self.cells)
        scenarios.pop(id, None)
        every.pop(id, None)
        if scenario is not None:
            scenarios[id], every[id] = scenario, cells
        return replace(self, scenarios=scenarios, cells=every)


def whole(case: Case) -> list[str]:
    return [reason.slug for reason in case.condition().whole]


def of_path(case: Case, path: str = PATH) -> list[str]:
    return [reason.slug for reason in case.condition().paths[path]]


def claim(case: Case, path: str = PATH, stratum: str = PRO) -> dict[str, Any]:
    rows = case.condition().detail["claims"]
    return next(row for row in rows if (row["path"], row["stratum"]) == (path, stratum))


# --- as it should be


def test_a_sample_in_which_all_agree_closes_nothing() -> None:
    condition = Case().condition()

    assert (condition.key, condition.asked) == ("bounds", True)
    assert condition.whole == ()
    assert condition.paths[PATH] == ()
    assert condition.evidence == (
        "verified, draw 1 of 2026-04-02; 60 of 100 accounts in 1 strata; frame ffffffffffff; "
        f"wrong on the worst path 0; widest bound 3/100 ((given), {PRO}), asked 1/10"
    )
    assert claim(Case()) == {
        "path": PATH, "stratum": PRO, "method": "hypergeometric", "ran": 60, "agree": 60,
        "ruled": 0, "wrong": 0, "wrong_burned": 0, "bound": "3/100", "bound_raw": "3/100",
        "bound_at_once": "1/25", "met": True, "met_at_once": True, "enough": 28,
    }  # fmt: skip


def test_the_source_of_a_recording_is_the_command_that_records() -> None:
    assert {recorded_file.SOURCE} == RECORDERS


# --- what closes every path


def test_without_a_frame_the_condition_closes_where_it_is_asked() -> None:
    def weighed(section: Mapping[str, Fraction] | None, *, production: bool) -> Condition:
        return bounds(
            None, scenarios=(), cells=(), paths=(), section=section, production=production
        )

    for condition in (weighed(SECTION, production=False), weighed(None, production=True)):
        assert [reason.slug for reason in condition.closing()] == ["frame-missing"]
    assert weighed(None, production=False).closing() == ()
    assert weighed(None, production=False).told == (
        "bounds from sampled recordings: no evidence yet"
    )


def test_nothing_drawn_from_the_present_frame_closes() -> None:
    case = Case()
    nothing = replace(case.sampling(), entry=None, draw={})

    (reason,) = case.condition(sampling=nothing).whole
    assert reason.slug == "sample-missing"
    assert reason.found == "1 draws, none from the frame ffffffffffff"


def reused(count: int = 1, **changes: Any) -> Callable[[Case], Sequence[Evaluated]]:
    return lambda case: [case.entered(**changes)] * count


FAULTS: dict[str, tuple[Case, str, str]] = {
    "a broken ledger": (
        Case(broken="ledger.jsonl:3: the line before it is not"), "ledger-broken", "jsonl:3",
    ),
    "a list that is not the one that was drawn": (
        Case(draught=Draught.CHANGED, doubt="a.ids: chance draws others"),
        "sample-not-as-drawn", "chance draws others",
    ),
    "a draw that nobody can make again, at production": (
        Case(draught=Draught.ASSERTED, production=True), "sample-asserted", "not there",
    ),
    "a drawn account that was burned": (
        Case(burned=(member(7), member(99))), "sample-burned", "= 1: recorded-pro-007",
    ),
    "an evaluation that nobody entered": (
        Case(evaluated=False), "ledger-missing-evaluation", "of this sample entered: 0",
    ),
    "an evaluation that was entered with other counts": (
        replace(
            Case(evaluated=False),
            earlier=lambda case: [
                Case().having(member(3)).entered(recorded={PRO: 60}),
            ],
        ),
        "ledger-missing-evaluation", "of this sample entered: 1",
    ),
    "an ancestor that was evaluated on the same accounts": (
        Case(earlier=reused(3, candidate="ancestor")), "sample-reused", "reused 3\u00d7",
    ),
    "other rulings that were tried on the same accounts": (
        Case(earlier=reused(acceptances="fewer rulings")), "sample-reused", "reused 1\u00d7",
    ),
    "a result that was worse on the same accounts": (
        replace(
            Case(),
            earlier=lambda _: [
                Case().having(
                    member(3), recorded(member(3)), *cells_of(member(3), Outcome.DIVERGE)
                ).entered()
            ],
        ),
        "sample-reused", "reused 1\u00d7",
    ),
    "a result that was worse on the same accounts, and lacked a recording besides": (
        replace(
            Case(),
            earlier=lambda _: [
                Case().having(member(5)).having(
                    member(3), recorded(member(3)), *cells_of(member(3), Outcome.DIVERGE)
                ).entered()
            ],
        ),
        "sample-reused", "reused 1\u00d7",
    ),
    "a sample that was drawn for another candidate": (
        Case(candidate="descendant"), "sample-reused", "drawn for another candidate",
    ),
    "a copy of accounts that an ancestor was evaluated on": (
        Case(
            draught=Draught.ASSERTED,
            earlier=reused(candidate="ancestor", sample="t" * 64),
        ),
        "sample-reused", "reused 1\u00d7",
    ),
    "a stratum of which nothing was drawn, at production": (
        Case(
            production=True,
            parts={**Case().parts, FREE: Part(accounts=5, drawn=(), burned=())},
        ),
        "stratum-empty", f"{FREE}: 0 of 5",
    ),
    "a stratum without an account, at production": (
        Case(
            production=True,
            parts={**Case().parts, FREE: Part(accounts=0, drawn=(), burned=())},
        ),
        "stratum-empty", f"{FREE}: 0 of 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_closes_every_path_by_its_name(fault: str) -> None:
    case, slug, said = FAULTS[fault]

    reasons = {reason.slug: reason for reason in case.condition().whole}
    assert set(reasons) == {slug} | (
        {"sample-reused"} if fault.startswith("an evaluation that was entered") else set()
    )
    assert said in reasons[slug].found
    assert f"no credit: {slug}" in case.condition().evidence
    assert slug in [reason.slug for reason in case.condition().closing()]
    assert replace(case, section=None, production=False).condition().closing() == ()


SOUND: dict[str, Case] = {
    "a draw that is only said to be one, at rehearsal": Case(draught=Draught.ASSERTED),
    "an account that was burned and never drawn": Case(burned=(member(99),)),
    "a stratum of which nothing was drawn, at rehearsal": Case(
        parts={**Case().parts, FREE: Part(accounts=5, drawn=(), burned=())}
    ),
    "an evaluation before all was recorded": replace(
        Case(), earlier=lambda _: [Case().having(member(3)).entered()]
    ),
    "the same evaluation entered before": Case(earlier=reused(2)),
    "an ancestor that was evaluated on accounts drawn apart": Case(
        earlier=reused(candidate="ancestor", sample="t" * 64)
    ),
    "a later candidate, tried after this one": replace(
        Case(evaluated=False),
        earlier=lambda case: [case.entered(), case.entered(candidate="descendant")],
    ),
}


@pytest.mark.parametrize("case", SOUND)
def test_what_is_no_fault_closes_nothing(case: str) -> None:
    assert whole(SOUND[case]) == []
    assert of_path(SOUND[case]) == []


def test_a_stratum_of_which_nothing_was_drawn_has_no_claim() -> None:
    row = claim(SOUND["a stratum of which nothing was drawn, at rehearsal"], stratum=FREE)

    assert (row["bound"], row["met"], row["met_at_once"]) == (None, False, False)


# --- what closes a path: an account that is wrong


def spoiled(id: str, outcome: Outcome) -> tuple[Cell, ...]:
    """A recording whose event has an outcome that nobody can lay at a path's door."""
    return (*cells_of(id)[:1], *cells_of(id, outcome, own={})[1:])


ONE = member(0)
WRONG: dict[str, tuple[Scenario | None, tuple[Cell, ...], str]] = {
    "no recording": (None, (), "no recording"),
    "a difference": (recorded(ONE), cells_of(ONE, Outcome.DIVERGE), ""),
    "a simulation": (
        recorded(ONE, provenance=Provenance(kind="simulated", source="seed 1")),
        cells_of(ONE, Outcome.AGREE, provenance="simulated"), "simulated, not recorded",
    ),
    "a curated scenario": (
        recorded(ONE, provenance=Provenance(kind="curated", source="x")),
        cells_of(ONE, Outcome.AGREE, provenance="curated"), "curated, not recorded",
    ),
    "a find": (
        recorded(ONE, provenance=Provenance(kind="found", source="x")),
        cells_of(ONE, Outcome.AGREE, provenance="found"), "found, not recorded",
    ),
    "an assumption": (
        recorded(ONE, assumed=("member",)),
        cells_of(ONE, Outcome.AGREE, provenance="assumed"), "assumed: member",
    ),
    "a simulation passed off as recorded": (
        recorded(ONE, provenance=Provenance(kind="recorded", source="simulator, seed 7")),
        cells_of(ONE, Outcome.AGREE), "its source is 'simulator, seed 7'",
    ),
    "another stratum": (
        recorded(ONE), cells_of(ONE, Outcome.AGREE, stratum="free"), f"of the stratum {FREE}",
    ),
    "a lost cell": (recorded(ONE, items=2), cells_of(ONE, Outcome.AGREE), "2 cells"),
    "no cell at all": (recorded(ONE), (), "0 cells"),
    "a doubled cell": (
        recorded(ONE), (*cells_of(ONE, Outcome.AGREE), *cells_of(ONE)), "3 cells",
    ),
    **{
        str(outcome): (recorded(ONE), spoiled(ONE, outcome), str(outcome))
        for outcome in (
            Outcome.NOT_RUN, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNSTABLE, Outcome.DRIFT,
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_an_account_that_proves_nothing_is_wrong(fault: str) -> None:
    scenario, cells, said = WRONG[fault]
    case = Case().having(ONE, scenario, *cells)

    row = claim(case)
    assert (row["agree"], row["ruled"], row["wrong"], row["bound"]) == (59, 0, 1, "3/50")
    assert (
        [said in trouble for trouble in case.condition().detail["troubles"].values()] == [True]
        if said
        else case.condition().detail["wrong"] == {PATH: [ONE]}
    )


@pytest.mark.parametrize("fault", [one for one in WRONG if one != "a difference"])
def test_an_account_that_proves_nothing_is_wrong_on_every_path(fault: str) -> None:
    """Also on paths that never ran in it: who knows what it would have shown."""
    scenario, cells, _ = WRONG[fault]
    case = replace(Case(), paths=(PATH, OTHER)).having(ONE, scenario, *cells)

    assert claim(case, OTHER)["wrong"] == 1


def test_a_difference_is_wrong_on_its_own_path_alone() -> None:
    scenario, cells, _ = WRONG["a difference"]
    case = replace(Case(), paths=(PATH, OTHER)).having(ONE, scenario, *cells)

    assert (claim(case, PATH)["wrong"], claim(case, OTHER)["wrong"]) == (1, 0)


def test_too_many_wrong_close_the_path_with_the_inequality_and_what_would_be_enough() -> None:
    case = Case()
    for number in range(4):
        one = member(number)
        case = case.having(one, recorded(one), *cells_of(one, Outcome.DIVERGE))

    (reason,) = case.condition().paths[PATH]
    assert reason.slug == "bound-too-wide"
    assert reason.found == (
        f"{PRO}: wrong 4 of 60 drawn, of 100 accounts, hypergeometric at confidence 39/40"
    )
    assert reason.needed == "3/25 <= 1/10; with 4 wrong, drawn 60 >= 68"


def test_what_no_draw_can_bound_says_so() -> None:
    case = Case()
    for number in range(11):
        case = case.having(member(number))

    assert (
        case.condition()
        .paths[PATH][0]
        .needed.endswith("no draw is enough: too many are wrong already")
    )


def test_a_ruled_account_is_not_wrong_and_not_agreement() -> None:
    case = Case().having(ONE, recorded(ONE), *cells_of(ONE, Outcome.RULED))

    row = claim(case)
    assert (row["agree"], row["ruled"], row["wrong"]) == (59, 1, 0)
    assert (row["bound"], row["bound_raw"]) == ("3/100", "3/50")


def test_strata_are_never_pooled() -> None:
    """Four of sixty wrong are too many in one stratum, whatever a thousand others show."""
    case = Case()
    for number in range(4):
        one = member(number)
        case = case.having(one, recorded(one), *cells_of(one, Outcome.DIVERGE))
    free = [member(number, "free") for number in range(400)]
    case = replace(
        case,
        parts={**case.parts, FREE: Part(accounts=500, drawn=tuple(free), burned=())},
        scenarios={**case.scenarios, **{one: recorded(one) for one in free}},
        cells={
            **case.cells, **{one: cells_of(one, Outcome.AGREE, stratum="free") for one in free}
        },
    )  # fmt: skip

    (reason,) = case.condition().paths[PATH]
    assert reason.found.startswith(PRO)
    assert claim(case, stratum=FREE)["met"]


def test_a_path_that_ran_in_no_drawn_account_is_closed() -> None:
    case = replace(Case(), paths=(PATH, OTHER))

    assert of_path(case) == []
    assert of_path(case, OTHER) == ["bound-path-not-run"]


def test_a_census_is_the_exact_fraction_whoever_looked_at_it_before() -> None:
    everyone = {PRO: Part(accounts=60, drawn=Case().parts[PRO].drawn, burned=())}
    case = replace(
        Case(parts=everyone, burned=(member(5),), candidate="descendant"),
        earlier=reused(candidate="ancestor"),
    ).having(ONE, recorded(ONE), *cells_of(ONE, Outcome.DIVERGE))

    assert whole(case) == []
    assert (claim(case)["method"], claim(case)["bound"]) == ("census", "1/60")


def test_accounts_burned_before_the_draw_count_as_they_are() -> None:
    burned = (member(70), member(71), member(72))
    part = Part(accounts=100, drawn=Case().parts[PRO].drawn, burned=burned)
    case = Case(parts={PRO: part}, burned=burned)
    one = burned[0]
    case = case.having(one, recorded(one), *cells_of(one, Outcome.AGREE))

    assert claim(case)["wrong_burned"] == 2  # two of the three have no recording


# --- what is asked


def test_at_production_the_built_in_bound_holds_where_the_policy_names_none() -> None:
    case = Case(section=None, production=True)

    assert case.condition().detail["wrong_max"] == "1/1000"
    (reason,) = case.condition().paths[PATH]
    assert reason.needed == "3/100 <= 1/1000; with 0 wrong, drawn 60 >= 98"


def test_where_nothing_is_asked_figures_are_told_and_no_bound_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "harness.sampling.claim.bound_of", lambda *_, **__: pytest.fail("a bound is computed")
    )
    condition = Case(section=None).condition()

    assert (condition.asked, condition.paths) == (False, {})
    assert condition.evidence.endswith("wrong on the worst path 0")


@given(st.integers(1, 400), st.fractions(Fraction(1, 2), Fraction(999, 1000)))
def test_all_draws_of_a_ledger_together_spend_no_more_than_the_whole_error(
    draws: int, confidence: Fraction
) -> None:
    asked = Asked(confidence=confidence)
    spent = [asked.alpha(number) for number in range(1, draws + 1)]

    assert sum(spent) < 1 - confidence
    assert spent == sorted(spent, reverse=True)
    assert spent[0] == (1 - confidence) / 2


def test_a_later_draw_of_the_ledger_has_to_bring_more() -> None:
    case = Case()
    sampling = case.sampling()
    before = [replace_drawn(case.entry, sample=letter * 64) for letter in "xyz"]
    fourth = replace(
        sampling, ledger=replace(sampling.ledger, entries=(*before, *sampling.ledger.entries))
    )

    detail = case.condition(sampling=fourth).detail
    assert (detail["draw"], detail["alpha"], detail["alpha_at_once"]) == (4, "1/400", "1/800")
    assert {row["enough"] for row in detail["claims"]} == {40}


def replace_drawn(entry: Drawn, **changes: Any) -> Drawn:
    return msgspec.structs.replace(entry, **changes)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(7, 41_210), "7/41210"),
        (Fraction(0), "0"),
        (Fraction(1), "1"),
        (Fraction(1, 1000), "1/1000"),
        (Fraction(999_711, 10**9), "0.000999711"),
        (Fraction(1_000_001, 10**9), "0.001000001"),
    ],
)
def test_a_share_is_shown_exactly(share: Fraction, shown: str) -> None:
    assert share_told(share) == shown
    assert Fraction(shown) == share


# --- an account


@given(st.lists(st.sampled_from(list(Outcome)), max_size=4))
def test_an_account_is_what_the_worst_of_its_own_cells_is(outcomes: list[Outcome]) -> None:
    standing = Account(id="a", own={PATH: outcomes}).standing(PATH)

    if set(outcomes) <= {Outcome.AGREE}:
        assert standing is Standing.AGREE
    elif set(outcomes) <= {Outcome.AGREE, Outcome.RULED}:
        assert standing is Standing.RULED
    else:
        assert standing is Standing.WRONG
    assert Account(id="a", trouble="x", own={PATH: outcomes}).standing(PATH) is Standing.WRONG

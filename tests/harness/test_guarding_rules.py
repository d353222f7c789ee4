"""`shadow guard` over ranges that touch what judges: policy, rulings, manifest, owners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.guarding.guard import guard
from harness.manifest import Manifest, Tombstone
from harness.manifest_file import render
from tests.harness.guarded_control import FINE, REGISTRY
from tests.harness.guarded_repo import (
    BASE,
    DAY,
    MANIFEST,
    OWNERS,
    POLICY,
    RULING,
    Repo,
    repo,
    scenario_pin,
)

LOOSE = POLICY.replace("sound_agree: 3", "sound_agree: 2")


@pytest.fixture
def desk(tmp_path: Path) -> Repo:
    return repo(tmp_path)


def record(day: str, key: str = "floors.sound_agree") -> str:
    """A relaxation, as it stands in the policy."""
    return f"relaxations: [{{key: {key}, reason: few books, decision: D-1, date: {day}}}]\n"


# The policy.


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("sound_agree: 3", "sound_agree: 2", "floors.sound_agree = 2, was 3"),
        ("1/50", "1/20", "intended_change_max = '1/20', was 1/50"),
        ("repairs_proven: 1/1\n", "", "repairs_proven = missing, was 1/1"),
        ("repairs_proven: 1/1", "repairs_proven: most", "repairs_proven = 'most', was 1/1"),
        ("level: production", "level: rehearsal", "level = 'rehearsal', was production"),
        ("[ledger, trust]", "[ledger, trust, ada]", "approvers = with, was without ada"),
    ],
)
def test_a_looser_policy_is_refused(desk: Repo, old: str, new: str, found: str) -> None:
    desk.commit({"scenarios/gate.yaml": POLICY.replace(old, new)})

    assert desk.refused() == [("policy-loosened", found)]


def test_a_section_that_is_gone_is_looser(desk: Repo) -> None:
    section = "mutants: {told_apart: 1/1, candidate: 1/1, crash_max: 3/20, waived_max: 3/100}\n"
    desk.commit({"scenarios/gate.yaml": POLICY + section})
    desk.merge()
    desk.commit({"scenarios/gate.yaml": POLICY})

    assert desk.refused() == [("policy-loosened", "mutants = missing, was asked for")]


def test_a_figure_of_which_nobody_knows_the_direction_may_not_move(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": POLICY + "patience: 5\n"})
    desk.merge()
    desk.commit({"scenarios/gate.yaml": POLICY + "patience: 6\n"})

    assert desk.refused() == [("policy-loosened", "patience = 6, was 5")]


def test_a_policy_that_cannot_be_read_asks_for_nothing(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": "level: [\n"})

    assert set(desk.slugs()) == {"policy-loosened"}


def test_a_policy_in_another_place_is_the_policy_all_the_same(desk: Repo) -> None:
    table = BASE["pyproject.toml"].replace("scenarios/gate.yaml", "easy.yaml")
    desk.commit({"pyproject.toml": table, "easy.yaml": LOOSE})

    assert desk.refused() == [("policy-loosened", "floors.sound_agree = 2, was 3")]


def test_scenarios_in_another_place_are_pinned_all_the_same(desk: Repo) -> None:
    table = BASE["pyproject.toml"].replace('scenarios = "scenarios"', 'scenarios = "few"')
    desk.commit({"pyproject.toml": table})

    assert "manifest-line-removed" in desk.slugs()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1/50", "1/100"),
        ("1/50", "2/100"),
        ("sound_agree: 3", "sound_agree: 4"),
        ("approvers: [ledger, trust]", "approvers: [trust]"),
    ],
)
def test_a_tighter_policy_passes(desk: Repo, old: str, new: str) -> None:
    desk.commit({"scenarios/gate.yaml": POLICY.replace(old, new)})

    assert desk.refused() == []


def test_a_policy_is_loosened_by_a_record_of_the_same_range(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-03-04")})

    assert desk.refused() == []


@pytest.mark.parametrize("day", ["2026-03-01", "2026-03-06", "soon"])
def test_a_record_has_the_date_of_its_range(desk: Repo, day: str) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record(day)})

    (one,) = desk.guard()["refusals"]

    assert one["slug"] == "policy-loosened"
    assert one["needed"].endswith("dated 2026-03-03 to 2026-03-04")


def test_a_record_of_another_threshold_is_no_record(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-03-04", "intended_change_max")})

    assert desk.slugs() == ["policy-loosened"]


def test_a_record_that_stood_before_is_of_another_loosening(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-03-04")})
    desk.merge()
    looser = LOOSE.replace("sound_agree: 2", "sound_agree: 1")
    desk.commit({"scenarios/gate.yaml": looser + record("2026-03-04")})

    assert desk.refused() == [("policy-loosened", "floors.sound_agree = 1, was 2")]


def gutted(desk: Repo, days: int = 0) -> None:
    desk.commit(
        {"old_desk/fine.py": FINE.replace("    loan = ports", "    return\n    loan = ports")},
        days=days,
    )


def test_a_policy_loosened_in_one_commit_and_used_in_the_next(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-03-04")})
    gutted(desk)

    refused = desk.refused()

    assert (
        "relaxation-young",
        "key floors.sound_agree; date 2026-03-04; decision D-1: merged in this range",
    ) in refused
    assert (
        "deleted-with-its-judge",
        "the gate's policy changes with the deletion: scenarios/gate.yaml",
    ) in refused


def test_a_relaxation_is_as_old_as_the_commit_that_brought_it(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-01-01")})
    desk.merge()
    gutted(desk, days=3)

    found = [text for slug, text in desk.refused() if slug == "relaxation-young"]

    assert found == [
        "key floors.sound_agree; date 2026-01-01; decision D-1: merged on 2026-03-04T12:00:00Z"
    ]


def test_a_relaxation_of_seven_days_is_old_enough(desk: Repo) -> None:
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-03-04")})
    desk.merge()
    gutted(desk, days=7)

    assert "relaxation-young" not in desk.slugs()


def test_a_commit_that_claims_to_be_old_is_no_older_than_its_history(desk: Repo) -> None:
    desk.commit({"docs/a.md": "# A\n"})
    desk.clock -= 60 * DAY
    desk.commit({"scenarios/gate.yaml": LOOSE + record("2026-01-04")})
    desk.merge()
    desk.clock += 60 * DAY
    gutted(desk)

    found = [text for slug, text in desk.refused() if slug == "relaxation-young"]

    assert [text.rpartition(": ")[2] for text in found] == ["merged on 2026-03-04T12:00:00Z"]


# Rulings.


def ruling(number: int, expires: str = "2026-06-01", approver: str = "ledger") -> str:
    return RULING.format(id=f"R-{number}", approver=approver, expires=expires)


def rulings(count: int, expires: str = "2026-06-01") -> Mapping[str, str]:
    return {f"scenarios/rulings/R-{n}.yaml": ruling(n, expires) for n in range(count)}


def test_three_renewals_of_nothing_but_the_date_are_a_mass_renewal(desk: Repo) -> None:
    desk.commit(dict(rulings(4)))
    desk.merge()
    desk.commit(dict(rulings(3, "2026-08-01")))

    assert desk.refused() == [
        (
            "ruling-mass-renewal",
            "3 only run longer than before: ruling R-0, ruling R-1, ruling R-2",
        )
    ]


def test_two_renewals_pass(desk: Repo) -> None:
    desk.commit(dict(rulings(4)))
    desk.merge()
    desk.commit(dict(rulings(2, "2026-08-01")))

    assert desk.refused() == []


def test_renewals_that_pass_are_listed(desk: Repo) -> None:
    desk.commit(dict(rulings(4)))
    desk.merge()
    desk.commit(dict(rulings(1, "2026-08-01")))
    said: list[str] = []
    at = desk.folder / "pyproject.toml"
    guard(at, base="main", head="HEAD", level="production", as_json=False, say=said.append,
          clock=desk.clock + 3_600)  # fmt: skip

    assert desk.guard()["renewed"] == [
        {
            "name": "ruling R-0",
            "file": "scenarios/rulings/R-0.yaml",
            "was": "2026-06-01",
            "until": "2026-08-01",
        }
    ]
    row = "  ruling R-0  until 2026-08-01, was 2026-06-01, scenarios/rulings/R-0.yaml\n"
    assert f"Signed again, to run longer and say the same\n{row}" in said[0]


def test_where_nothing_is_renewed_nothing_is_listed(desk: Repo) -> None:
    desk.commit(dict(rulings(1)))

    assert desk.guard()["renewed"] == []


def test_a_renewal_under_another_name_is_one(desk: Repo) -> None:
    desk.commit(dict(rulings(3)))
    desk.merge()
    renamed: dict[str, str | None] = {
        file.replace("R-", "R-new-"): text.replace("id: R-", "id: R-new-")
        for file, text in rulings(3, "2026-08-01").items()
    }
    desk.commit(renamed | dict.fromkeys(rulings(3)))

    assert desk.slugs() == ["ruling-mass-renewal"]


def test_a_renewal_with_another_date_of_creation_and_some_blanks_is_one(desk: Repo) -> None:
    desk.commit(dict(rulings(3)))
    desk.merge()
    later = {
        file: text.replace("2026-02-01", "2026-03-05").replace("a day.", "a  day")
        for file, text in rulings(3, "2026-08-01").items()
    }
    desk.commit(dict(later))

    assert desk.slugs() == ["ruling-mass-renewal"]


def test_rulings_that_say_why_anew_are_no_mass_renewal(desk: Repo) -> None:
    desk.commit(dict(rulings(3)))
    desk.merge()
    looked_at = {
        file: text.replace("An hour late", f"Looked at in March, case {number}: an hour late")
        for number, (file, text) in enumerate(rulings(3, "2026-08-01").items())
    }
    desk.commit(dict(looked_at))

    assert desk.refused() == []


@pytest.mark.parametrize(
    "author",
    [
        "ledger <x@desk.example>",
        "Ledger <x@desk.example>",
        "X <ledger@desk.example>",
        "X <LEDGER@desk.example>",
        "X <ledger+git@desk.example>",
        "X <12345+ledger@users.noreply.example>",
    ],
)
def test_nobody_approves_what_he_wrote(desk: Repo, author: str) -> None:
    desk.commit({"scenarios/rulings/R-9.yaml": ruling(9)}, by=author)

    (one,) = desk.guard()["refusals"]

    assert one["slug"] == "ruling-approved-by-author"
    assert one["found"].startswith("ruling R-9 is approved by 'ledger', who wrote it in commit ")
    assert one["file"] == "scenarios/rulings/R-9.yaml"


def test_whoever_only_commits_it_or_writes_with_the_author_counts_too(desk: Repo) -> None:
    together = "rule\n\nCo-authored-by: ledger <ledger@desk.example>"
    desk.commit({"scenarios/rulings/R-8.yaml": ruling(8)}, message=together)
    first = desk.slugs()
    desk.git("reset", "--quiet", "--hard", "main")
    desk.write({"scenarios/rulings/R-9.yaml": ruling(9)})
    desk.git("add", "--all")
    desk.git("commit", "--quiet", "-m", "rule", GIT_COMMITTER_NAME="Ledger")

    assert first == ["ruling-approved-by-author"]
    assert desk.slugs() == ["ruling-approved-by-author"]


def test_a_ruling_that_somebody_else_wrote_passes(desk: Repo) -> None:
    desk.commit({"scenarios/rulings/R-9.yaml": ruling(9)})

    assert desk.refused() == []


def test_an_old_ruling_of_the_author_is_not_his_affair_today(desk: Repo) -> None:
    desk.commit({"README.md": "# By ledger\n"}, by="ledger <ledger@desk.example>")

    assert desk.refused() == []


def test_an_approver_who_comes_with_his_ruling_approves_nothing(desk: Repo) -> None:
    more = POLICY.replace("[ledger, trust]", "[ledger, trust, finance]")
    desk.commit({"scenarios/gate.yaml": more})
    desk.commit({"scenarios/rulings/R-9.yaml": ruling(9, approver="finance")})

    assert desk.refused() == [
        ("policy-loosened", "approvers = with, was without finance"),
        (
            "ruling-approver-added",
            "ruling R-9 is approved by 'finance', who is no approver at the merge base",
        ),
    ]


def test_a_statement_without_a_sound_case_is_a_signature_as_well(desk: Repo) -> None:
    said = (
        "no_sound_case: {desk.fine: {reason: none, decision: D-1, approver: trust, "
        "expires: 2026-06-01}}\n"
    )
    desk.commit({"scenarios/gate.yaml": POLICY + said}, by="Trust <t@desk.example>")

    assert [slug for slug, _ in desk.refused()] == ["ruling-approved-by-author"]


# The manifest.


def pinned(manifest: Manifest) -> dict[str, str | None]:
    return {"scenarios/manifest.lock": render(manifest).decode()}


def test_a_line_of_the_manifest_goes_with_a_tombstone_only(desk: Repo) -> None:
    rest = MANIFEST.scenarios[:2]
    desk.commit(pinned(replace(MANIFEST, scenarios=rest)))

    refused = desk.refused()

    assert refused[0] == ("manifest-line-removed", "1 pinned at the merge base are gone: thrice")


def test_a_buried_scenario_takes_its_cells_with_it(desk: Repo) -> None:
    stones = (*MANIFEST.tombstones, Tombstone(id="thrice", reason="told by late"))
    desk.commit(pinned(replace(MANIFEST, scenarios=MANIFEST.scenarios[:2], tombstones=stones)))

    assert desk.refused() == []


def test_a_manifest_that_is_gone_pins_nothing(desk: Repo) -> None:
    desk.commit({"scenarios/manifest.lock": None})

    refused = desk.refused()

    assert (
        "manifest-line-removed",
        "3 pinned at the merge base are gone: late, lost, thrice",
    ) in refused
    assert (
        "control-unreachable",
        "path desk.fine vanished from the manifest: 0, was 2",
    ) in refused


@pytest.mark.parametrize("stones", [(), (Tombstone(id="early", reason="because"),)])
def test_a_tombstone_stays_as_it_is(desk: Repo, stones: tuple[Tombstone, ...]) -> None:
    desk.commit(pinned(replace(MANIFEST, tombstones=stones)))

    assert desk.slugs() == ["tombstone-removed"]


def test_a_tombstone_goes_where_its_scenario_lives_again(desk: Repo) -> None:
    again = (*MANIFEST.scenarios, scenario_pin("early", ("look",)))
    desk.commit(pinned(replace(MANIFEST, scenarios=again, tombstones=())))

    assert desk.refused() == []


def test_a_path_that_runs_in_fewer_cells_is_out_of_reach(desk: Repo) -> None:
    lost = scenario_pin("lost", ("look",), ("fine.falls_due",))
    kept = [pin for pin in MANIFEST.scenarios if pin.id != "lost"]
    desk.commit(pinned(replace(MANIFEST, scenarios=(*kept, lost))))

    assert desk.refused() == [
        ("control-unreachable", "path desk.fine is pinned in fewer cells: 1, was 2")
    ]


def test_a_unit_with_fewer_branches_is_gutted(desk: Repo) -> None:
    desk.commit(pinned(replace(MANIFEST, branches={**MANIFEST.branches, "old_desk.fine": 5})))

    assert desk.refused() == [("control-gutted", "old_desk.fine has fewer branches: 5, was 6")]


# What only grows, and who has to approve.


def test_a_ledger_only_grows(desk: Repo) -> None:
    desk.commit({"samples/ledger.jsonl": '{"a":1}\n{"b":2}\n'})
    desk.merge()
    desk.commit({"samples/ledger.jsonl": '{"a":1}\n{"b":2}\n{"c":3}\n'})
    grown = desk.refused()
    desk.commit({"samples/ledger.jsonl": '{"a":1}\n{"b":3}\n{"c":3}\n'})
    edited = desk.refused()
    desk.commit({"samples/ledger.jsonl": None})

    assert grown == []
    told = "samples/ledger.jsonl: lines that stood there are gone or say something else"
    assert edited == [("history-rewritten", told)]
    assert desk.refused() == [("history-rewritten", told)]


def test_an_edit_that_is_taken_back_within_the_range_is_none(desk: Repo) -> None:
    desk.commit({"samples/burned.jsonl": '{"a":1}\n'})
    desk.merge()
    desk.commit({"samples/burned.jsonl": "\n"})
    desk.commit({"samples/burned.jsonl": '{"a":1}\n'})

    assert desk.refused() == []


@pytest.mark.parametrize(
    ("owners", "found"),
    [
        (
            OWNERS.replace("/clearances/ @ledger @trust\n", ""),
            "clearances/new.json: approved by @desk",
        ),
        (OWNERS.replace("/scenarios/ @ledger", "/scenarios/"), "approved by nobody, was @ledger"),
        (OWNERS.replace("/scenarios/ @ledger", "/scenarios/ @ledger @ada"), "@ada, @ledger, was"),
        (OWNERS + "*.yaml @ada\n", "approved by @ada, was @ledger"),
        ("", "approved by nobody, was"),
    ],
)
def test_a_guarded_file_keeps_those_who_approve_it(desk: Repo, owners: str, found: str) -> None:
    desk.commit({"CODEOWNERS": owners})

    refused = [text for slug, text in desk.refused() if slug == "owners-loosened"]

    assert any(found in text for text in refused), refused


def test_a_file_that_the_forge_prefers_counts_instead(desk: Repo) -> None:
    desk.commit({".github/CODEOWNERS": "* @ada\n"})

    assert set(desk.slugs()) == {"owners-loosened"}


def test_owners_of_what_nobody_guards_are_free(desk: Repo) -> None:
    desk.commit({"CODEOWNERS": OWNERS + "/docs/ @ada\n"})

    assert desk.refused() == []


# Ranges that cannot be judged.


def error(desk: Repo, **options: str) -> InputError:
    with pytest.raises(InputError) as raised:
        desk.guard(**options)
    return raised.value


def test_a_shallow_clone_is_refused(desk: Repo, tmp_path: Path) -> None:
    desk.commit({"README.md": "# More\n"})
    shallow = tmp_path / "shallow"
    desk.git(
        "clone", "--quiet", "--depth=1", "--branch=work", f"file://{desk.folder}", str(shallow)
    )

    found = error(Repo(shallow), base="HEAD")

    assert found.slug == "shallow-clone"
    assert "fetch-depth: 0" in found.hint


def test_a_range_without_a_commit_is_no_success(desk: Repo) -> None:
    assert error(desk).slug == "empty-range"
    assert error(desk, base="HEAD", head="HEAD~1").slug == "empty-range"


def test_an_unknown_revision_and_a_stranger_s_history_are_named(desk: Repo) -> None:
    desk.git("switch", "--quiet", "--orphan", "stranger")
    desk.commit({"pyproject.toml": BASE["pyproject.toml"]})

    assert error(desk, base="nowhere").slug == "revision-unknown"
    assert error(desk, base="--all").slug == "revision-unknown"
    assert error(desk, base="main").slug == "no-merge-base"


def test_a_merge_base_without_a_table_guards_nothing_and_says_so(desk: Repo) -> None:
    found = error(desk, base="main~1", head="main")

    assert found.slug == "config-missing"
    assert "merge base" in found.message


def test_a_merge_base_that_cannot_be_compared_is_an_error(desk: Repo) -> None:
    desk.commit({"scenarios/manifest.lock": "{}\n"})
    desk.merge()
    desk.commit({"old_desk/engine.py": REGISTRY + "# more\n"})

    assert error(desk).slug == "manifest-malformed"

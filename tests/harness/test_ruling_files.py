from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.ruling import RulingClass, in_force
from harness.ruling_files import decision_records, read_rulings
from tests.harness.episode_builder import FLAG, KNOWN, ruling, ruling_text

GONE = {"absent": True}


def refusal(**keys: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        ruling(**keys)
    return caught.value


def test_a_ruling_says_what_it_says() -> None:
    found = ruling(
        bulk={"max_share": "1/50", "max_accounts": 40},
        scope={"each": "invoice", "when": ["before.db.flag == true"]},
        harm={"acknowledged": "why"},
        loss={"acknowledged": "why", "max": {"usd": 1200}},
    )
    assert (found.id, found.klass, found.quirk) == ("R-flag", RulingClass.CONTROL_BUG, "Q14")
    assert (found.created, found.expires) == (date(2026, 3, 2), date(2026, 8, 1))
    assert found.scope is not None
    assert found.scope.paths == {"api.pay"}
    assert found.bulk is not None
    assert found.bulk.max_share == Fraction(1, 50)
    assert (found.harm, found.loss, found.max_loss) == ("why", "why", {"usd": 1200})
    assert found.where == "r.yaml:1"


def test_cells_are_listed_under_the_quirk_that_each_shows() -> None:
    found = ruling(quirk=None, cells={"Q14": ["s#1", "s#2"], "Q01": ["t#1"]})

    assert found.cells == ("s#1", "s#2", "t#1")
    assert found.quirks == {"s#1": "Q14", "s#2": "Q14", "t#1": "Q01"}
    assert (found.quirk, found.causes) == ("", ("Q01", "Q14"))


def test_one_quirk_of_a_ruling_is_that_of_each_of_its_cells() -> None:
    found = ruling(cells=["s#1"])

    assert (found.quirks, found.causes) == ({"s#1": "Q14"}, ("Q14",))


RECORDED = {
    "class": "intended-change",
    "quirk": None,
    "decision": "docs/decisions/0007-term.md",
}


@pytest.mark.parametrize(
    ("slug", "keys"),
    [
        ("unknown-key", {"reson": "x"}),
        ("unknown-key", {"expect": [{**FLAG, "differs": True}]}),
        ("unknown-key", {"scope": {"path": ["api.pay"]}}),
        ("missing-key", {"owner": None}),
        ("missing-key", {"expect": [{"at": "books.db.flag", "control": True}]}),
        ("wrong-type", {"title": 3}),
        ("ruling-incomplete", {"reason": " "}),
        ("ruling-incomplete", {"approver": ""}),
        ("ruling-incomplete", {"harm": {"acknowledged": ""}}),
        ("ruling-id", {"id": "flag"}),
        ("ruling-class", {"class": "bug"}),
        ("ruling-no-quirk", {"quirk": None}),
        ("ruling-no-quirk", {"quirk": "Q99"}),
        ("ruling-no-quirk", {"quirk": None, "cells": {"Q99": ["s#1"]}}),
        ("ruling-cell", {"quirk": None, "cells": {"Q14": ["s#1"], "Q01": ["s#1"]}}),
        ("ruling-cell", {"quirk": None, "cells": {"Q14": ["s#0"]}}),
        ("ruling-no-cells", {"quirk": None, "cells": {}}),
        ("ruling-no-cells", {"quirk": None, "cells": {"Q14": []}}),
        (
            "ruling-cell",
            {**RECORDED, "cells": {"Q14": ["s#1"]}},
        ),
        ("ruling-no-decision", {"class": "intended-change"}),
        ("ruling-no-decision", {"class": "intended-change", "decision": "docs/decisions/0008.md"}),
        ("ruling-malformed-date", {"created": "2026-3-2"}),
        ("ruling-malformed-date", {"created": "2026-02-30"}),
        ("ruling-malformed-date", {"expires": "20260801"}),
        ("ruling-malformed-date", {"expires": "2026-03-01"}),
        ("ruling-no-scope", {"scope": None}),
        ("ruling-unknown-path", {"scope": {"paths": ["api.pya"]}}),
        ("ruling-unknown-path", {"scope": {"paths": ["(given)"]}}),
        ("wrong-type", {"scope": {"paths": [["api.pay"], "cron.ban"]}}),
        ("ruling-wildcard", {"scope": {"paths": []}}),
        ("ruling-wildcard", {"scope": {"paths": ["api.*"]}}),
        ("ruling-wildcard", {"scope": {"segments": []}}),
        ("ruling-wildcard", {"scope": {"segments": ["*"]}}),
        ("ruling-wildcard", {"expect": [{**FLAG, "at": "books.*.flag"}]}),
        ("ruling-wildcard", {"cells": ["s#*"]}),
        ("ruling-cell", {"cells": ["s"]}),
        ("ruling-cell", {"cells": ["s#0"]}),
        ("ruling-cell", {"cells": ["s#1", "s#1"]}),
        ("ruling-no-cells", {"cells": []}),
        ("ruling-clauses", {"expect": []}),
        ("ruling-clauses", {"expect": [{**FLAG, "at": f"books.a{n}"} for n in range(13)]}),
        ("ruling-clauses", {"expect": [FLAG, {**FLAG, "at": 'books.["db"].flag'}]}),
        ("clause-field", {"expect": [{**FLAG, "at": "db.flag"}]}),
        ("clause-field", {"expect": [{**FLAG, "at": "books..flag"}]}),
        ("clause-unbound", {"expect": [{**FLAG, "at": "books.invoices[$i]"}]}),
        ("clause-unbound", {"expect": [{**FLAG, "control": {"is": "truth.owes[$i]"}}]}),
        ("clause-unbound", {"scope": {"when": ["$i == 'in_1'"]}}),
        ("clause-value", {"expect": [{**FLAG, "control": {"absent": False}}]}),
        ("clause-value", {"expect": [{**FLAG, "control": {"unchanged": 1}}]}),
        ("clause-value", {"expect": [{**FLAG, "control": [{"is": "before"}]}]}),
        ("clause-value", {"expect": [{**FLAG, "at": "money.x", "control": {"is": "before"}}]}),
        ("clause-value", {"expect": [{**FLAG, "at": "money.x", "control": {"plus": "now"}}]}),
        ("expression", {"expect": [{**FLAG, "control": {"is": 3}}]}),
        ("expression", {"expect": [{**FLAG, "control": {"is": "candidate.x"}}]}),
        ("expression", {"scope": {"when": ["true", "control == 1"]}}),
        ("expression", {"scope": {"each": "before[0"}}),
        ("ruling-bulk", {"bulk": {"max_share": "2", "max_accounts": 1}, "when": 1}),
        ("ruling-bulk", {"bulk": {"max_share": "3/2", "max_accounts": 1}, "when": 1}),
        ("ruling-bulk", {"bulk": {"max_share": "1/2", "max_accounts": 0}, "when": 1}),
        ("ruling-too-broad", {"bulk": {"max_share": "1/2", "max_accounts": 1}}),
        ("ruling-loss", {"loss": {"acknowledged": "x", "max": {}}}),
        ("ruling-loss", {"loss": {"acknowledged": "x", "max": {"usd": 0}}}),
        ("wrong-type", {"loss": {"acknowledged": "x", "max": {"usd": True}}}),
        ("wrong-value", {"harm": "some"}),
        ("ruling-race", {"class": "race-removed"}),
        ("ruling-subjects", {"subjects": ["a"]}),
        ("ruling-subjects", {"class": "dead-branch", "subjects": ["a"]}),
    ],
)  # fmt: skip
def test_each_fault_is_refused_by_its_own_name(slug: str, keys: dict[str, Any]) -> None:
    if keys.pop("when", None):
        keys["scope"] = {"when": ["true"]}
    assert refusal(**keys).slug == slug


def test_an_error_names_file_line_place_and_the_nearest_name() -> None:
    error = refusal(scope={"paths": ["api.pya"]})
    assert error.where.startswith("r.yaml:")
    assert error.message.startswith("scope.paths[0]: ")
    assert "'api.pay'" in error.hint


def test_an_intended_change_names_a_record_that_exists() -> None:
    found = ruling(**{"class": "intended-change", "decision": "docs/decisions/0007-term.md"})
    assert found.decision == "docs/decisions/0007-term.md"


def test_branches_and_mutants_are_subjects() -> None:
    found = ruling(
        **{"class": "dead-branch", "subjects": ["api.pay:12->14"]},
        scope=None,
        expect=None,
        cells=None,
    )
    assert found.subjects == ("api.pay:12->14",)
    assert found.scope is None


def test_a_race_ruling_pins_ends_that_vanished() -> None:
    end = {"at": "race.ab12", "control": {"broken": [], "serial": False}, "candidate": GONE}
    assert ruling(**{"class": "race-removed"}, expect=[end]).klass is RulingClass.RACE_REMOVED
    for wrong in ({**end, "candidate": None}, {**end, "control": GONE}):
        assert refusal(**{"class": "race-removed"}, expect=[wrong]).slug == "ruling-race"


def test_a_bad_ruling_is_refused_and_the_good_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ruling_text(), "utf-8")
    (tmp_path / "b.yaml").write_text(ruling_text(id="R-b", created="soon"), "utf-8")
    (tmp_path / "c.yaml").write_text(ruling_text(title="again"), "utf-8")
    (tmp_path / "d.yaml").write_text("{", "utf-8")
    found = read_rulings(tmp_path, KNOWN)
    assert [one.id for one in found.good] == ["R-flag"]
    assert [one.slug for one in found.refused] == [
        "ruling-malformed-date", "ruling-doubled", "yaml-syntax",
    ]  # fmt: skip
    assert read_rulings(tmp_path / "none", KNOWN).good == ()


def test_decision_records_are_numbered_files(tmp_path: Path) -> None:
    records = tmp_path / "docs" / "decisions"
    records.mkdir(parents=True)
    (records / "0001-a.md").touch()
    (records / "notes.md").touch()
    assert decision_records(tmp_path) == {"docs/decisions/0001-a.md"}


def test_a_ruling_is_in_force_on_its_first_and_on_its_last_day() -> None:
    one = ruling()
    days = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 8, 1), date(2026, 8, 2)]
    assert [bool(in_force([one], day)) for day in days] == [False, True, True, False]

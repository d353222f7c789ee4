"""A control at two ends of a range: every way to lose a piece of it, and edits that lose none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.guarding.loss import Kind
from tests.harness.guarded_control import (
    FILES,
    FINE,
    HOLIDAYS,
    REGISTRY,
    RETURNED,
    SHELVED,
    before,
    changed,
    comparison,
    indented,
    losses,
    notes,
    without,
)

LOST: Mapping[str, tuple[dict[str, str], str, str, str]] = {
    "a file": (without("fine.py"), "old_desk.fine", "module", "is gone, with GRACE, RATES"),
    "a file that is no Python": (
        changed("fine.py", "def charge_fine", "def def"),
        "old_desk.fine",
        "module",
        "is no Python",
    ),
    "a function": (
        changed("money.py", "def days(seconds):\n    return seconds // DAY\n\n\n", ""),
        "old_desk.money:days",
        "name",
        "is gone, a function",
    ),
    "a method": (
        changed(
            "returned.py",
            "    def put(self, book):\n        place = days(book.bought)\n"
            "        self.books[place] = book\n        return place\n",
            "",
        ),
        "old_desk.returned:Shelf.put",
        "name",
        "is gone, a method",
    ),
    "a constant": (
        changed("fine.py", "GRACE = 2\n", ""),
        "old_desk.fine:GRACE",
        "name",
        "is gone, a constant",
    ),
    "a name of another case": (
        changed("fine.py", "GRACE", "Grace"),
        "old_desk.fine:GRACE",
        "name",
        "is gone",
    ),
    "a name that is deleted": (
        changed("fine.py", "def _reason", "del GRACE\n\n\ndef _reason"),
        "old_desk.fine:del GRACE",
        "undone",
        "undoes what stands",
    ),
    "a function under a flag": (
        changed(
            "fine.py",
            FINE[FINE.index("def _reason") :],
            "if ON:\n" + indented(FINE[FINE.index("def _reason") :]),
        ),
        "old_desk.fine:_reason",
        "conditional",
        "stands behind `ON`",
    ),
    "a function under if false": (
        changed(
            "fine.py",
            FINE[FINE.index("def _reason") :],
            "if False:\n" + indented(FINE[FINE.index("def _reason") :]),
        ),
        "old_desk.fine:_reason",
        "name",
        "is gone",
    ),
    "a function bound anew": (
        FILES
        | {
            "old_desk/fine.py": FINE
            + "\ndef _reason(loan):\n    return 'late' if loan.due else 1\n"
        },
        "old_desk.fine:_reason",
        "rebound",
        "is bound 2 times, was 1",
    ),
    "a function that became a name": (
        FILES | {"old_desk/fine.py": FINE + "\n_reason = print\n"},
        "old_desk.fine:_reason",
        "replaced",
        "was a function and is `_reason = print`",
    ),
    "a row": (
        changed("fine.py", ', "adult": 25', ""),
        "old_desk.fine:RATES['adult']",
        "row",
        "the row is gone",
    ),
    "a row of a registry": (
        changed("engine.py", '        "desk.fine": (charge_fine, "fine.due"),\n', ""),
        "old_desk.engine:PATHS['desk.fine']",
        "row",
        "the row is gone",
    ),
    "a row in a row": (
        changed("engine.py", '{"Q1": "an hour late costs a day"}', "{}"),
        "old_desk.engine:QUIRKS['desk.fine']['Q1']",
        "row",
        "the row is gone",
    ),
    "a trigger": (
        changed("engine.py", '"fine.due"', '"fine.never"'),
        "old_desk.engine:PATHS['desk.fine']",
        "trigger",
        "no longer names `fine.due`",
    ),
    "a handler in a row": (
        changed("engine.py", "(charge_fine,", "(lambda *_: None,"),
        "old_desk.engine:PATHS['desk.fine']",
        "repointed",
        "no longer names `charge_fine`",
    ),
    "a handler wrapped in a call": (
        changed("engine.py", "(charge_fine,", "(quiet(charge_fine),"),
        "old_desk.engine:PATHS['desk.fine']",
        "wrapped",
        "stands inside `quiet(…)`",
    ),
    "a handler behind a condition": (
        changed("engine.py", "(charge_fine,", "(charge_fine if ON else print,"),
        "old_desk.engine:PATHS['desk.fine']",
        "wrapped",
        "stands inside `charge_fine if ON",
    ),
    "what a comprehension leaves out": (
        changed("engine.py", "PATHS.values()}", "PATHS.values() if trigger in ON}"),
        "old_desk.engine:ENGINE",
        "filtered",
        "leaves out what is not `trigger in ON`",
    ),
    "a table that is computed no more": (
        changed("engine.py", "{trigger: call for call, trigger in PATHS.values()}", "{}"),
        "old_desk.engine:ENGINE['handlers']",
        "emptied",
        "the row is `{}`",
    ),
    "a row that is popped": (
        changed("engine.py", "ENGINE = ", 'PATHS.pop("desk.fine")\nENGINE = '),
        "old_desk.engine:PATHS.pop('desk.fine')",
        "undone",
        "undoes what stands",
    ),
    "a row that is set anew": (
        FILES | {"old_desk/engine.py": REGISTRY + 'ENGINE.handlers["fine.due"] = print\n'},
        "old_desk.engine:ENGINE.handlers['fine.due'] = print",
        "undone",
        "undoes what stands",
    ),
    "a name set from another module": (
        FILES | {"old_desk/late.py": "from old_desk import fine\n\nfine.charge_fine = print\n"},
        "old_desk.late:fine.charge_fine = print",
        "undone",
        "undoes what stands",
    ),
    "a name set where no reader sees it": (
        changed("fine.py", "GRACE = 2", "GRACE = 2\nglobals()['_reason'] = print"),
        "old_desk.fine:globals()['_reason'] = print",
        "undone",
        "undoes what stands",
    ),
    "a name that a later import binds": (
        changed(
            "engine.py",
            "from old_desk.returned",
            "from attic import charge_fine\nfrom old_desk.returned",
        ),
        "old_desk.engine:charge_fine",
        "shadowed",
        "is bound to something else afterwards",
    ),
    "a function that an import binds": (
        FILES | {"old_desk/fine.py": FINE + "\nfrom attic import quiet as charge_fine\n"},
        "old_desk.fine:charge_fine",
        "shadowed",
        "is bound to something else afterwards",
    ),
    "names that a star may bind": (
        FILES | {"old_desk/fine.py": FINE + "\nfrom attic import *\n"},
        "old_desk.fine:from attic import *",
        "shadowed",
        "may bind any name",
    ),
    "a function that a loop binds": (
        FILES | {"old_desk/fine.py": FINE + "\nfor charge_fine in [print]:\n    pass\n"},
        "old_desk.fine:charge_fine",
        "shadowed",
        "is bound to something else afterwards",
    ),
    "a function that a function binds": (
        FILES
        | {
            "old_desk/fine.py": FINE
            + "\ndef off():\n    global charge_fine\n    charge_fine = print\n\n\noff()\n"
        },
        "old_desk.fine:charge_fine",
        "shadowed",
        "is bound to something else afterwards",
    ),
    "a module that a folder shadows": (
        FILES | {"old_desk/fine/__init__.py": FINE},
        "old_desk.fine",
        "doubled",
        "stands in old_desk/fine/__init__.py as well",
    ),
    "a module that something compiled shadows": (
        FILES | {"old_desk/fine.cpython-311-x86_64-linux-gnu.so": "x"},
        "old_desk.fine",
        "doubled",
        "linux-gnu.so as well",
    ),
    "an import": (
        changed("engine.py", "from old_desk.fine import charge_fine", "from x import charge_fine"),
        "old_desk.fine",
        "import",
        "is no longer imported by old_desk.engine",
    ),
    "an import for type checkers only": (
        changed(
            "engine.py",
            "from old_desk.fine import charge_fine",
            "if TYPE_CHECKING:\n    from old_desk.fine import charge_fine",
        ),
        "old_desk.fine",
        "import",
        "is no longer imported by old_desk.engine",
    ),
    "a row of data": (
        changed("holidays.json", '"2026-12-25", ', ""),
        'old_desk/holidays.json:holidays."2026-12-25"',
        "row",
        "the row is gone",
    ),
    "a value of data that is off": (
        changed("holidays.json", '"sunday": true', '"sunday": false'),
        "old_desk/holidays.json:closed.sunday",
        "switched-off",
        "is False, was True",
    ),
    "a data file": (
        without("holidays.json"),
        "old_desk/holidays.json",
        "file",
        "the file is gone",
    ),
    "a data file that is none": (
        changed("holidays.json", HOLIDAYS, "gone"),
        "old_desk/holidays.json",
        "unreadable",
        "no JSON",
    ),
    "prose": (without("QUIRKS.md"), "old_desk/QUIRKS.md", "file", "the file is gone"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_named_with_its_rule(name: str) -> None:
    after, symbol, rule, said = LOST[name]
    found = {(one.name, one.rule): one.said for one in losses(after)}

    assert (symbol, rule) in found, found
    assert said in found[symbol, rule]


def test_a_base_class_that_is_gone_guts_the_class() -> None:
    there = changed("returned.py", "class Shelf:", "class Shelf(Board):")

    (found,) = losses(FILES, there)

    assert (found.name, found.rule) == ("old_desk.returned:Shelf", "base-lost")
    assert found.said == "no longer inherits from `Board`"


def test_a_statement_that_registers_is_missed_when_it_is_gone() -> None:
    there = FILES | {"old_desk/engine.py": REGISTRY + 'register("fine.due", charge_fine)\n'}

    (found,) = losses(FILES, there)

    assert (found.rule, found.said) == ("deed", "is no longer done")
    assert found.words == ("fine.due",)


def test_a_flag_that_is_flipped_takes_away_what_hangs_on_it() -> None:
    there = before("    if OFF:\n        return None\n")
    there["old_desk/fine.py"] = there["old_desk/fine.py"].replace(
        "GRACE = 2", "GRACE = 2\nOFF = False"
    )
    after = changed("fine.py", "OFF = False", "OFF = True", there)

    found = {(one.name, one.rule) for one in losses(after, there)}

    assert ("old_desk.fine:charge_fine", "constant-answer") in found


def test_a_call_that_is_gone_leaves_what_it_called_out_of_reach() -> None:
    found = {
        (one.name, one.rule)
        for one in losses(changed("fine.py", "round_up(late * RATES[loan.reader])", "late * 25"))
    }

    assert ("old_desk.money:round_up", "reference") in found
    assert ("old_desk.fine:RATES", "reference") in found


def test_a_call_that_never_runs_reaches_nothing() -> None:
    text = "amount = late * 25\n    if 0:\n        round_up(RATES)"
    after = changed("fine.py", "amount = round_up(late * RATES[loan.reader])", text)

    assert "old_desk.money:round_up" in {one.name for one in losses(after)}


MOVED = {
    "under another name": (changed("fine.py", "charge_fine", "fine_charged"), "`fine_charged`"),
    "with its caller": (
        changed(
            "fine.py",
            "charge_fine",
            "fine_charged",
            changed("engine.py", "charge_fine", "fine_charged"),
        ),
        "`fine_charged`",
    ),
}


@pytest.mark.parametrize("name", MOVED)
def test_a_rename_is_a_loss_that_says_where_it_went(name: str) -> None:
    after, to = MOVED[name]
    found = {one.name: one for one in losses(after)}

    moved = found["old_desk.fine:charge_fine"]
    assert moved.kind is Kind.MOVED
    assert moved.said == f"is {to} now"


def test_a_file_that_moved_says_where_it_went() -> None:
    after = {**without("fine.py"), "old_desk/fines.py": FINE}
    inside = {one.name: one.said for one in losses(after)}
    outside = {
        one.name: one.said for one in losses(without("fine.py"), elsewhere={"attic/fine.py": FINE})
    }

    assert inside["old_desk.fine"].startswith("stands in old_desk/fines.py now, with GRACE")
    assert outside["old_desk.fine"].startswith("stands in attic/fine.py now")


def test_a_file_renamed_in_case_alone_is_gone() -> None:
    after = {**without("fine.py"), "old_desk/Fine.py": FINE}

    found = {one.name: one for one in losses(after)}

    assert found["old_desk.fine"].kind is Kind.MOVED
    assert "old_desk/Fine.py" in found["old_desk.fine"].said


HARMLESS = {
    "nothing": dict(FILES),
    "formatting": changed(
        "fine.py", '{"child": 10, "adult": 25}', '{\n    "child": 10,\n    "adult": 25,\n}'
    ),
    "a comment": changed("fine.py", "    late = days", "    # whole days\n    late = days"),
    "a docstring": changed("fine.py", '"""Charge the fine."""', '"""Charge what is owed."""'),
    "a new function": FILES | {"old_desk/fine.py": FINE + "\n\ndef new(x):\n    return x\n"},
    "a new module": FILES | {"old_desk/extra.py": "def more():\n    return 1\n"},
    "a local that is renamed": changed("fine.py", "amount", "owed"),
    "a value": changed("fine.py", "GRACE = 2", "GRACE = 3"),
    "a condition on what it is given": before("    if trigger.loan == 0:\n        return None\n"),
    "a table that is new and filled": FILES
    | {"old_desk/extra.py": "TABLE = {}\nTABLE['a'] = 1\nTABLE.update(b=2)\ndel TABLE['a']\n"},
    "a handler as it was": changed(
        "engine.py",
        "from old_desk.fine import charge_fine\n",
        "from old_desk.fine import charge_fine  # late\n",
    ),
    "a new row": changed("fine.py", '"adult": 25', '"adult": 25, "pupil": 5'),
    "a new row of data": changed("holidays.json", '"2026-12-26"]', '"2026-12-26", "2027-01-01"]'),
    "prose that is written anew": changed("QUIRKS.md", "- Q1\n", "- Q1: an hour late\n"),
    "an import that is new": changed(
        "fine.py", "from old_desk.money", "import json\nfrom old_desk.money"
    ),
    "a message that is corrected": changed(
        "engine.py", "an hour late costs a day", "one hour costs a day"
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_an_edit_that_takes_nothing_away_is_no_loss(name: str) -> None:
    assert losses(HARMLESS[name]) == ()


def test_plain_edits_are_noted() -> None:
    told = [(one.name, one.said) for one in notes(HARMLESS["a condition on what it is given"])]

    assert told == [("old_desk.fine:charge_fine", "changed")]
    assert notes(HARMLESS["formatting"]) == ()
    assert [one.said for one in notes(HARMLESS["a new function"])] == ["is new"]


def test_what_only_a_cleared_symbol_got_to_is_no_loss_of_its_own() -> None:
    from dataclasses import replace

    from harness.guarding.package import Place

    after = changed("engine.py", '        "desk.fine": (charge_fine, "fine.due"),\n', "")
    cleared = frozenset({Place("old_desk.fine", "charge_fine")})

    found = {one.name for one in replace(comparison(after), cleared=cleared).losses()}

    assert "old_desk.money:round_up" not in found
    assert "old_desk.money:round_up" in {one.name for one in losses(after)}


def test_a_method_of_a_class_that_is_still_made_is_missed() -> None:
    after = changed("returned.py", SHELVED, "    held = None\n    days(trigger.book)\n")

    found = {(one.name, one.rule) for one in losses(after)}

    assert ("old_desk.returned:Shelf", "reference") in found
    assert RETURNED.count("Shelf()") == 1

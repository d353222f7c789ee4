"""The repository's own control is clean, and each fault planted in a copy of it is found."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from harness.audit.acknowledged import Acknowledgement
from harness.audit.audit import Audit, surface_reasons
from harness.audit.auditing import audit_control, examined
from harness.audit.declared import Declaration, said
from harness.audit.described import Description, calls_of
from harness.audit.roots import handlers_of
from harness.audit.seen import Seen, seen
from harness.audit.surface import NAME, read_acknowledged
from harness.audit.tree import read_tree
from harness.compose import Composition, compose
from harness.errors import ExitCode
from tests.harness.audited import TODAY, kinds, mismatched, opened, owners
from tests.replica_code import needs_replica

pytestmark = needs_replica

ROOT = Path(__file__).parents[2]
CONTROL = ROOT / "legacy_replica"


@cache
def composition() -> Composition:
    return compose(ROOT / "pyproject.toml", ())


@cache
def replayed() -> Seen:
    return seen(composition().setup(), composition().loaded.scenarios)


@cache
def signed() -> tuple[Acknowledgement, ...]:
    made = composition()
    return read_acknowledged(made.config.scenarios / NAME, made.policy.approvers)


def copied(folder: Path, changed: Mapping[str, str]) -> Audit:
    """Audit a copy of the control with modules added; `+` adds to one, `old → new` replaces."""
    copy = folder / "legacy_replica"
    shutil.copytree(CONTROL, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in changed.items():
        file = copy / name.removesuffix("+").removesuffix("~")
        if name.endswith("~"):
            old, new = text.split(" → ")
            assert file.read_text().count(old) == 1
            file.write_text(file.read_text().replace(old, new))
        else:
            before = file.read_text() if name.endswith("+") else ""
            file.write_text(before + text)
    engine = composition().control.engine
    handlers = {
        **dict.fromkeys(composition().candidate.engine.handlers, False),
        **dict.fromkeys(engine.paths, True),
        **dict.fromkeys(engine.handlers, True),
    }
    return examined(
        "a copy",
        read_tree(copy, package="legacy_replica"),
        Description(calls=calls_of(composition().kit), triggers=handlers),
        handlers=handlers_of(engine.handlers, {p: one.module for p, one in engine.paths.items()}),
        declared={
            path: Declaration(reads=said(one.reads), writes=said(one.writes))
            for path, one in engine.paths.items()
        },
        signed=(),
        today=TODAY,
    )


def test_the_shipped_control_is_clean() -> None:
    audit = audit_control(composition(), today=TODAY)

    assert opened(audit) == set()
    assert audit.mismatches == ()
    assert audit.faults == ()
    assert audit.failed == {}
    assert surface_reasons(audit) == ()
    assert audit.exit_code is ExitCode.OPEN


def test_the_copy_is_clean_before_anything_is_planted(tmp_path: Path) -> None:
    audit = copied(tmp_path, {})

    assert opened(audit) == set()
    assert audit.mismatches == ()
    assert len(audit.writers) == 20
    assert all(owners(audit).values())


def test_every_writer_of_the_control_that_a_replay_saw_is_in_the_inventory(tmp_path: Path) -> None:
    """The two ways of looking agree: what wrote when it ran is owned in what was read."""
    audit = copied(tmp_path, {})
    by_path: dict[str, set[str]] = {}
    for writer in audit.writers:
        for owner in writer.owners:
            by_path.setdefault(owner, set()).update(writer.stores)

    follows = {"credit_balance", "subscriptions", "invoices"}
    for path, stores in replayed().wrote.items():
        assert stores - follows <= by_path[path], path


HANDLER = (
    '"""A handler that nobody knows."""\n\n'
    "def source_expiring(ports, trigger):\n"
    "    ports.billing_db.update(bad_debt=True)\n"
)
WRITER = "legacy_replica.source_expiring:source_expiring"
UNOWNED = ("writer", WRITER, "writes billing_db, and no path reaches it")
TABLE = (
    "\nfrom legacy_replica import source_expiring as late\n\n"
    "_LATE = {{'customer.source.expiring': {held}}}\n"
)


def test_an_unregistered_writer(tmp_path: Path) -> None:
    assert opened(copied(tmp_path, {"source_expiring.py": HANDLER})) == {UNOWNED}


def test_a_handler_in_a_second_table_of_the_registry(tmp_path: Path) -> None:
    table = TABLE.format(held="late.source_expiring")
    audit = copied(tmp_path, {"source_expiring.py": HANDLER, "engine.py+": table})

    assert opened(audit) == {UNOWNED, ("table", "legacy_replica.engine:_LATE", "table _LATE")}


def test_a_handler_in_a_table_of_getattr(tmp_path: Path) -> None:
    table = TABLE.format(held="getattr(late, trigger)") + "trigger = 'source_' + 'expiring'\n"
    audit = copied(tmp_path, {"source_expiring.py": HANDLER, "engine.py+": table})

    assert UNOWNED in opened(audit)
    assert "dispatch" in kinds(audit)


def test_a_row_of_a_cron_table(tmp_path: Path) -> None:
    rows = "\nCRONTAB = [('30 2 * * *', 'legacy_replica.source_expiring:source_expiring')]\n"
    audit = copied(tmp_path, {"source_expiring.py": HANDLER, "paths.py+": rows})

    assert UNOWNED in opened(audit)
    assert {"schedule", "table"} <= kinds(audit)


def test_a_crontab_beside_the_modules(tmp_path: Path) -> None:
    audit = copied(tmp_path, {"crontab": "30 2 * * * python -m legacy_replica.source_expiring\n"})

    assert opened(audit) == {("schedule", "crontab", "runs something at '30 2 * * *'")}


def test_a_file_that_is_no_module_of_the_package(tmp_path: Path) -> None:
    script = "from legacy_replica.ports import Ports\n\nports: Ports\nports.customer.update(a=1)\n"
    audit = copied(tmp_path, {"fix-up.py": script})

    assert any(where == "legacy_replica.fix-up:<module>" for _, where, _ in opened(audit))


def test_a_file_in_another_language(tmp_path: Path) -> None:
    audit = copied(tmp_path, {"nightly.sql": "UPDATE billing SET bad_debt = true;"})

    what = "1 file in a language that is not understood"
    assert opened(audit) == {("not-understood", ".sql", what)}


def test_a_branch_moved_into_a_data_table(tmp_path: Path) -> None:
    moved = (
        '    elif status in ("canceled", "incomplete_expired"):\n'
        '        end(ports, subscription["id"])\n'
        " →     elif status in _MOVES:\n"
        '        getattr(ports, _MOVES[status][0]).set_status(subscription["id"], "ended")\n\n\n'
        '_MOVES = {"canceled": ("entitlements", "ended")}\n'
    )
    audit = copied(tmp_path, {"subscription_updated.py~": moved})

    where = "legacy_replica.subscription_updated:subscription_updated"
    assert ("dispatch", where, "getattr by a name made when the code runs") in opened(audit)


def test_a_write_of_another_store(tmp_path: Path) -> None:
    changed = (
        "    ports.enforcement.clear_holds()\n    return → "
        "    ports.enforcement.clear_holds()\n    ports.customer.update(bad_debt_since=None)\n"
        "    return"
    )

    audit = copied(tmp_path, {"lift_ban.py~": changed})

    assert mismatched(audit) == {("touched-undeclared", "support.lift_ban", "customer")}


def test_a_store_that_is_no_longer_touched(tmp_path: Path) -> None:
    changed = "    ports.enforcement.clear_holds()\n    return →     return"

    audit = copied(tmp_path, {"lift_ban.py~": changed})

    assert mismatched(audit) == {("declared-untouched", "support.lift_ban", "enforcement")}


def test_a_decorator_that_registers_a_helper(tmp_path: Path) -> None:
    changed = "def suspend_paid( → @ports.on('x')\ndef suspend_paid("

    audit = copied(tmp_path, {"entitlements.py~": changed})

    assert (
        "registration",
        "legacy_replica.entitlements:suspend_paid",
        "@ports.on('x')",
    ) in opened(audit)


def test_a_port_that_nobody_described(tmp_path: Path) -> None:
    changed = (
        "    ports.enforcement.clear_holds()\n    return → "
        "    ports.enforcement.clear_holds()\n    ports.archive.update(a=1)\n    return"
    )

    audit = copied(tmp_path, {"lift_ban.py~": changed})

    what = "update of something nobody can tell"
    assert opened(audit) == {("dispatch", "legacy_replica.lift_ban:lift_ban", what)}


@pytest.mark.parametrize("gone", ["invoice.paid", "sweep"])
def test_a_trigger_that_nobody_signed_for_is_named(gone: str) -> None:
    less = [one for one in signed() if gone not in one.where]
    assert len(less) == len(signed()) - 1
    from harness.audit.acknowledged import weighed
    from harness.audit.auditing import seen_items

    good, faults = weighed(seen_items(replayed()), less, TODAY)

    assert faults == ()
    assert [item.where for item in seen_items(replayed()) if item not in good] == [gone]

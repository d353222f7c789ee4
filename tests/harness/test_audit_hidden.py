"""Where a handler may hide: registrations, tables, schedules, dispatch; settled, or not."""

from __future__ import annotations

import pytest

from harness.audit.audit import surface_reasons
from harness.audit.described import Description
from tests.harness.audited import CALLS, PAY, TRIGGERS, audited, kinds, one, opened, owners

CLOSE = "def close(ports, _):\n    ports.till.update(open=False)\n"
UNOWNED = ("writer", "shop.night:close", "writes till, and no path reaches it")
BOTH = {"api.pay": ("shop.pay:pay",), "cron.close": ("shop.night:close",)}


def test_the_registry_itself_is_settled_by_its_handlers() -> None:
    audit = audited()

    table = one(audit, "table")
    assert table.where == "shop.registry:PATHS"
    assert table.means == ("shop.pay:pay",)
    assert table.settled == "each is a path's handler"


REGISTERED = {
    "a decorator": "from shop.bus import on\n\n@on('paid')\n" + CLOSE,
    "a decorator without a call": "from shop.bus import on\n\n@on\n" + CLOSE,
    "a call": "from shop.bus import on\n" + CLOSE + "\non('paid', close)\n",
    "a row put into a table": "from shop.bus import TABLE\n" + CLOSE + "\nTABLE['paid'] = close\n",
    "an attribute put over": "from shop import bus\n" + CLOSE + "\nbus.on_paid = close\n",
    "an appended handler": "from shop.bus import LIST\n" + CLOSE + "\nLIST.append(close)\n",
    "a partial": (
        "from functools import partial\nfrom shop.bus import on\n"
        + CLOSE
        + "\non('paid', partial(close, None))\n"
    ),
    "a text that names it": "from shop.bus import on\n" + CLOSE + "\non('shop.night.close')\n",
}
BUS = "TABLE = dict()\nLIST = list()\n\ndef on(*names):\n    return names[-1]\n"


@pytest.mark.parametrize("text", REGISTERED.values(), ids=REGISTERED)
def test_a_registered_writer_is_named_twice_until_a_path_owns_it(text: str) -> None:
    texts = {"shop.night": text, "shop.bus": BUS}

    stray = audited(texts)
    owned = audited(texts, paths=BOTH)

    assert UNOWNED in opened(stray)
    assert "registration" in kinds(stray)
    assert kinds(owned) & {"writer", "registration"} == set()
    assert one(owned, "registration").settled == "each is a path's handler"


def test_what_a_path_only_calls_and_somebody_registers_is_left_to_a_person() -> None:
    """A trigger that no path has: the helper is owned, its registration is not explained."""
    ledger = "from shop.bus import on\n\n@on('charge.failed')\ndef note(ports):\n    pass\n"

    audit = audited({"shop.ledger": ledger, "shop.bus": BUS})

    found = [item for item in audit.open if item.kind == "registration"]
    assert [(item.where, item.what) for item in found] == [
        ("shop.ledger:note", "@on('charge.failed')")
    ]


def test_decorators_of_python_itself_register_nothing() -> None:
    ledger = (
        "import functools\nfrom functools import lru_cache\n\n"
        "@functools.lru_cache(maxsize=None)\ndef note(ports):\n    ports.till.update(paid=True)\n"
        "@lru_cache\ndef other():\n    return 1\n"
        "class Desk:\n    @property\n    def open(self):\n        return 1\n"
        "    @open.setter\n    def open(self, value):\n        pass\n"
    )

    assert opened(audited({"shop.ledger": ledger})) == set()


TABLES = {
    "a dict": "TABLE = {'paid': close}\n",
    "a dict of pairs": "TABLE = {'paid': (close, 'now')}\n",
    "a list": "LIST = [close]\n",
    "a dict of getattr": "import shop.night as me\nTABLE = {'paid': getattr(me, 'close')}\n",
    "a frozen dict": (
        "from types import MappingProxyType\nTABLE = MappingProxyType({'paid': close})\n"
    ),
    "a comprehension": "TABLE = {name: close for name in ('paid', 'void')}\n",
    "texts": "TABLE = {'paid': 'shop.night.close'}\n",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_of_writers_is_named_until_a_path_owns_them(table: str) -> None:
    stray = audited({"shop.night": f"{CLOSE}\n{table}"})

    assert UNOWNED in opened(stray)
    if "getattr" not in table:  # then it is the dispatch that is named
        assert "table" in kinds(stray)
        owned = audited({"shop.night": f"{CLOSE}\n{table}"}, paths=BOTH)
        assert kinds(owned) & {"writer", "table"} == set()


def test_a_branch_that_is_moved_into_a_table_is_followed() -> None:
    """The path's own code goes on through a table in another module."""
    pay = (
        "from shop.moves import MOVES\n\ndef pay(ports, trigger):\n"
        "    ports.rows.get()\n    ports.bank.invoices.pay(1)\n"
        "    MOVES[trigger.args['status']](ports)\n"
    )
    moves = (
        "from shop.ledger import note\n\ndef close(ports):\n    ports.rows.update(a=1)\n\n"
        "MOVES = {'paid': note, 'void': close}\n"
    )

    audit = audited({"shop.pay": pay, "shop.moves": moves})

    assert owners(audit)["shop.moves:close"] == ("api.pay",)
    assert [(found.kind, found.store) for found in audit.mismatches] == [
        ("touched-undeclared", "rows")
    ]
    assert opened(audit) == set()
    settled = {item.what: item.settled for item in audit.items}
    assert settled["calls MOVES[_.args['status']]"] == "only paths reach it"
    assert settled["table MOVES"] == "only paths reach it"


def test_a_branch_that_is_moved_into_rows_of_text_is_left_to_a_person() -> None:
    ledger = (
        "MOVES = {'paid': ('till', 'update', {'paid': True})}\n\ndef note(ports):\n"
        "    for store, method, fields in MOVES.values():\n"
        "        getattr(getattr(ports, store), method)(**fields)\n"
    )

    audit = audited({"shop.ledger": ledger})

    assert "writer" not in kinds(audit)
    whats = {what for _, where, what in opened(audit) if where == "shop.ledger:note"}
    assert any("getattr by a name" in what for what in whats)


def test_a_table_that_names_a_trigger_nobody_handles_is_left_to_a_person() -> None:
    table = "NAMES = {'api.pay': 1, 'charge.failed': 2}\n"

    audit = audited({"shop.names": table})

    assert opened(audit) == {
        ("table", "shop.names:NAMES", "names charge.failed, which no path handles"),
        ("table", "shop.names:NAMES", "table NAMES"),
    }
    assert opened(audited({"shop.names": "NAMES = {'api.pay': 1}\n"})) == set()


def test_a_table_of_classes_whose_methods_write_is_one_of_handlers() -> None:
    text = (
        "class Close:\n    def handle(self, ports):\n        ports.till.update(a=1)\n\n"
        "TABLE = {'paid': Close}\n"
    )

    audit = audited({"shop.night": text})

    assert ("table", "shop.night:TABLE", "table TABLE") in opened(audit)
    assert owners(audit)["shop.night:Close.handle"] == ()


SCHEDULES = {
    "an expression in a table": "ROWS = [('0 3 * * *', 'close')]\n",
    "a nickname": "ROWS = ['@daily']\n",
    "a name": "CRONTAB = {}\n",
    "a decorator": "from x import cron\n\n@cron('0 3 * * *')\ndef run():\n    pass\n",
    "a call": "from x import every\n\nJOB = every.crontab(minute=0)\n",
    "a function's name": "def nightly_cleanup():\n    pass\n",
    "a class's own": "class Job:\n    run_every = '*/5 * * * *'\n",
}


@pytest.mark.parametrize("text", SCHEDULES.values(), ids=SCHEDULES)
def test_a_schedule_nobody_owns_is_left_to_a_person(text: str) -> None:
    assert "schedule" in kinds(audited({"shop.night": text}))


@pytest.mark.parametrize("text", ["'0 3 * * *'", "X = '1 apple'\n", "X = '1, 2, 3'\n"])
def test_what_is_no_schedule_is_none(text: str) -> None:
    assert "schedule" not in kinds(audited({"shop.night": text}))


def test_a_schedule_of_a_path_is_settled() -> None:
    text = f"from x import cron\n\n@cron('0 3 * * *')\n{CLOSE}\n"
    description = Description(
        calls=CALLS, decorators=("cron",), triggers={**TRIGGERS, "cron.close": True}
    )

    audit = audited({"shop.night": text}, paths=BOTH, description=description)

    assert opened(audit) == set()
    assert {item.kind for item in audit.items} == {"registration", "schedule", "table"}


DYNAMIC = {
    "eval": "eval('pay')",
    "exec": "exec(name)",
    "exec by its module": "__import__('builtins').exec(name)",
    "an alias of exec": "(lambda run: run(name))(exec)",
    "globals": "globals()[name](ports)",
    "importlib": "__import__('importlib').import_module(name)",
    "dunder import": "__import__(name)",
    "vars": "vars(ports)[name]",
    "a dict of the class": "ports.__class__.__dict__",
    "subclasses": "object.__subclasses__()",
    "getattr by a name": "getattr(ports, name)",
    "an alias of getattr": "list(map(getattr, [ports], [name]))",
    "setattr by a name": "setattr(ports, name, 1)",
    "a parameter that is called": "name(ports)",
    "an item that is called": "name['a'](ports)",
    "what is handed back and called": "ports.rows.get()(ports)()",
}


@pytest.mark.parametrize("code", DYNAMIC.values(), ids=DYNAMIC)
def test_a_dispatch_nobody_can_tell_is_left_to_a_person(code: str) -> None:
    audit = audited({"shop.ledger": f"def note(ports, name=None):\n    {code}\n"}, declared={})

    assert "dispatch" in kinds(audit)
    assert [reason.slug for reason in surface_reasons(audit)] == ["surface-unexplained"]


IMPORTED = {
    "builtins": "import builtins\n\ndef load(name):\n    builtins.exec(name)",
    "importlib": "from importlib import import_module as load",
    "pickle": "from pickle import loads as load",
    "sys.modules": "import sys\n\ndef load(name):\n    return sys.modules[name]",
    "attrgetter": "import operator\n\ndef load(name):\n    return operator.attrgetter(name)",
    "methodcaller": "from operator import methodcaller\nload = methodcaller('update')",
}


@pytest.mark.parametrize("text", IMPORTED.values(), ids=IMPORTED)
def test_a_library_that_finds_code_at_run_time_is_left_to_a_person(text: str) -> None:
    ledger = f"{text}\n\ndef note(ports):\n    load(ports.rows)\n"

    assert "dispatch" in kinds(audited({"shop.ledger": ledger}, declared={}))


def test_attrgetter_of_a_constant_that_is_no_write_is_nothing() -> None:
    ledger = (
        "from operator import attrgetter\n\ndef note(ports):\n"
        "    ports.till.update(paid=sum(map(attrgetter('due'), ports.rows.get())))\n"
    )

    assert opened(audited({"shop.ledger": ledger})) == set()


OUTSIDE = {
    "a package": "import requests\n\ndef note(ports):\n    requests.post('x')\n",
    "a class of one": "from bank import Client\n\ndef note(ports):\n    Client('k').pay()\n",
    "a function of Python's": "import os\n\ndef note(ports):\n    os.system('x')\n",
    "a module of Python's": "import socket\n\ndef note(ports):\n    socket.socket()\n",
}


@pytest.mark.parametrize("use", OUTSIDE.values(), ids=OUTSIDE)
def test_a_call_outside_that_nobody_describes_is_left_to_a_person(use: str) -> None:
    audit = audited({"shop.ledger": use}, declared={})

    assert {kind for kind, _, _ in opened(audit)} == {"dispatch"}
    assert all("which nobody describes" in what for _, _, what in opened(audit))


def test_a_package_that_is_called_harmless_is_passed_by() -> None:
    use = (
        "import requests\n\ndef note(ports):\n    requests.post('x')\n    ports.till.update(a=1)\n"
    )
    description = Description(calls=CALLS, harmless=("requests",), triggers=TRIGGERS)

    assert opened(audited({"shop.ledger": use}, description=description)) == set()


def test_things_alike_in_one_place_are_counted_in_what_is_signed_for() -> None:
    once = "def note(ports, name):\n    getattr(ports, name)\n"
    twice = f"{once}    getattr(ports.rows, name)\n"

    first, second = (opened(audited({"shop.ledger": text}, declared={})) for text in (once, twice))

    what = "getattr by a name made when the code runs"
    assert {what for _, _, what in first} == {what}
    assert {what for _, _, what in second} == {f"{what}, 2 times"}


def test_a_class_that_registers_what_inherits_from_it_is_left_to_a_person() -> None:
    text = "class Base:\n    def __init_subclass__(cls):\n        pass\n"

    what = "classes below it may register themselves"
    assert ("registration", "shop.base:Base", what) in opened(audited({"shop.base": text}))


def test_a_call_through_a_parameter_is_settled_by_who_hands_it_over() -> None:
    wrap = (
        "def guarded(call):\n    def inner(ports):\n        return call(ports)\n    return inner\n"
    )
    pay = PAY.replace("note(ports)", "guarded(note)(ports)")
    pay = f"from shop.wrap import guarded\n{pay}"

    audit = audited({"shop.wrap": wrap, "shop.pay": pay})

    assert opened(audit) == set()
    dispatch = {item.what: item for item in audit.items if item.kind == "dispatch"}
    assert dispatch["calls _"].means == ("shop.ledger:note",)
    assert dispatch["calls _"].settled == "only paths reach it"

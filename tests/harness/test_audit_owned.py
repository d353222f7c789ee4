"""Every function that writes is some path's, or is named, however the write is written."""

from __future__ import annotations

import ast
import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.audit.audit import surface_reasons
from harness.audit.described import Call, Description
from harness.errors import ExitCode
from tests.harness.audited import (
    CALLS,
    LEDGER,
    PAY,
    TRIGGERS,
    audited,
    kinds,
    mismatched,
    opened,
    owners,
)

UNOWNED = "writes till, and no path reaches it"


def test_a_shop_whose_writers_are_all_owned_is_clean() -> None:
    audit = audited()

    assert owners(audit) == {"shop.pay:pay": ("api.pay",), "shop.ledger:note": ("api.pay",)}
    assert audit.open == ()
    assert audit.mismatches == ()
    assert audit.exit_code is ExitCode.OPEN
    assert surface_reasons(audit) == ()


def test_a_writer_that_nobody_registered_is_named_and_closes_the_gate() -> None:
    audit = audited({"shop.night": "def close(ports, _):\n    ports.till.update(open=False)\n"})

    assert opened(audit) == {("writer", "shop.night:close", UNOWNED)}
    assert audit.exit_code is ExitCode.CLOSED
    (reason,) = surface_reasons(audit)
    assert reason.slug == "surface-unowned"
    assert reason.found == f"1: shop.night:close: {UNOWNED}"


def test_a_writer_next_to_a_handler_is_not_owned_by_being_near() -> None:
    audit = audited({"shop.pay+": "def refund(ports, _):\n    ports.till.update(paid=False)\n"})

    assert opened(audit) == {("writer", "shop.pay:refund", UNOWNED)}


def test_what_only_calls_outside_is_a_writer_too() -> None:
    audit = audited({"shop.night": "def warn(ports, _):\n    ports.mail.send('late')\n"})

    assert opened(audit) == {
        ("writer", "shop.night:warn", "writes outside, and no path reaches it")
    }


def test_what_is_written_while_a_module_is_imported_is_a_writer() -> None:
    audit = audited({"shop.night": "from shop.world import ports\nports.till.update(open=True)\n"})

    assert ("writer", "shop.night:<module>", UNOWNED) in opened(audit)


NIGHT = "def close(ports, till, name, _):\n"
HIDDEN = {
    "an alias of the store": "    row = ports.till\n    row.update(open=False)\n",
    "an alias of the method": "    put = ports.till.update\n    put(open=False)\n",
    "a part of a pair": "    rows, row = ports.rows, ports.till\n    row.update(open=False)\n",
    "a name assigned on the way": "    if (row := ports.till):\n        row.update(open=False)\n",
    "a loop": "    for row in (ports.till,):\n        row.update(open=False)\n",
    "a table of stores": "    {'t': ports.till}['t'].update(open=False)\n",
    "getattr of a constant": "    getattr(ports.till, 'update')(open=False)\n",
    "getattr on the way": "    getattr(ports, 'till').update(open=False)\n",
    "a name that was handed in": "    till.update(open=False)\n",
    "handing the method over": "    list(map(ports.till.update, [{}]))\n",
    "a comprehension": "    [ports.till.update(open=o) for o in (True, False)]\n",
    "a lambda": "    (lambda: ports.till.update(open=False))()\n",
    "a function inside": "    def inner():\n        ports.till.update(open=False)\n    inner()\n",
    "both ways of a condition": "    (ports.till if name else ports.till).update(open=False)\n",
    "a list that grows": "    rows = []\n    rows.append(ports.till)\n    rows[0].update(a=1)\n",
    "a dict that grows": "    rows = {}\n    rows['t'] = ports.till\n    rows['t'].update(a=1)\n",
    "a name of the function around": (
        "    row = None\n    def find():\n        nonlocal row\n        row = ports.till\n"
        "    find()\n    row.update(a=1)\n"
    ),
    "a generator": (
        "    def rows():\n        yield from [ports.till]\n"
        "    for row in rows():\n        row.update(a=1)\n"
    ),
    "the class of the store": "    type(ports.till).update(ports.till, a=1)\n",
    "a context": "    with ports.till as row:\n        row.update(open=False)\n",
}


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_a_write_is_seen_however_it_is_written(body: str) -> None:
    audit = audited({"shop.night": NIGHT + body})

    found = {where.partition(":")[2].partition(".")[0] for kind, where, _ in opened(audit)}
    assert found == {"close"}
    assert "writer" in kinds(audit)


HELPER = {
    "a parameter": "def put(row):\n    row.update(open=False)\n",
    "a parameter of a method": (
        "class Put:\n    def go(self, row):\n        row.update(open=False)\n"
    ),
    "a field of an object": (
        "class Put:\n    def __init__(self, row):\n        self.row = row\n"
        "    def go(self, _):\n        self.row.update(open=False)\n"
    ),
    "what a function hands back": "def put(row):\n    return row\n",
}
CALLED = {
    "a parameter": "from shop.put import put\n\ndef close(ports, _):\n    put(ports.till)\n",
    "a parameter of a method": (
        "from shop.put import Put\n\ndef close(ports, _):\n    Put().go(ports.till)\n"
    ),
    "a field of an object": (
        "from shop import put\n\ndef close(ports, _):\n    put.Put(ports.till).go(1)\n"
    ),
    "what a function hands back": (
        "from shop.put import put\n\ndef close(ports, _):\n    put(ports.till).update(a=1)\n"
    ),
}


@pytest.mark.parametrize("way", HELPER)
def test_a_store_is_followed_through_calls(way: str) -> None:
    texts = {"shop.put": HELPER[way], "shop.night": CALLED[way]}

    unowned = audited(texts)
    paths = {"api.pay": ("shop.pay:pay",), "cron.close": ("shop.night:close",)}
    owned = audited(texts, paths=paths)

    assert "writer" in kinds(unowned)
    assert "writer" not in kinds(owned)
    assert any(held == ("cron.close",) for held in owners(owned).values())


def test_a_write_of_something_nobody_can_tell_is_left_to_a_person() -> None:
    audit = audited({"shop.pay+": "def put(row):\n    row.update(open=False)\n"})

    what = "update of something nobody can tell"
    assert opened(audit) == {("dispatch", "shop.pay:put", what)}
    assert [reason.slug for reason in surface_reasons(audit)] == ["surface-unexplained"]


@pytest.mark.parametrize(
    "text",
    [
        "def put(row: dict[str, int]):\n    row.update(open=False)\n",
        "def put():\n    row = {}\n    row.update(open=False)\n",
        "def put(ports):\n    ports.rows.get().seen.update(open=False)\n",
    ],
    ids=["declared plain", "made here", "part of a row"],
)
def test_a_method_of_the_same_name_on_a_plain_value_is_no_write(text: str) -> None:
    assert opened(audited({"shop.pay+": text})) == set()


def test_a_method_is_reached_where_its_class_is_and_somebody_asks_for_it() -> None:
    text = (
        "class Desk:\n"
        "    def take(self, ports):\n        ports.till.update(a=1)\n"
        "    def lose(self, ports):\n        ports.till.update(a=2)\n"
    )
    use = PAY + "\nfrom shop.desk import Desk\n\ndef at(desk, ports):\n    desk.take(ports)\n"
    use = use.replace("note(ports)", "note(ports)\n        at(Desk(), ports)")

    audit = audited({"shop.desk": text, "shop.pay": use})

    assert opened(audit) == {("writer", "shop.desk:Desk.lose", UNOWNED)}
    assert owners(audit)["shop.desk:Desk.take"] == ("api.pay",)


def test_a_module_that_is_handed_over_is_reached_whole() -> None:
    use = PAY.replace("note(ports)", "run(ledger, ports)").replace(
        "from shop.ledger import note", "from shop import ledger\nfrom shop.run import run"
    )
    run = "def run(module, ports):\n    module.note(ports)\n"

    audit = audited({"shop.pay": use, "shop.run": run})

    assert owners(audit)["shop.ledger:note"] == ("api.pay",)


def test_relative_and_renamed_imports_are_followed() -> None:
    use = PAY.replace("from shop.ledger import note", "from .ledger import note as noted")

    assert opened(audited({"shop.pay": use.replace("note(ports)", "noted(ports)")})) == set()


def test_a_starred_import_is_followed() -> None:
    use = PAY.replace("from shop.ledger import note", "from shop.ledger import *")

    assert opened(audited({"shop.pay": use})) == set()


def test_a_statement_in_a_text_is_a_write() -> None:
    text = (
        "QUERY = 'UPDATE accounts SET flag = 1'\n"
        "def one(db):\n    db.run(QUERY)\n"
        "def two(db, table):\n    db.run(f'delete from {table} where id = 1')\n"
        "def three(db):\n    '''INSERT INTO nothing: this is a docstring'''\n"
    )
    description = Description(calls=CALLS, tables_of={"accounts": "rows"}, triggers=TRIGGERS)

    audit = audited({"shop.sql": text}, description=description)

    assert opened(audit) == {
        ("writer", "shop.sql:QUERY", "writes rows, and no path reaches it"),
        ("writer", "shop.sql:two", "writes sql ?, and no path reaches it"),
    }


def test_a_statement_nobody_can_read_is_left_to_a_person() -> None:
    audit = audited({"shop.sql": "def run(cursor, text):\n    cursor.execute(text)\n"})

    what = "runs a statement nobody can read"
    assert opened(audit) == {("dispatch", "shop.sql:run", what)}


def test_an_empty_tree_is_no_success() -> None:
    audit = audited(shop={"shop.nothing": "X = 1\n"}, paths={}, declared={})

    assert audit.exit_code is ExitCode.NOTHING
    assert [reason.slug for reason in surface_reasons(audit)] == ["surface-empty"]


def test_a_handler_that_no_source_has_is_named() -> None:
    audit = audited(paths={"api.pay": ("shop.pay:gone",)})

    what = "is called through shop.pay:gone, which no source has"
    assert ("handler", "api.pay", what) in opened(audit)


def test_where_nobody_says_what_a_write_is_any_call_of_what_is_handed_in_is_one() -> None:
    description = Description(calls=None, triggers=TRIGGERS)
    stray = {"shop.night": "def close(ports, _):\n    ports.anything.at_all()\n"}

    assert opened(audited(description=description)) == set()
    audit = audited(stray, description=description)
    assert opened(audit) == {("writer", "shop.night:close", "writes ?, and no path reaches it")}


# --- what a path declares


def test_a_store_that_is_touched_and_not_declared_is_named() -> None:
    ledger = LEDGER + "    ports.rows.update(seen=1)\n"

    audit = audited({"shop.ledger": ledger})

    assert mismatched(audit) == {("touched-undeclared", "api.pay", "rows")}
    assert audit.mismatches[0].detail == (
        "api.pay writes rows at shop/ledger.py:4, and does not declare it"
    )
    assert [reason.slug for reason in surface_reasons(audit)] == ["surface-undeclared"]


def test_a_store_that_is_declared_and_cannot_be_touched_is_named() -> None:
    audit = audited({"shop.ledger": "def note(ports):\n    pass\n"})

    assert mismatched(audit) == {("declared-untouched", "api.pay", "till")}


def test_a_store_that_is_read_and_not_declared_is_named() -> None:
    audit = audited({"shop.ledger": LEDGER + "    ports.till.get()\n"})

    assert mismatched(audit) == {("touched-undeclared", "api.pay", "till")}


def test_what_a_dynamic_name_may_touch_is_no_proof_either_way() -> None:
    ledger = "def note(ports, name='till'):\n    getattr(ports, name + '').update(a=1)\n"

    audit = audited({"shop.ledger": ledger})

    assert mismatched(audit) == set()
    what = "getattr by a name made when the code runs"
    assert opened(audit) == {("dispatch", "shop.ledger:note", what)}


# --- laws

NAMES = st.from_regex(r"[a-z]{3,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and name not in _steps() and not hasattr(str, name)
)


def _steps() -> set[str]:
    return {step for call in CALLS for step in call.steps} | {"note", "ports"}


STRAY = """
def close(ports, _):
    one = ports.till
    for two in (ports.rows, one):
        three = two
        three.update(open=False)
    four = {'a': one}
    four['a'].update(open=True)
    getattr(ports, '%s' % 'x').get()
    five = lambda six: six.update(a=1)
    five(one)
"""


class Renamed(ast.NodeTransformer):
    """Local names replaced by others."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.names.get(node.arg, node.arg)
        return node


def told(text: str) -> object:
    """An audit's inventory without its lines."""
    audit = audited({"shop.night": text})
    writers = [(one.id, one.calls, one.stores, one.owners) for one in audit.writers]
    items = [(one.kind, one.where, one.what, one.means, one.settled) for one in audit.items]
    return writers, items, [found.detail for found in audit.mismatches]


@settings(max_examples=30, deadline=None)
@given(st.lists(NAMES, min_size=6, max_size=6, unique=True))
def test_renaming_what_is_local_changes_nothing(names: list[str]) -> None:
    tree = ast.parse(STRAY)
    Renamed(dict(zip(("one", "two", "three", "four", "five", "six"), names, strict=True))).visit(
        tree
    )

    assert told(ast.unparse(tree)) == told(STRAY)


def test_layout_and_comments_change_nothing() -> None:
    spread = STRAY.replace(
        "(ports.rows, one)", "(  # first\n        ports.rows,\n        one,\n    )"
    )

    assert told(f"\n\n# a comment\n{spread}") == told(ast.unparse(ast.parse(STRAY))) == told(STRAY)


@settings(max_examples=30, deadline=None)
@given(st.permutations(["pay", "ledger", "registry", "night"]))
def test_the_order_of_modules_changes_nothing(order: list[str]) -> None:
    from tests.harness.audited import SHOP

    texts = {**SHOP, "shop.night": STRAY}
    shop = {f"shop.{name}": texts[f"shop.{name}"] for name in order}

    assert audited(shop=shop) == audited(shop=texts)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=0, max_size=12, unique=True)
)
def test_ownership_is_reachability_in_a_drawn_graph_of_calls(calls: list[tuple[int, int]]) -> None:
    bodies = {n: "".join(f"    f{b}(ports)\n" for a, b in calls if a == n) for n in range(6)}
    text = "".join(
        f"def f{n}(ports):\n    ports.till.update(a={n})\n{body}" for n, body in bodies.items()
    )
    reached, waiting = set(), [0]
    while waiting:
        if (n := waiting.pop()) not in reached:
            reached.add(n)
            waiting.extend(b for a, b in calls if a == n)

    audit = audited(shop={"m": text}, paths={"p": ("m:f0",)}, declared={})

    owned = {id_ for id_, by in owners(audit).items() if by}
    assert owned == {f"m:f{n}" for n in reached}
    assert len(audit.writers) == 6


def test_two_descriptions_of_one_call_are_both_counted() -> None:
    calls = (*CALLS, Call(name="ports.till.update", writes=("archive",)))
    audit = audited(description=Description(calls=calls, triggers=TRIGGERS))

    assert mismatched(audit) == {("touched-undeclared", "api.pay", "archive")}

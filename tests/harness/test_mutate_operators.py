"""Operators: what each makes of code, and what none of them touches."""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest

from harness.mutate.mutant import apply
from harness.mutate.operators import OPERATORS, mutants
from harness.mutate.vocabulary import Vocabulary
from harness.probes import instrument

WORDS = Vocabulary(
    words=(("open", "paid", "void"), ("block", "ban")),
    attributes=(("start", "end"),),
    amounts=frozenset(("amount",)),
    writes=frozenset(("pay", "put")),
    told=frozenset(("reason",)),
    keys=frozenset(("once",)),
    repeatable=frozenset(("row.put", "store.put")),
    conditional=frozenset(("expect",)),
    optional={"pay": {"method": (None, "card")}, "put": {"*": ()}},
    stale=(("_p.read(_x['id'])", "view(_x)"),),
    fresh=(("sent(_t)", "view(again(ports, sent(_t)))"),),
    names={"again": lambda ports, payload: payload},
)

EXAMPLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("relational", "return a < b", ("return a <= b",)),
    ("relational", "return a >= b", ("return a > b",)),
    ("relational", "return a == b", ("return a != b",)),
    ("relational", "return a is not b", ("return a is b",)),
    ("relational", "return a not in b", ("return a in b",)),
    ("relational", "return 0 <= a < b", ("return 0 < a < b", "return 0 <= a <= b")),
    ("connective", "return a and b", ("return a or b",)),
    ("operand-dropped", "return a or b", ("return b", "return a")),
    ("negation", "return not a", ("return a",)),
    ("negation", "return 1 if a else 2", ("return 1 if not a else 2",)),
    ("branch-forced", "return 1 if a else 2", (
        "return 1 if True else 2", "return 1 if False else 2")),
    ("branch-forced", "while a:\n  a -= 1", ("while False:\n    a -= 1",)),
    ("condition-forced", "return [x for x in a if x > b]", (
        "return [x for x in a if True]", "return [x for x in a if False]")),
    ("quantifier", "return any(a)", ("return all(a)",)),
    ("case-forced", "match a:\n  case 1: b()\n  case _: pass", (
        "match a:\n    case _:\n        pass",
        "match a:\n    case 1:\n        b()",
        "match a:\n    case _ if True:\n        b()\n    case _:\n        pass")),
    ("constant-nudged", "return a(14)", ("return a(15)", "return a(13)")),
    ("constant-nudged", "return a(len(b) > 0)", ("return a(len(b) > 1)",)),
    ("constant-nudged", "return a(604800)", (
        "return a(604801)", "return a(604799)", "return a(691200)", "return a(518400)")),
    ("constant-nudged", "a(30 * 86400)", (
        "a(30 * 86400 + 1)", "a(30 * 86400 - 1)", "a(31 * 86400)", "a(29 * 86400)")),
    ("constant-flipped", "a(x=True, y=None)", ("a(x=False, y=None)", "a(x=True, y=0)")),
    ("arithmetic", "return a - b", ("return a + b",)),
    ("arithmetic", "return a % b", ("return a * b",)),
    ("arithmetic", "return frozenset(a) - b", ("return frozenset(a) | b",)),
    ("arithmetic", "return a + 'x'", ()),
    ("arithmetic", "a += b", ("a -= b",)),
    ("addend-dropped", "return a + b", ("return a",)),
    ("sign", "return -a", ("return a",)),
    ("hundredfold", "put(a.amount)", ("put(a.amount * 100)",)),
    ("hundredfold", "return a.amount is None", ()),
    ("hundredfold", "return a.amount <= 0", ()),
    ("rounding", "return a // b", ("return -(-a // b)", "return round(a / b)")),
    ("rounding", "return -(-a // b)", ("return a // b",)),
    ("rounding", "return (2 * a + b) // (2 * b)", (
        "return 2 * a // (2 * b)", "return -(-(2 * a + b) // (2 * b))",
        "return round((2 * a + b) / (2 * b))")),
    ("bound", "return max(0, a)", ("return min(0, a)", "return a")),
    ("bound", "return abs(a)", ("return a",)),
    ("place", "return a[0]", ("return a[-1]",)),
    ("place", "return a[1:]", ("return a[:]",)),
    ("sorting", "return sorted(a)", ("return list(a)", "return sorted(a, reverse=True)")),
    ("sorting", "return min(a, key=lambda x: (x.at, x.id))", (
        "return min(a, key=lambda x: x.id)", "return min(a, key=lambda x: x.at)")),
    ("text-emptied", "a('code')", ("a('')",)),
    ("text-emptied", "a('')", ("a('mutant')",)),
    ("text-emptied", "a(b or '')", ()),
    ("text-emptied", "a('a sentence for people')", ()),
    ("statement-dropped", "a(b)", ("pass",)),
    ("statement-dropped", "a = b", ("pass",)),
    ("statement-dropped", "c = b", ()),
    ("statement-dropped", "if a:\n  return", ()),
    ("return-default", "return a(b)", ("return None",)),
    ("exception", "try:\n  a()\nexcept E:\n  b()", (
        "try:\n    a()\nexcept E:\n    raise", "try:\n    a()\nexcept E:\n    pass")),
    ("unguarded", "with a.lock():\n  b()", ("b()",)),
    ("jump", "for x in a:\n  if x: break", ("for x in a:\n    if x:\n        continue",)),
    ("loop", "for x in a: b(x)", (
        "for x in a:\n    b(x)\n    break", "for x in ():\n    b(x)")),
    ("write-dropped", "a.pay(b)", ("pass",)),
    ("write-doubled", "a.pay(b)", ("a.pay(b)\na.pay(b)",)),
    ("write-doubled", "a.store.put(b)", ()),
    ("write-doubled", "a.store.put(expect=b)", ("a.store.put(expect=b)\na.store.put(expect=b)",)),
    ("write-doubled", "return a.pay(b)", ("a.pay(b)\nreturn a.pay(b)",)),
    ("writes-swapped", "a.pay(b)\na.put(b)", ("a.put(b)\na.pay(b)",)),
    ("writes-swapped", "c = a.pay(b)\na.put(c)", ()),
    ("writes-swapped", "a.store.put(x=sum(b))\nif a.row.get():\n  a.row.put(x=b)", ()),
    ("stale-for-fresh", "return a.read(b['id'])", ("return __mutant_view__(b)",)),
    ("fresh-for-stale", "return sent(a)", ()),
    ("key-constant", "a.pay(once=b)", ("a.pay(once='mutant')",)),
    ("keyword-dropped", "a.pay(method=b, other=b)", ("a.pay(other=b)",)),
    ("keyword-dropped", "a.pay(method='card')", ()),
    ("keyword-dropped", "a.put(x=a, y=b)", ("a.put(y=b)", "a.put(x=a)")),
    ("word", "return a == 'open'", ("return a == 'paid'",)),
    ("field", "return a.start", ("return a.end",)),
    ("field", "return a['end']", ("return a['start']",)),
    ("row-dropped", "return {'x': a, 'y': b}", ("return {'y': b}", "return {'x': a}")),
    ("row-dropped", "return a in ('open', 'void')", (
        "return a in ('void',)", "return a in ('open',)")),
    ("row-dropped", "return (a, b)", ()),
)  # fmt: skip


def function(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"def sent(x): ...\n\ndef f(a, b):\n{lines}"


def made(text: str, words: Vocabulary = WORDS) -> dict[str, list[str]]:
    """Operator → the modules it makes, as source."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for mutant in mutants("m", text, words):
        found[mutant.operator].append(ast.unparse(apply(text, mutant)))
    return found


@pytest.mark.parametrize(("operator", "body", "expected"), EXAMPLES, ids=str)
def test_an_operator_makes_what_it_says(
    operator: str, body: str, expected: tuple[str, ...]
) -> None:
    everything = [text for texts in made(function(body)).values() for text in texts]
    own = made(function(body))[operator]

    for one in expected:  # a mutant that two operators make is made by the first of them
        assert ast.unparse(ast.parse(function(one))) in everything
    assert expected or own == []
    assert set(own) <= {ast.unparse(ast.parse(function(one))) for one in expected}


def test_every_operator_has_an_example_that_it_makes_something_of() -> None:
    makers = {operator for operator, _, expected in EXAMPLES if expected}

    assert makers | {"fresh-for-stale", "rows-swapped"} == set(OPERATORS)


def test_what_was_sent_is_read_anew_where_the_ports_are_at_hand() -> None:
    text = "def sent(t): return t\ndef f(ports, t):\n    return sent(t)\n"

    (found,) = made(text)["fresh-for-stale"]

    assert "__mutant_view__(__mutant_again__(ports, sent(t)))" in found


TABLES = """
ROWS = {"usd": (50, 1), "kwd": (160, 10)}
STATES = ("open", "draft", "late")
LIMIT = 30 * 86400
def f(ports):
    return ports
"""


def test_rows_of_tables_and_constants_of_a_module_are_mutated_without_arcs() -> None:
    found = mutants("m", TABLES, WORDS)

    after = {(one.operator, one.after) for one in found}
    assert ("rows-swapped", "{'usd': (160, 10), 'kwd': (50, 1)}") in after
    assert ("row-dropped", "{'kwd': (160, 10)}") in after
    assert ("row-dropped", "('draft', 'late')") in after
    assert ("constant-nudged", "31") in after
    assert ("constant-nudged", "51") in after
    data = [one for one in found if one.qualname == ""]
    assert data
    assert not any(one.runs or one.arcs for one in data)


LEFT_ALONE = '''
"""A docstring, with "open" in it."""
from __future__ import annotations
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar
import re
__all__ = ["f"]
T = TypeVar("T")
Kind = Literal["open", "paid"]
Span = tuple[int, int | None]
if TYPE_CHECKING:
    LATER = 14
class Port(Protocol):
    def pay(self, amount: int = 3) -> Literal["open"]: ...
class Refused(Exception):
    def __init__(self, code):
        super().__init__(code + ": no")
class Row:
    """A row."""
    __slots__ = ("a", "b")
    @staged("open", 3)
    def f(self, a: Literal["open"]) -> Literal["paid"]:
        """A docstring."""
        self.reason("declined", code=3, of=a + 1)
        a.append(self.reason("declined", code=4))
        Counter[str | None]
        return a
'''


def test_what_no_behaviour_depends_on_is_left_alone() -> None:
    found = made(LEFT_ALONE)

    assert found == {}


def test_an_id_names_module_function_operator_and_place() -> None:
    text = "class C:\n    def f(self, a):\n        def g(): return a < 1 < 2\n        return g\n"

    ids = [one.id for one in mutants("m.n", text, WORDS) if one.operator == "relational"]

    assert ids == [
        "m.n:C.f.<locals>.g:relational:0",
        "m.n:C.f.<locals>.g:relational:0:1",
    ]


def test_a_long_mutant_is_shown_where_it_differs() -> None:
    rows = ", ".join(f"'{number:03}': {number}" for number in range(90))
    found = [
        one
        for one in mutants("m", f"ROWS = {{{rows}}}\n", WORDS)
        if one.id.endswith("row-dropped:0:70")
    ]

    assert [(one.before[:1], "'070': 70" in one.before) for one in found] == [("…", True)]
    assert "'070': 70" not in found[0].after


def test_each_operator_says_in_a_sentence_what_it_does() -> None:
    for name, operator in OPERATORS.items():
        assert name == operator.name
        assert len(operator.what.split()) > 3, name


def arcs_of(body: str, before: str) -> set[str]:
    """Arcs, in words, of the first mutant of an expression."""
    text = function(body)
    _, arcs = instrument(text, "m")
    mutant = next(one for one in mutants("m", text, WORDS) if one.before == before)
    return {f"{arcs[arc].kind}: {arcs[arc].text}" for arc in mutant.arcs}


ENTRY = "entry: f is called"


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        ("return a < b", "a < b", {ENTRY}),
        ("if a > 1:\n  return 1\nreturn a < b", "a < b", {"if: `a > 1` is false"}),
        ("if a > 1:\n  b()\nelse:\n  return 1\nreturn a < b", "a < b", {"if: `a > 1` is true"}),
        ("if a < b: b()", "a < b", {ENTRY, "if: `a < b` is true", "if: `a < b` is false"}),
        ("if a: return a < b", "a < b", {"if: `a` is true"}),
        ("return 1 if a else a < b", "a < b", {"ternary: `a` is false"}),
        ("return a and a < b", "a < b", {
            ENTRY, "operand: `a < b` is true", "operand: `a < b` is false"}),
        ("for c in a: b(c < 1)", "c < 1", {"for: `a` has an item"}),
        ("for c in a < b: pass", "a < b", {
            ENTRY, "for: `a < b` has an item", "for: `a < b` is exhausted",
            "iteration: `a < b` has no item"}),
        ("while a < b: b()", "a < b", {
            ENTRY, "while: `a < b` goes round", "while: `a < b` ends",
            "iteration: `a < b` never goes round"}),
        ("return [c < 1 for c in a]", "c < 1", {"iteration: `a` has an item"}),
        ("return [c < 1 for c in a if c]", "c < 1", {"condition: `c` is true"}),
        ("try:\n  b()\nexcept E:\n  return a < b", "a < b", {"except: is entered"}),
        ("try:\n  b()\nexcept E:\n  c()", "except E: c()", {ENTRY, "except: is entered"}),
        ("try:\n  a.pay(b)\nexcept E:\n  c()", "a.pay(b)", {
            ENTRY, "try: ends without an exception", "except: is entered"}),
        ("return a and b < 1", "a and b < 1", {
            ENTRY, "operand: `a` decides: false", "operand: `b < 1` is true",
            "operand: `b < 1` is false"}),
        ("match a:\n  case 1: return a < b", "a < b", {"case: `1` matches"}),
        ("return sorted(a, key=lambda c: c < 1)", "c < 1", {ENTRY}),
        ("return a(lambda c: c < 1)", "c < 1", set()),
        ("return {1: 2, 3: a < b}[a]", "a < b", {ENTRY, "row: `1` is read", "row: `3` is read"}),
        ("def g(): return a < b", "a < b", {"entry: g is called"}),
    ],
    ids=lambda told: str(sorted(told) if isinstance(told, set) else told),
)  # fmt: skip
def test_a_mutant_lies_on_the_innermost_arc_and_on_those_that_it_decides(
    body: str, before: str, expected: set[str]
) -> None:
    assert arcs_of(body, before) == expected

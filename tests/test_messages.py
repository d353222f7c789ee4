"""The page of messages names every slug that the harness can say, and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from harness.reason import SLUGS
from harness.ruling_health import FAULTS
from tests.said_slugs import Package, Said, Unresolved, sources_of
from tests.shadow_command import ROOT

PAGE = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(?P<slug>[^`]+)` \|(?P<kinds>[^|]*)\|(?P<cause>[^|]*)\|(?P<cure>.*)\|$", re.M
)
KINDS = {
    "InputError": "error",
    "NothingCompared": "error",
    "Void": "error",
    "HarnessError": "error",
    "Finding": "finding",
    "Reason": "reason",
    "Problem": "problem",
    "text": "text",
}
"""Class whose field is filled → the word for it on the page."""


@cache
def said() -> Mapping[str, frozenset[str]]:
    """Slug → what it is said as."""
    found: dict[str, frozenset[str]] = {}
    for one in Package(sources_of(ROOT / "harness")).said():
        found[one.slug] = found.get(one.slug, frozenset()) | {KINDS[one.kind]}
    return found


def listed() -> list[re.Match[str]]:
    return list(ROW.finditer(PAGE))


def slugs_of(*modules: str, **more: str) -> set[str]:
    """Slugs that a small package says; its modules are `p.m0`, `p.m1`, … and those of `more`."""
    texts = {f"p.m{number}": text for number, text in enumerate(modules)}
    texts |= {f"p.{name}": text for name, text in more.items()}
    return {one.slug for one in Package(texts).said()}


def test_every_message_that_the_harness_can_say_is_on_the_page() -> None:
    assert sorted(set(said()) - {row["slug"] for row in listed()}) == []


def test_the_page_names_no_message_that_nobody_says() -> None:
    assert sorted({row["slug"] for row in listed()} - set(said())) == []


def test_each_message_stands_once() -> None:
    slugs = [row["slug"] for row in listed()]

    assert sorted({slug for slug in slugs if slugs.count(slug) > 1}) == []


def test_each_is_listed_as_what_it_is_said_as() -> None:
    for row in listed():
        words = set(row["kinds"].replace(",", " ").split())
        assert words >= said()[row["slug"]], row["slug"]
        assert words <= set(KINDS.values()), row["slug"]


def test_each_has_a_cause_and_a_cure() -> None:
    for row in listed():
        assert row["cause"].strip(), row["slug"]
        assert row["cure"].strip(), row["slug"]


def test_each_group_is_in_alphabetical_order() -> None:
    for group in PAGE.split("\n## "):
        slugs = [row["slug"] for row in ROW.finditer(group)]
        assert slugs == sorted(slugs), group.partition("\n")[0]


def test_a_finding_names_the_outcome_it_argues_for() -> None:
    group = PAGE.partition("## Findings of a cell")[2].partition("\n## ")[0]
    for row in ROW.finditer(group):
        assert re.match(r"(NOT_RUN|ERROR|TIMEOUT|UNSTABLE|DRIFT|DIVERGE): ", row["cause"].strip())


def test_the_tables_of_the_gate_and_of_rulings_name_nothing_that_nobody_says() -> None:
    assert sorted({*SLUGS, *FAULTS} - set(said())) == []


# The reader of slugs, on small packages.

ERRORS = """
class Fault(Exception):
    slug: str
    message: str = ""
"""


def test_a_slug_is_read_by_position_and_by_keyword() -> None:
    assert slugs_of(ERRORS + "Fault('one', 'x')\nFault(message='x', slug='two')") == {"one", "two"}


def test_a_slug_is_read_through_a_subclass_in_another_module() -> None:
    text = "from p.errors import Fault as F\nclass Own(F):\n    pass\nOwn('one')"

    assert slugs_of(text, errors=ERRORS) == {"one"}


def test_a_slug_is_followed_through_functions_that_hand_it_on() -> None:
    text = ERRORS + (
        "def outer(slug):\n    return inner('x', slug)\n"
        "def inner(message, slug, *, more=''):\n    return Fault(f'given-{slug}', message)\n"
        "outer('one')\ninner(slug='two', message='')"
    )

    assert slugs_of(text) == {"given-one", "given-two"}


def test_methods_of_the_same_name_are_told_apart_by_their_receiver() -> None:
    text = ERRORS + (
        "class Document:\n"
        "    def error(self, slug):\n        return Fault(slug)\n"
        "class Reader:\n"
        "    def __init__(self, document: Document, each):\n"
        "        self.document, self.each = document, each\n"
        "    def error(self, slug):\n        return self.document.error(f'reader-{slug}')\n"
        "    def read(self):\n        self.error('one')\n        self.document.error('two')\n"
        "def read(reader: Reader):\n    reader.error('three')"
    )

    assert slugs_of(text) == {"reader-one", "two", "reader-three"}


def test_a_slug_is_followed_through_tables_and_loops() -> None:
    text = ERRORS + (
        "TABLE = MappingProxyType({1: 'one', 2: 'two'})\nUNKNOWN = 'three'\n"
        "def all(given):\n"
        "    for _, slug in TABLE.items():\n        Fault(slug)\n"
        "    checks = (('four', 1), ('five', 2))\n"
        "    [Fault(slug) for slug, _ in checks]\n"
        "    Fault(TABLE.get(given, 'six'))\n    Fault(TABLE[given])\n    Fault(UNKNOWN)"
    )

    assert slugs_of(text) == {"one", "two", "three", "four", "five", "six"}


def test_a_slug_is_made_of_a_field_by_every_construction_of_its_class() -> None:
    text = ERRORS + (
        "class Side:\n    role: str\n"
        "Side(role='left')\nSide('right')\n"
        "def crash(side: Side):\n    return Fault(slug=f'{side.role}-crashed')"
    )

    assert slugs_of(text) == {"left-crashed", "right-crashed"}


def test_a_kind_becomes_a_slug_without_spaces() -> None:
    text = ERRORS + (
        "def unknown(kind):\n"
        "    slug = f\"unknown-{kind.replace(' ', '-')}\"\n    return Fault(slug)\n"
        "def check(said):\n    for facet, values in said.items():\n"
        "        unknown(f'{facet} field')\n"
        "check({'truth': 1, 'customer': 2})"
    )

    assert slugs_of(text) == {"unknown-truth-field", "unknown-customer-field"}


def test_a_message_handed_on_is_counted_where_it_was_made() -> None:
    assert slugs_of(ERRORS + "def again(fault: Fault):\n    return Fault(fault.slug)") == set()


def test_a_fault_under_another_name_is_one_of_its_class() -> None:
    text = ERRORS + (
        "def made() -> Fault | None:\n    return Fault('one')\n"
        "def again():\n    fault = made()\n    raise replace(fault, slug='two')"
    )

    kinds = {(one.slug, one.kind) for one in Package({"p.m": text}).said()}
    assert kinds == {("one", "Fault"), ("two", "Fault")}


def test_a_class_in_a_variable_is_constructed_all_the_same() -> None:
    text = ERRORS + (
        "class Worse(Fault):\n    pass\n"
        "def made(bad):\n    kind = Worse if bad else Fault\n    return kind('one')"
    )

    kinds = {(one.slug, one.kind) for one in Package({"p.m": text}).said()}
    assert kinds == {("one", "Fault"), ("one", "Worse")}


def test_a_bracketed_slug_of_a_printed_line_is_read() -> None:
    text = (
        "def say(text):\n    'A docstring is not said [never]'\nsay('error: stopped [halted]\\n')"
    )

    assert [*Package({"p.m": text}).said()] == [Said("halted", "text", "p.m:3")]


@pytest.mark.parametrize(
    "line",
    [
        "Fault(input())",
        "Fault('a' + name)",
        "Fault(f'bad-{1 + 1}')",
        "Fault(*parts)",
        "Fault(**parts)",
        "Fault(name)",
        "def f(slug):\n    return Fault(slug)\nmap(f, 'ab')",
        "def f(**slugs):\n    return Fault(slugs['a'])",
        "def f(fault):\n    return Fault(f'worse-{fault.slug}')",
        "class A:\n    def f(self, slug):\n        return Fault(slug)\ndef g(a):\n    a.f('one')",
        "[Fault(one) for one in open('names')]",
        "f = lambda slug: Fault(slug)",
        "class Late(Fault):\n    slug: str = name",
        "def f(fault):\n    fault.slug = name",
        "made(slug=name)",
        "list(map(Fault, names))",
        "KINDS = {'a': Fault}",
        "def kind():\n    return Fault",
        "row = {'slug': name}",
    ],
)
def test_a_slug_that_nobody_can_read_is_refused_and_not_passed_over(line: str) -> None:
    with pytest.raises(Unresolved):
        slugs_of(ERRORS + line)

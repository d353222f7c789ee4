"""Probes: the code computes what it did, and its statement arcs are coverage.py's branches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.arcs import Arc, Coverage
from harness.probes import instrument, probe_globals
from tests.harness import probe_sample
from tests.harness.branch_tables import coverage_tables, probed_table

SAMPLE = Path(str(probe_sample.__file__))


def probed(source: str, file: str = "<sample>") -> tuple[dict[str, Any], list[Arc], bytearray]:
    tree, arcs = instrument(source, file)
    hits = bytearray(len(arcs))
    names: dict[str, Any] = {"__name__": "probed", **probe_globals(hits)}
    exec(compile(tree, file, "exec"), names)  # noqa: S102
    return names, list(arcs), hits


def taken(source: str, call: str) -> list[str]:
    """What `call` takes of the functions in `source`, in words."""
    names, arcs, hits = probed(source)
    hits[:] = bytes(len(hits))
    eval(call, names)  # noqa: S307
    return [
        f"{arc.kind}: {arc.text}"
        for arc, hit in zip(arcs, hits, strict=True)
        if hit and arc.kind != "entry"
    ]


NAMES, *_ = probed(SAMPLE.read_text(), str(SAMPLE))


@given(n=st.integers(-3, 12))
def test_probed_code_returns_and_raises_what_the_original_does(n: int) -> None:
    assert probe_sample.run(NAMES, [n]) == probe_sample.run(vars(probe_sample), [n])


def test_a_traceback_keeps_its_line() -> None:
    def line(names: dict[str, Any]) -> int:
        with pytest.raises(ValueError, match="too much") as raised:
            names["escaping"](12)
        return raised.tb.tb_next.tb_lineno if raised.tb.tb_next else 0

    assert line(NAMES) == line(vars(probe_sample))


@pytest.mark.parametrize("inputs", [[0], [3], [-1, 2, 12], list(range(-2, 13))], ids=str)
def test_statement_arcs_are_coverages_branches_taken_and_in_all(
    inputs: list[int], tmp_path: Path
) -> None:
    names, arcs, hits = probed(SAMPLE.read_text(), str(SAMPLE))
    names["run"](names, inputs)
    program = (
        f"from tests.harness import probe_sample as sample\nsample.run(vars(sample), {inputs!r})\n"
    )
    theirs = coverage_tables(program, tmp_path, f"--include={SAMPLE}")
    taken = {number for number, hit in enumerate(hits) if hit}
    assert probed_table(arcs, taken) == theirs[SAMPLE.stem]


@pytest.mark.parametrize(
    ("source", "call", "expected"),
    [
        ("f = lambda a, b: a and b", "f(0, 1)", ["operand: `a` decides: false"]),
        ("f = lambda a: {1: 'x', 2: 'y'}[a]", "f(2)", ["row: `2` is read"]),
        ("f = lambda a: (7, 8)[a > 1]", "f(2)", ["row: `8` is read"]),
        ("f = lambda a: [f, a][not a]", "f(2)", ["row: `f` is read"]),
        ("f = lambda a: (a, 8)[0] + [a, 1][-1] + {1: a}[a]", "f(1)", []),
        ("f = lambda a, b: a and b", "f(1, 0)", ["operand: `b` is asked"]),
        ("f = lambda a, b: a and b > 1", "f(1, 0)", ["operand: `b > 1` is false"]),
        ("f = lambda a, b: a or b > 1", "f(0, 2)", ["operand: `b > 1` is true"]),
        ("f = lambda a, b: a or b", "f(1, 0)", ["operand: `a` decides: true"]),
        ("f = lambda a: 1 if a else 2", "f(1)", ["ternary: `a` is true"]),
        ("f = lambda a: 1 if a else 2", "f(0)", ["ternary: `a` is false"]),
        (
            "f = lambda a, b: 1 if a and b else 2",
            "f(1, 0)",
            ["ternary: `a and b` is false", "operand: `b` is false"],
        ),
        ("f = lambda a: [x for x in a]", "f('')", ["iteration: `a` has no item"]),
        ("f = lambda a: [x for x in a]", "f('ab')", ["iteration: `a` has an item"]),
        (
            "f = lambda a: [x for x in a if x]",
            "f([0])",
            ["iteration: `a` has an item", "condition: `x` is false"],
        ),
        (
            "def f(a):\n  for x in a: pass",
            "f('')",
            ["for: `a` is exhausted", "iteration: `a` has no item"],
        ),
        (
            "def f(a):\n  while a: a -= 1",
            "f(1)",
            ["while: `a` goes round", "while: `a` ends"],
        ),
        (
            "def f(a):\n  while a: a -= 1",
            "f(0)",
            ["while: `a` ends", "iteration: `a` never goes round"],
        ),
        (
            "def f(a):\n  try: int(a)\n  except KeyError: return 1\n  except ValueError: return 2",
            "f('x')",
            ["except: is asked after the clause before it", "except: is entered"],
        ),
        (
            "def f(a):\n  try: return int(a)\n  except ValueError: return 2",
            "f('1')",
            ["try: ends without an exception"],
        ),
    ],
)
def test_arcs_inside_expressions_are_told_apart(
    source: str, call: str, expected: list[str]
) -> None:
    assert sorted(taken(source, call)) == sorted(expected)


def test_a_call_that_raises_leaves_the_end_of_its_try_untaken() -> None:
    source = "def f(a):\n  try: return int(a)\n  except ValueError: return 2"
    assert taken(source, "f('x')") == ["except: is entered"]


TABLES = """
from types import MappingProxyType
SEALED = MappingProxyType({"day": 1, "week": 7})
LIMITS = {"free": 1, "pro": 2}
STATES = ("open", "paid", "void")
KINDS: object = {**LIMITS, "x": 1}
ERRORS = (KeyError, ValueError)
ONE = {"a": 1}
f = lambda expression: eval(expression, globals())
"""


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("LIMITS['pro']", ["'pro'"]),
        ("SEALED['week']", ["'week'"]),
        ("SEALED.get('day')", ["'day'"]),
        ("LIMITS.get('free')", ["'free'"]),
        ("LIMITS.get('none')", []),
        ("'pro' in LIMITS", []),
        ("sorted(LIMITS.items())", ["'free'", "'pro'"]),
        ("[v for v in LIMITS.values()]", ["'free'", "'pro'"]),
        ("'paid' in STATES", ["'paid'"]),
        ("'none' in STATES", []),
        ("STATES[0]", ["'open'"]),
        ("STATES[-1]", ["'void'"]),
        ("STATES[1:]", ["'paid'", "'void'"]),
        ("next(iter(STATES))", ["'open'"]),
        ("len(STATES) + len(LIMITS) + len(KINDS) + ONE['a']", []),
    ],
)
def test_a_row_of_a_constant_table_is_an_arc_taken_where_it_is_read(
    expression: str, rows: list[str]
) -> None:
    assert taken(TABLES, f"f({expression!r})") == [f"row: `{row}` is read" for row in rows]


def test_a_watched_table_equals_what_is_written() -> None:
    names, *_ = probed(TABLES)
    assert names["LIMITS"] == {"free": 1, "pro": 2}
    assert names["STATES"] == ("open", "paid", "void")
    assert repr(names["LIMITS"]) == "{'free': 1, 'pro': 2}"
    assert json.dumps([names["STATES"], names["LIMITS"]]) == json.dumps(
        [["open", "paid", "void"], {"free": 1, "pro": 2}]
    )
    with pytest.raises(IndexError):
        names["STATES"][3]
    with pytest.raises(KeyError):
        names["LIMITS"]["none"]


def test_annotations_stay_as_they_are_written() -> None:
    names, *_ = probed("from __future__ import annotations\ndef f(a: x or y) -> z and w: ...")
    assert names["f"].__annotations__ == {"a": "x or y", "return": "z and w"}


def test_a_docstring_stays_a_docstring() -> None:
    names, *_ = probed('"""Of the module."""\ndef f():\n    """Of f."""\n    return 1')
    assert (names["__doc__"], names["f"].__doc__) == ("Of the module.", "Of f.")


def test_no_name_of_a_probe_stays_in_a_class() -> None:
    names, *_ = probed("class A:\n    for i in tuple('ab'):\n        pass")
    assert [name for name in vars(names["A"]) if "probe" in name] == []


def test_what_importing_took_outlives_a_reset_and_what_a_call_took_does_not() -> None:
    source = "def f(a):\n  return 1 if a else 2\nB = f(1) if 1 > 0 else 0\n"
    tree, arcs = instrument(source, "m")
    coverage = Coverage()
    names = probe_globals(coverage.add("m", arcs))
    exec(compile(tree, "m", "exec"), names)  # noqa: S102
    coverage.seal()
    assert [arcs[i].text for i in coverage.taken()["m"]] == ["`1 > 0` is true"]
    names["f"](0)
    assert "`a` is false" in [arcs[i].text for i in coverage.taken()["m"]]
    coverage.reset()
    assert [arcs[i].text for i in coverage.taken()["m"]] == ["`1 > 0` is true"]


def test_an_exception_that_escapes_is_an_arc_where_it_was_declared() -> None:
    coverage = Coverage()
    coverage.add("m", ())
    coverage.declare_raise("m", "api.pay", "ValueError", Arc(3, "raises", "ValueError escapes"))
    coverage.seal()
    assert not coverage.raised("api.pay", "KeyError")
    assert coverage.taken() == {}
    assert coverage.raised("api.pay", "ValueError")
    assert coverage.taken() == {"m": frozenset({0})}


def test_a_crash_declared_after_sealing_is_still_there_after_a_reset() -> None:
    coverage = Coverage()
    coverage.add("m", ())
    coverage.seal()
    coverage.declare_raise("m", "api.pay", "ValueError", Arc(3, "raises", "ValueError escapes"))
    coverage.reset()
    assert coverage.raised("api.pay", "ValueError")
    assert coverage.taken() == {"m": frozenset({0})}

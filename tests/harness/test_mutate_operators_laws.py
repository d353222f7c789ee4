"""Laws of mutants: names that stay, one change each, arcs that exist, code that compiles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.kit import Kit
from harness.errors import InputError
from harness.mutate.mutant import Mutant, along, applied, apply, apply_one
from harness.mutate.operators import mutants
from harness.mutate.vocabulary import Vocabulary, vocabulary_of
from harness.probes import instrument
from tests.shadow_command import ROOT

WORDS = vocabulary_of(Kit())
MODULES = sorted(
    (*(ROOT / "brain").glob("*.py"), *(ROOT / "legacy_replica").glob("*.py")),
    key=lambda file: file.as_posix(),
)
STEMS = [file.relative_to(ROOT).as_posix() for file in MODULES]

few = settings(max_examples=30, deadline=None)  # each makes and compiles hundreds of mutants
names = st.sampled_from(["a", "b", "c"])
atoms = st.one_of(
    names,
    st.sampled_from(["0", "1", "86400", "'open'", "'ban'", "''", "None", "True", "a.amount"]),
)


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "//", "<", "==", "in", "and", "or"]), inner
        ).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"(not {one})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"[x for x in {p[0]} if {p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"a.update(x={p[0]}, y={p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"{{'x': {p[0]}, 'y': {p[1]}}}"),
        inner.map(lambda one: f"sorted({one}, key=lambda x: (x, -x))"),
    )


expressions = st.recursive(atoms, joined, max_leaves=6)


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def flat(blocks: list[list[str]]) -> list[str]:
    return [line for block in blocks for line in block]


def nested(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    blocks = st.lists(inner, min_size=1, max_size=3).map(flat)
    return st.one_of(
        st.tuples(expressions, blocks, blocks).map(
            lambda p: [f"if {p[0]}:", *indented(p[1]), "else:", *indented(p[2])]
        ),
        st.tuples(expressions, blocks).map(lambda p: [f"for c in {p[0]}:", *indented(p[1])]),
        st.tuples(expressions, blocks).map(
            lambda p: [f"while {p[0]}:", *indented(p[1]), "    break"]
        ),
        st.tuples(blocks, blocks).map(
            lambda p: ["try:", *indented(p[0]), "except KeyError:", *indented(p[1])]
        ),
        blocks.map(lambda p: ["with a.lock():", *indented(p)]),
        blocks.map(lambda p: ["def g(a):", *indented(p)]),
        st.tuples(expressions, blocks, blocks).map(
            lambda p: [
                f"match {p[0]}:", "    case 1:", *indented(indented(p[1])),
                "    case _:", *indented(indented(p[2])),
            ]
        ),
    )  # fmt: skip


simple = st.one_of(
    expressions.map(lambda one: [f"b = {one}"]),
    expressions.map(lambda one: [f"c += {one}"]),
    expressions.map(lambda one: [f"return {one}"]),
    expressions.map(lambda one: [f"a.put_hold({one})"]),
    st.just(["return"]),
    st.just(["raise KeyError('x')"]),
)
bodies = st.lists(st.recursive(simple, nested, max_leaves=5), min_size=1, max_size=4)
programs = bodies.map(
    lambda found: "\n".join(["ROWS = {'x': 1, 'y': 2}", "def f(a, b, c):", *indented(flat(found))])
)


def told(found: tuple[Mutant, ...], text: str) -> list[tuple[object, ...]]:
    """Mutants without their lines, with the module that each makes."""
    return [(one.id, one.before, one.after, one.arcs, ast.dump(apply(text, one))) for one in found]


def spread(text: str) -> str:
    """The same program, written otherwise: comments, blank lines, other quotes and brackets."""
    lines = ast.unparse(ast.parse(text)).splitlines()
    return "# above\n\n" + "\n\n".join(f"{line}  # beside" for line in lines) + "\n"


@few
@given(text=programs)
def test_formatting_and_comments_change_neither_names_nor_mutants(text: str) -> None:
    other = spread(text)

    assert told(mutants("m", text, WORDS), text) == told(mutants("m", other, WORDS), other)


@few
@given(text=programs)
def test_another_function_beside_it_leaves_all_names_as_they_are(text: str) -> None:
    more = f"def before(a):\n    return a < 1\n{text}\ndef behind(a):\n    return a + 1\n"

    ids = {one.id for one in mutants("m", text, WORDS)}

    assert ids < {one.id for one in mutants("m", more, WORDS)}


@few
@given(text=programs)
def test_a_mutant_differs_in_one_place_compiles_and_is_no_other(text: str) -> None:
    holds(text, WORDS)


@few
@given(text=programs)
def test_arcs_are_arcs_of_the_instrumented_module(text: str) -> None:
    _, arcs = instrument(text, "m")

    for one in mutants("m", text, WORDS):
        assert all(0 <= arc < len(arcs) for arc in one.arcs)
        assert bool(one.arcs) <= one.runs
        assert not any(arcs[arc].at_import for arc in one.arcs)


@pytest.mark.parametrize("stem", STEMS)
def test_the_laws_hold_for_the_shipped_engines(stem: str) -> None:
    text = (ROOT / stem).read_text()

    holds(text, WORDS)
    assert told_short(text) == told_short(spread(text))


def told_short(text: str) -> list[tuple[object, ...]]:
    return [
        (one.id, one.operator, one.before, one.after, one.arcs)
        for one in mutants("m", text, WORDS)
    ]


def holds(text: str, words: Vocabulary) -> None:
    """Each compiles, is made in one place, is no other's, and leaves the module as it was."""
    module = ast.parse(text)
    dumped = ast.dump(module, include_attributes=True)
    found = mutants("m", text, words)
    assert len({one.id for one in found}) == len(found)
    made = {ast.dump(module)}
    for one in found:
        changed = applied(module, one)
        made.add(ast.dump(changed))
        top = apply_one(module, one)
        assert ast.dump(top) == ast.dump(changed.body[one.top])
        others = [index for index in range(len(module.body)) if index != one.top]
        assert all(changed.body[index] is module.body[index] for index in others)
        assert only_there(module, changed, one)
        compile(ast.Module(body=[top], type_ignores=[]), "m", "exec", dont_inherit=True)
    assert len(made) == len(found) + 1
    assert ast.dump(module, include_attributes=True) == dumped


def only_there(module: ast.Module, changed: ast.Module, mutant: Mutant) -> bool:
    """Whether nothing but what the mutant names is another node: what is beside it is shared."""
    steps = mutant.change.steps
    before = (module, *along(module, steps[:-1]))
    after = (changed, *along(changed, steps[:-1]))
    for old, new, step in zip(before, after, steps, strict=True):
        for name, value in ast.iter_fields(old or module):
            held = getattr(new, name)
            if name != step.field:
                if held is not value and held != value:
                    return False
            elif step.at is not None and not all(
                a is b for a, b in zip(value[: step.at], held[: step.at], strict=True)
            ):
                return False
    return True


@cache
def one_of(stem: str) -> tuple[str, Mutant]:
    text = (ROOT / stem).read_text()
    return text, mutants(stem, text, WORDS)[3]


def test_a_mutant_of_another_text_is_refused() -> None:
    text, mutant = one_of("brain/debt.py")

    with pytest.raises(InputError, match="another text") as raised:
        apply("x = 1\n" + text, mutant)
    assert raised.value.slug == "mutant-elsewhere"
    with pytest.raises(InputError):
        apply("", mutant)


def test_a_traceback_and_a_line_keep_their_place() -> None:
    text = "def f(a):\n    b = a + 1\n\n    return b // a\n"
    for one in mutants("m", text, WORDS):
        lines = {node.lineno for node in places(apply(text, one))}
        assert lines <= {1, 2, 4}
        assert one.line in (2, 4)


def places(tree: ast.Module) -> Iterator[ast.stmt | ast.expr]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr))


def test_the_mutants_of_one_text_are_the_same_every_time_and_equal() -> None:
    text = Path(ROOT / "brain" / "cover.py").read_text()

    first, again = mutants("m", text, WORDS), mutants("m", text, WORDS)

    assert first == again
    assert replace(first[0], id="other") != first[0]

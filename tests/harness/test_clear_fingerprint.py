"""Fingerprints: what a clearance is bound to is another the moment that anything of it changes."""

from __future__ import annotations

import ast
import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clearance import fingerprint
from harness.clearance.fingerprint import (
    PARTS,
    Fingerprints,
    code,
    contents,
    fingerprints,
    own_source,
)
from harness.clearance.normal_form import normal_form
from harness.clearance.tree import Snapshot
from harness.errors import InputError
from tests.harness.cleared_project import CONFIG, FILES, PATHS, MemoryTree, edited
from tests.shadow_command import ROOT


@pytest.fixture(autouse=True, scope="module")
def harness_of_a_moment() -> Iterator[None]:
    """The harness as it is now: a test must not see somebody edit it meanwhile."""
    own = own_source()
    held = MemoryTree({file: own.read(file) for file in own.files()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "own_source", lambda: held)
        yield


def taken(changed: Mapping[str, str | None] | None = None) -> Fingerprints:
    return fingerprints(edited(changed or {}), "pyproject.toml", PATHS)


@cache
def before() -> Fingerprints:
    return taken()


def other(changed: Mapping[str, str | None]) -> set[str]:
    """Names of everything that a change makes another."""
    after = taken(changed)
    parts = {name for name in PARTS if after.parts[name] != before().parts[name]}
    return parts | {f"path {name}" for name in PATHS if after.paths[name] != before().paths[name]}


# --- which part a change voids

CHANGES: Mapping[str, tuple[Mapping[str, str | None], set[str]]] = {
    "a path's own constant": (
        {"old/pay.py": FILES["old/pay.py"].replace("+ 1", "+ 2")},
        {"control", "path api.pay"},
    ),
    "what two paths call": (
        {"old/money.py": FILES["old/money.py"].replace("100", "101")},
        {"control", "path api.pay", "path api.refund"},
    ),
    "what one path calls": (
        {"old/notes.py": "def note():\n    return 1\n"},
        {"control", "path api.refund"},
    ),
    "a package around all of them": (
        {"old/__init__.py": "import sys\n"},
        {"control", "path api.pay", "path api.refund"},
    ),
    "the registry": (
        {"old/engine.py": "from old import pay\n\nENGINE = (pay.pay,)\n"},
        {"control", "registry"},
    ),
    "a module of the control that nobody names": ({"old/extra.py": "X = 1\n"}, {"control"}),
    "data of the control": (
        {"old/table.csv": "1\n"},
        {"control", "path api.pay", "path api.refund"},
    ),
    "the candidate's code": ({"new/engine.py": "ENGINE = 1\n"}, {"candidate"}),
    "the candidate's data": ({"new/told.txt": "another\n"}, {"candidate", "invariants"}),
    "a package that only the candidate imports": (
        {"rates/table.py": "RATE = 101\n"},
        {"candidate"},
    ),
    "data of such a package": ({"rates/table.csv": "1,3\n"}, {"candidate"}),
    "the invariants": (
        {"new/rules.py": "INVARIANTS = (1,)\n"},
        {"candidate", "invariants"},
    ),
    "the world": ({"kit/kit.py": "KIT = 2\n"}, {"world"}),
    "a template of the world": ({"kit/templates/a.yaml": "id: other\n"}, {"world"}),
    "a scenario": ({"scenarios/one.yaml": "id: one \n"}, {"scenarios"}),
    "a scenario that is taken out": ({"scenarios/deep/two.yaml": None}, {"scenarios"}),
    "a new scenario": ({"scenarios/three.yaml": "id: three\n"}, {"scenarios"}),
    "the manifest": ({"scenarios/manifest.lock": "{ }\n"}, {"scenarios"}),
    "the fields that are not compared": ({"scenarios/fields.yaml": "[x]\n"}, {"scenarios"}),
    "a ruling": ({"scenarios/rulings/R-1.yaml": "id: R-2\n"}, {"rulings"}),
    "a new ruling": ({"scenarios/rulings/R-2.yaml": "id: R-2\n"}, {"rulings"}),
    "the policy": ({"scenarios/gate.yaml": "level: production\n"}, {"policy"}),
    "the configuration": (
        {"pyproject.toml": CONFIG + "timeout_seconds = 9\n"},
        {"configuration"},
    ),
    "a pinned version": ({"constraints.txt": "msgspec==0.21.0\n"}, {"dependencies"}),
    "a lock file": ({"uv.lock": "version = 1\n"}, {"dependencies"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen_under_its_name_and_under_no_other(what: str) -> None:
    changed, voided = CHANGES[what]

    assert other(changed) == voided


def test_every_part_that_a_tree_holds_is_changed_by_one_of_these() -> None:
    seen = {name for _, voided in CHANGES.values() for name in voided}

    assert {name for name in seen if not name.startswith("path ")} == set(PARTS) - {
        "harness", "installed", "interpreter",
    }  # fmt: skip


def test_what_the_gate_does_not_rest_on_changes_nothing() -> None:
    assert not other(
        {
            "README.md": "another\n",
            "scenarios/README.md": "another\n",
            "tests/test_a.py": "def test_a(): pass\n",
            "other/module.py": "X = 1\n",
            "pyproject.toml": f"{CONFIG}\n[project]\nname = 'x'\n# a comment\n",
        }
    )


# --- another version, another harness


@pytest.mark.parametrize(
    ("what", "attribute"),
    [("interpreter", "python_implementation"), ("installed", "version")],
)
def test_another_interpreter_and_another_version_are_seen(
    what: str, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = platform if what == "interpreter" else importlib.metadata
    monkeypatch.setattr(owner, attribute, lambda *_: "another")

    assert other({}) == {what}


def test_a_distribution_that_an_engine_begins_to_import_is_seen() -> None:
    changed = FILES["new/engine.py"].replace("import msgspec", "import msgspec, hypothesis")

    assert other({"new/engine.py": changed}) == {"candidate", "installed"}


def test_the_harness_is_fingerprinted_where_it_is_installed() -> None:
    tree = Snapshot(own_source())
    files = tree.files()

    assert "cli.py" in files
    assert "selftest/told.txt" in files
    assert any(file.startswith("report/page/templates/") for file in files)
    assert not [file for file in files if file.endswith(".pyc")]
    changed = MemoryTree({**{one: tree.read(one) for one in files}, "gate.py": "X = 1\n"})
    assert code(changed, files) != code(tree, files)


# --- the normal form of a module

SAYS_NOTHING = {
    "layout": "def f( a,b ):\n\n\n        return a+b",
    "comments": "# one\ndef f(a, b):  # two\n    # three\n    return a + b\n",
    "docstrings": '"""Module."""\n\n\ndef f(a, b):\n    """Add."""\n    return a + b\n',
    "brackets": "def f(a, b):\n    return ((a) + (b))\n",
    "line ends": "def f(a, b):\r\n    return a + b\r\n",
    "a byte order mark": "\ufeffdef f(a, b):\n    return a + b\n",
}
PLAIN = "def f(a, b):\n    return a + b\n"
SAYS_ANOTHER_THING = {
    "operator": "def f(a, b):\n    return a - b\n",
    "order": "def f(a, b):\n    return b + a\n",
    "local name": "def f(x, b):\n    return x + b\n",
    "function name": "def g(a, b):\n    return a + b\n",
    "default": "def f(a, b=1):\n    return a + b\n",
    "decorator": "@f\ndef f(a, b):\n    return a + b\n",
    "annotation": "def f(a: int, b):\n    return a + b\n",
    "one more statement": "def f(a, b):\n    return a + b\n\n\nf\n",
    "async": "async def f(a, b):\n    return a + b\n",
    "a string that is no docstring": "def f(a, b):\n    a\n    'x'\n    return a + b\n",
    "kind of argument": "def f(a, /, b):\n    return a + b\n",
}


def form(text: str, **how: bool) -> str:
    return normal_form(text.encode(), "a.py", **how)


@pytest.mark.parametrize("what", SAYS_NOTHING)
def test_what_says_nothing_to_python_says_nothing_here(what: str) -> None:
    assert form(SAYS_NOTHING[what]) == form(PLAIN)


@pytest.mark.parametrize("what", SAYS_ANOTHER_THING)
def test_what_says_another_thing_is_another(what: str) -> None:
    assert form(SAYS_ANOTHER_THING[what]) != form(PLAIN)


VALUES = ["1", "1.0", "True", "'1'", "b'1'", "1j", "None", "...", "0", "0.0", "-1", "''", "b''",
          "[]", "()", "{}", "[None]", "[[]]", "[1, 2]", "[[1], 2]", "(1, 2)", "f'1'", "f'{1}'",
          "f'{1!r}'", "'1' '2'", "1 if a else b", "lambda: 1", "lambda a: 1", "a.b", "a['b']",
          "{**a}", "{'a': b}", "f(a=b)", "f(*a)", "f(**a)", "f(a)", "a < b < c", "(a < b) < c",
          "a or b or c", "a or (b or c)", "not a", "~a", "0x10000000000000000", "'\\ud800'",
          "0x" + "9" * 5000]  # fmt: skip


def test_no_two_values_are_taken_for_one_another() -> None:
    forms = [form(f"X = {value}\n") for value in VALUES]

    assert len(set(forms)) == len(VALUES)


def test_ways_to_write_one_value_are_one() -> None:
    for one, same in [("'a'", '"a"'), ("u'a'", "'a'"), ("0x10", "16"), ("1_000", "1000")]:
        assert form(f"X = {one}\n") == form(f"X = {same}\n")


@pytest.mark.parametrize(
    "reader",
    ["print(f.__doc__)", "import inspect\ninspect.getdoc(f)", "getattr(f, '__doc__')",
     "from inspect import getdoc as g\ng(f)", "__doc__.split()"],
)  # fmt: skip
def test_a_docstring_that_code_reads_counts_in_every_module_of_the_part(reader: str) -> None:
    """`usage = __doc__` makes a text of it that an engine may act on."""
    reading = {"old/notes.py": f"{reader}\n"}
    more = {"old/money.py": '"""Another."""\n' + FILES["old/money.py"]}

    one, two = taken(reading), taken({**reading, **more})

    assert one.parts["control"] != two.parts["control"]
    assert one.paths["api.refund"] != two.paths["api.refund"]
    assert one.paths["api.pay"] == two.paths["api.pay"]  # reaches nobody who reads


@pytest.mark.parametrize(
    "text",
    ["def f(:\n", "x = '\\u12'\n", "\x00", "x = (" + "(" * 300, b"\xff\xfe", "return 1 +"],
)
def test_what_is_no_python_is_named_and_pinned_by_nobody(text: str | bytes) -> None:
    tree = MemoryTree({**FILES, "old/notes.py": text})

    with pytest.raises(InputError) as refused:
        fingerprints(tree, "pyproject.toml", PATHS)

    assert refused.value.slug == "module-syntax"
    assert refused.value.where.startswith("old/notes.py")


def test_a_long_sum_is_no_nesting_too_deep() -> None:
    long = "X = " + " + ".join(["1"] * 900) + "\n"

    assert form(long) != form(long.replace("1\n", "2\n"))


# --- laws


def parts_of(tree: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
    """Every constant, name and operator of a module: node, field and what could stand there."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=value) if not isinstance(value, str):
                yield node, "value", (value, 1)
            case ast.Constant(value=str(value)):
                yield node, "value", f"{value}!"
            case ast.Name(id=name):
                yield node, "id", f"{name}_"
            case ast.Attribute(attr=name):
                yield node, "attr", f"{name}_"
            case ast.arg(arg=name):
                yield node, "arg", f"{name}_"
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node, "name", f"{name}_"
            case ast.BinOp(op=ast.Add()):
                yield node, "op", ast.Sub()
            case ast.Compare(ops=[ast.Lt(), *rest]):
                yield node, "ops", [ast.LtE(), *rest]


SOURCES = sorted((ROOT / "brain").glob("*.py")) + sorted((ROOT / "legacy_replica").glob("*.py"))
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(tree: ast.AST) -> list[ast.Constant]:
    return [
        around.body[0].value
        for around in ast.walk(tree)
        if isinstance(around, DOCUMENTED)
        and around.body
        and isinstance(around.body[0], ast.Expr)
        and isinstance(around.body[0].value, ast.Constant)
        and isinstance(around.body[0].value.value, str)
    ]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_changed_constant_operator_or_name_of_a_real_module_is_another(
    data: st.DataObject,
) -> None:
    source = data.draw(st.sampled_from(SOURCES)).read_text()
    tree = ast.parse(source)
    told = {id(node) for node in docstrings(tree)}
    places = [place for place in parts_of(tree) if id(place[0]) not in told]
    if not places:
        return
    node, name, value = places[data.draw(st.integers(0, len(places) - 1))]
    if isinstance(value, tuple):
        value = not value[0] if isinstance(value[0], bool) else repr(value[0])
    setattr(node, name, value)

    assert form(ast.unparse(ast.fix_missing_locations(tree))) != form(source)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SOURCES), st.text(st.characters(categories=["L"]), min_size=1, max_size=5))
def test_the_layout_comments_and_docstrings_of_a_real_module_say_nothing(
    file: Path, said: str
) -> None:
    source = file.read_text()
    tree = ast.parse(source)
    for node in docstrings(tree):
        node.value = said

    text = f"# {said}\n\n" + ast.unparse(tree) + f"  # {said}\n"

    assert form(text) == form(source)


NAMES = st.text("ab/.", min_size=1, max_size=4)
FILE_SETS = st.dictionaries(NAMES, st.binary(max_size=4), max_size=4)


@given(FILE_SETS, FILE_SETS)
def test_files_have_one_digest_if_and_only_if_they_are_the_same(
    one: dict[str, bytes], two: dict[str, bytes]
) -> None:
    class Plain(MemoryTree):
        def read(self, path: str) -> bytes:
            content = self.texts[path]
            assert isinstance(content, bytes)
            return content

    digests = [contents(Plain(files), files) for files in (one, two)]

    assert (digests[0] == digests[1]) == (one == two)


@settings(max_examples=20, deadline=None)
@given(st.permutations(sorted(FILES)))
def test_the_order_in_which_files_are_found_says_nothing(order: list[str]) -> None:
    tree = MemoryTree({name: FILES[name] for name in order})
    python = [name for name in order if name.endswith(".py")]

    assert code(tree, python) == code(tree, sorted(python))
    assert fingerprints(tree, "pyproject.toml", PATHS) == before()


def test_the_same_text_under_another_name_is_another() -> None:
    moved: dict[str, str | None] = {"old/notes.py": None, "old/note.py": FILES["old/notes.py"]}

    assert "control" in other(moved)


def test_texts_that_change_places_are_another() -> None:
    pay, refund = FILES["old/pay.py"], FILES["old/refund.py"]

    assert other({"old/pay.py": refund, "old/refund.py": pay}) >= {"path api.pay", "control"}
    assert other({"scenarios/one.yaml": "id: two\n", "scenarios/deep/two.yaml": "id: one\n"})

"""Importing an engine: fresh, guarded, probed, and without a trace in the process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import importing
from harness.code_cache import CodeCache
from harness.errors import InputError
from harness.guard import AmbientRead
from harness.importing import LoadedEngine, load_engine

ENGINE = '''
"""The registry."""
from types import SimpleNamespace as New
from shop import late, pay
from shop.refund import refund

def wrap(call):
    def wrapped(ports, trigger):
        if trigger is None:
            return None
        return call(ports, trigger)
    return wrapped

ENGINE = New(
    name="shop",
    handlers={
        "pay": (New(path="api.pay", call=wrap(pay.pay)),),
        "refund": (New(path="api.refund", call=refund),),
    },
    refusals=(),
    paths={
        "api.pay": New(id="api.pay", module="shop.pay"),
        "api.refund": New(id="api.refund", module="shop.refund"),
    },
    quirks={"Q01": New(id="Q01", title="crashes", path="api.pay", crash="KeyError")},
)
'''
MODULES = {
    "__init__": '"""A shop."""\n',
    "engine": ENGINE,
    "money": '"""Shared."""\ndef half(n):\n    return n // 2 if n > 1 else n\n',
    "pay": """
from .money import half
def pay(ports, trigger):
    # QUIRK Q01: no key
    if trigger["n"] > 5:
        from shop.late import fee
        return fee(trigger["n"])
    return half(trigger["n"])
""",
    "late": "from shop import money\ndef fee(n):\n    return money.half(n) + 100\n",
    "refund": "import time\ndef refund(ports, trigger):\n    return time.time()\n",
    "tables": "TABLE = {'a': 1}\n",
    "wiring": "ROWS = {'a': 1, 'b': 2}\nNAMES = sorted(ROWS.items())\n",
    "forgotten": "def f(a):\n    return a and 1\n",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "src" / "shop"
    folder.mkdir(parents=True)
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder.parent))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def load(**options: Any) -> LoadedEngine:
    return load_engine("shop.engine:ENGINE", **{"instrument": True, **options})


def call(loaded: LoadedEngine, trigger: str, args: Any) -> Any:
    return loaded.engine.handlers[trigger][0].call(None, args)


def arcs_taken(loaded: LoadedEngine) -> dict[str, set[str]]:
    table = loaded.coverage.arcs
    taken = loaded.coverage.taken().items()
    return {unit: {table[unit][n].text for n in numbers} for unit, numbers in taken}


@pytest.mark.usefixtures("shop")
def test_an_engine_runs_and_its_arcs_are_counted_unit_by_unit() -> None:
    loaded = load()
    assert loaded.coverage.taken() == {}
    assert call(loaded, "pay", {"n": 4}) == 2
    assert arcs_taken(loaded) == {
        "shop.pay": {"pay is called", "`trigger['n'] > 5` is false"},
        "shop.money": {"half is called", "`n > 1` is true"},
    }
    loaded.coverage.reset()
    assert loaded.coverage.taken() == {}


@pytest.mark.usefixtures("shop")
def test_a_function_level_import_finds_the_loaded_module_afterwards() -> None:
    loaded = load()
    assert call(loaded, "pay", {"n": 8}) == 104
    assert "shop.late" in arcs_taken(loaded)
    assert "shop.late" not in sys.modules


@pytest.mark.usefixtures("shop")
def test_what_was_imported_before_is_left_as_it_was() -> None:
    ordinary = importlib.import_module("shop.engine")
    before = {name: id(m) for name, m in sys.modules.items() if name.startswith("shop")}
    finders = list(sys.meta_path)
    loaded = load()
    assert loaded.modules["shop.engine"] is not ordinary
    assert {n: id(m) for n, m in sys.modules.items() if n.startswith("shop")} == before
    assert sys.meta_path == finders
    assert importlib.import_module("shop.refund").refund(None, None) > 0  # no guard there


@pytest.mark.usefixtures("shop")
def test_an_engine_that_fails_to_load_leaves_nothing_behind(shop: Path) -> None:
    (shop / "forgotten.py").write_text("raise KeyError('oh')\n")
    finders = list(sys.meta_path)
    with pytest.raises(InputError) as refused:
        load()
    assert refused.value.slug == "engine-import-failed"
    assert refused.value.where == f"{shop / 'forgotten.py'}:1"
    assert [name for name in sys.modules if name.startswith("shop")] == []
    assert sys.meta_path == finders


@pytest.mark.usefixtures("shop")
def test_two_loads_share_nothing() -> None:
    first, second = load(), load()
    call(first, "pay", {"n": 4})
    assert second.coverage.taken() == {}
    assert first.fingerprint == second.fingerprint


@pytest.mark.usefixtures("shop")
def test_the_guard_stands_behind_the_engine() -> None:
    loaded = load(instrument=False)
    with pytest.raises(AmbientRead):
        call(loaded, "refund", {})
    assert loaded.guard.drain() == ("time.time",)
    assert loaded.coverage.arcs == {}


@pytest.mark.usefixtures("shop")
def test_units_are_what_paths_reach_and_the_registry_is_none() -> None:
    loaded = load()
    assert loaded.units is not None
    assert loaded.units.reached("shop.pay") == {"shop.pay", "shop.money", "shop.late"}
    assert loaded.units.reached("shop.refund") == {"shop.refund"}
    assert set(loaded.coverage.arcs) == {"shop.pay", "shop.money", "shop.late", "shop.refund"}


@pytest.mark.usefixtures("shop")
def test_code_that_no_path_reaches_is_named_unless_it_only_declares() -> None:
    assert load().unowned == ("shop.forgotten",)


@pytest.mark.parametrize(
    "text", ["ROWS = {'a': 1, 'b': 2}\n", "ROWS = {'a': 1, 'b': 2}\nONE = ROWS['a']\n"]
)
def test_a_table_that_importing_does_not_read_to_its_end_is_no_wiring(
    shop: Path, text: str
) -> None:
    (shop / "wiring.py").write_text(text)
    assert load().unowned == ("shop.forgotten", "shop.wiring")


def test_a_registry_that_a_path_imports_counts(shop: Path) -> None:
    (shop / "refund.py").write_text("def refund(p, t):\n    import shop.engine\n    return 1\n")
    assert "shop.engine" in load().coverage.arcs


@pytest.mark.usefixtures("shop")
def test_a_declared_crash_is_an_arc_of_its_path() -> None:
    loaded = load()
    assert loaded.coverage.arcs["shop.pay"][-1].text == "KeyError escapes (Q01)"
    assert loaded.coverage.arcs["shop.pay"][-1].line == 4
    assert loaded.coverage.raised("api.pay", "KeyError")
    assert not loaded.coverage.raised("api.refund", "KeyError")
    assert arcs_taken(loaded) == {"shop.pay": {"KeyError escapes (Q01)"}}


def test_the_fingerprint_moves_with_any_module(shop: Path) -> None:
    before = load().fingerprint
    (shop / "tables.py").write_text("TABLE = {'a': 2}\n")
    assert load().fingerprint != before


# --- the cache


def test_a_cached_module_is_not_compiled_again_and_does_the_same(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = load(cache_dir=cache)
    call(first, "pay", {"n": 4})
    assert len(list(cache.iterdir())) == len(MODULES)

    def never(text: str, file: str) -> Any:
        raise AssertionError(f"{file} was compiled again")

    monkeypatch.setattr(importing, "_compile_probed", never)
    second = load(cache_dir=cache)
    call(second, "pay", {"n": 4})
    assert second.coverage.arcs == first.coverage.arcs
    assert second.coverage.taken() == first.coverage.taken()
    (shop / "money.py").write_text("def half(n):\n    return n\n")
    with pytest.raises(InputError, match=r"money\.py was compiled again"):
        load(cache_dir=cache)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 100])
def test_a_damaged_cache_file_is_compiled_anew(tmp_path: Path, damage: bytes) -> None:
    load(cache_dir=tmp_path / "cache")
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(damage)
    assert call(load(cache_dir=tmp_path / "cache"), "pay", {"n": 4}) == 2


@pytest.mark.usefixtures("shop")
def test_a_cache_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert call(load(cache_dir=tmp_path / "file" / "cache"), "pay", {"n": 4}) == 2


def test_the_cache_leaves_no_half_written_file(tmp_path: Path) -> None:
    CodeCache(tmp_path).get("x = 1", "m.py", importing._compile_probed)
    assert [file.suffix for file in tmp_path.iterdir()] == [".probed"]


# --- refusals


@pytest.mark.parametrize(
    ("spec", "slug"),
    [
        ("shop.engine", "engine-spec"),
        (":ENGINE", "engine-spec"),
        ("shop.engine:OTHER", "engine-attribute-missing"),
        ("shop.nothing:ENGINE", "engine-not-found"),
        ("no_such_package.engine:ENGINE", "engine-not-found"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_engine_that_is_not_there_is_refused_by_name(spec: str, slug: str) -> None:
    with pytest.raises(InputError) as refused:
        load_engine(spec, instrument=False)
    assert refused.value.slug == slug


@pytest.mark.parametrize(
    ("module", "text", "slug"),
    [
        ("money", "def half(n):\n    return n  # pragma: no cover\n", "engine-no-cover"),
        ("money", "if 1:  #pragma: NO BRANCH\n    half = int\n", "engine-no-cover"),
        ("money", "import time\nSTART = time.time()\ndef half(n): ...\n", "engine-ambient-import"),
        ("money", "import brain\ndef half(n): ...\n", "engine-ambient-import"),
        ("money", "def half(n) return n\n", "engine-import-failed"),
        ("money", "import no_such_library\n", "engine-import-failed"),
        ("engine", ENGINE.replace('shop.refund")', 'shop.no")'), "path-module-missing"),
        ("engine", ENGINE.replace('shop.refund")', 'shop.pay")'), "path-module-shared"),
    ],
)
def test_code_that_cannot_be_judged_is_refused(
    shop: Path, module: str, text: str, slug: str
) -> None:
    (shop / f"{module}.py").write_text(text)
    with pytest.raises(InputError) as refused:
        load(forbid=("brain",))
    assert refused.value.slug == slug


def test_a_module_without_source_is_refused(shop: Path) -> None:
    import py_compile

    compiled = py_compile.compile(str(shop / "tables.py"), cfile=str(shop / "tables.pyc"))
    assert compiled
    (shop / "tables.py").unlink()
    with pytest.raises(InputError) as refused:
        load()
    assert refused.value.slug == "engine-not-source"

"""The guard: what engine code reaches for is caught, noted and not to be swallowed."""

from __future__ import annotations

import builtins
import datetime
import importlib
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.guard import AMBIENT_CALLS, AMBIENT_METHODS, AmbientRead, Guard
from harness.second import HARMLESS, Watch, suspicious


def guarded(source: str, guard: Guard) -> dict[str, Any]:
    """Run source as an engine's module."""
    names: dict[str, Any] = {"__name__": "engine", "__builtins__": guard.builtins()}
    exec(compile(source, "<engine>", "exec"), names)  # noqa: S102
    return names


TRAPS = [
    ("import time\ndef f(): return time.time()", "time.time"),
    ("from time import time\ndef f(): return time()", "time.time"),
    ("def f():\n  import time\n  return time.monotonic()", "time.monotonic"),
    ("def f():\n  from time import sleep as nap\n  nap(0)", "time.sleep"),
    ("import time\ndef f(): return time.timezone + 1", "time.timezone"),
    ("import datetime\ndef f(): return datetime.datetime.now()", "datetime.datetime.now"),
    ("from datetime import datetime\ndef f(): return datetime.now()", "datetime.datetime.now"),
    ("from datetime import datetime as d\ndef f(): return d.utcnow()", "datetime.datetime.utcnow"),
    ("from datetime import date\ndef f(): return date.today()", "datetime.date.today"),
    (
        "from datetime import datetime\ndef f(): return datetime.fromtimestamp(0)",
        "datetime.datetime.fromtimestamp without tz",
    ),
    ("import random\ndef f(): return random.random()", "random.random"),
    ("from random import choice\ndef f(): return choice([1])", "random.choice"),
    ("import os\ndef f(): return os.environ['HOME']", "os.environ"),
    ("import os\ndef f(): return 'HOME' in os.environ", "os.environ"),
    ("import os\ndef f(): return os.environ.get('HOME')", "os.environ.get"),
    ("import os\ndef f(): return os.getenv('HOME')", "os.getenv"),
    ("import os\ndef f(): return os.name == 'nt'", "os.name"),
    ("import os.path\ndef f(): return os.path.exists('/')", "os.path.exists"),
    ("from os import environ\ndef f(): return dict(environ)", "os.environ.keys"),
    ("import uuid\ndef f(): return uuid.uuid4()", "uuid.uuid4"),
    ("import secrets\ndef f(): return secrets.token_hex()", "secrets.token_hex"),
    ("import socket\ndef f(): return socket.socket()", "socket.socket"),
    ("import urllib.request\ndef f(): urllib.request.urlopen('x')", "urllib.request.urlopen"),
    ("from urllib.request import urlopen\ndef f(): urlopen('x')", "urllib.request.urlopen"),
    ("import locale\ndef f(): return locale.getlocale()", "locale.getlocale"),
    ("import subprocess\ndef f(): subprocess.run(['true'])", "subprocess.run"),
    ("import threading\ndef f(): threading.Thread().start()", "threading.Thread"),
    ("def f():\n  import threading\n  class T(threading.Thread): pass", "threading.Thread"),
    ("from pathlib import Path\ndef f(): return Path('x').read_text()", "pathlib.Path"),
    ("import sys\ndef f(): return sys.modules['time'].time()", "sys.modules"),
    ("import importlib\ndef f(): importlib.import_module('time')", "importlib.import_module"),
    ("import builtins\ndef f(): return builtins.open('x')", "open"),
    ("def f(): return open('x')", "open"),
    ("def f(): return input()", "input"),
    ("def f(): return eval('1')", "eval"),
    ("def f(): exec('1')", "exec"),
    ("def f(): return compile('1', '', 'eval')", "compile"),
    ("def f(): breakpoint()", "breakpoint"),
    ("def f(): import brain", "import brain"),
    ("def f(): from brain.engine import ENGINE", "import brain.engine"),
    ("def f(): import harness.errors as e", "import harness.errors"),
    ("def f(): import fixtures.kit", "import fixtures.kit"),
    ("import time\ndef f(): time.time = lambda: 0", "time.time = …"),
]


@pytest.mark.parametrize(("source", "what"), TRAPS, ids=[what for _, what in TRAPS])
def test_a_trap_springs_when_it_is_used_and_names_itself(source: str, what: str) -> None:
    guard = Guard(forbidden=("brain", "harness", "fixtures"))
    names = guarded(source, guard)
    assert guard.sprung == []  # to import it is harmless
    with pytest.raises(AmbientRead, match=what.split(".")[0]):
        names["f"]()
    assert guard.drain() == (what,)
    assert guard.drain() == ()


@pytest.mark.parametrize("clause", ["except Exception", "except"])
def test_what_sprang_stays_on_record_whatever_the_engine_swallows(clause: str) -> None:
    guard = Guard()
    source = f"import time\ndef f():\n  try: return time.time()\n  {clause}: return 0"
    names = guarded(source, guard)
    try:
        names["f"]()
    except AmbientRead:
        assert clause == "except Exception", "a bare except holds everything"
    assert guard.sprung == ["time.time"]


def test_a_package_whose_name_only_begins_alike_is_not_forbidden() -> None:
    guard = Guard(forbidden=("jso",))
    assert guarded("import json\nx = json.dumps(1)", guard)["x"] == "1"


ORDINARY = """
from __future__ import annotations
import dataclasses, decimal, enum, fractions, json, re, typing, collections.abc, functools
import datetime as dt
import os, sys, uuid, urllib.parse, time
from datetime import UTC, date, datetime, timedelta, timezone
import msgspec

@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    at: datetime
    name: str = "pro"

class Row(msgspec.Struct, frozen=True):
    n: int
    parts: tuple[int, ...] = ()

class Kind(enum.Enum):
    A = "a"

class Named(typing.NamedTuple):
    x: int = 1

T = typing.TypeVar("T")

def kind(value):
    match value:
        case datetime():
            return "datetime"
        case date(year=2026):
            return "date"
        case Plan(name="pro"):
            return "plan"
        case Row(n=1):
            return "row"
        case {"a": [first, *_]}:
            return first
    return None

def f():
    start = datetime(2026, 3, 2, tzinfo=UTC)
    plan = Plan(at=start + timedelta(days=1))
    return (
        type(start).__name__, start.isoformat(), dataclasses.replace(plan, name="x").name,
        isinstance(plan.at, datetime), isinstance(plan.at, date), isinstance(3, datetime),
        kind(start), kind(date(2026, 1, 1)), kind(plan), kind(Row(1)), kind({"a": [7, 8]}),
        datetime.fromtimestamp(0, UTC).year, datetime.fromisoformat("2026-01-01").day,
        datetime.strptime("2026", "%Y").year, dt.datetime.combine(date(2026, 1, 2), dt.time()).day,
        msgspec.convert({"n": 1, "parts": [2]}, Row), msgspec.structs.replace(Row(1), n=2).n,
        Kind("a").name, Named().x, fractions.Fraction(1, 3) + 1, decimal.Decimal("1.5"),
        urllib.parse.quote("a b"), uuid.UUID(int=5).int, sys.maxsize > 0, re.sub("a", "b", "a"),
        json.loads("[1]"), functools.reduce(lambda a, b: a + b, [1, 2]),
        typing.get_type_hints(kind), issubclass(datetime, date),
    )
"""


def test_what_an_engine_may_use_works_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard()
    module = type(sys)("engine")
    monkeypatch.setitem(sys.modules, "engine", module)
    vars(module)["__builtins__"] = guard.builtins()
    exec(compile(ORDINARY, "<engine>", "exec"), vars(module))  # noqa: S102
    ours = vars(module)["f"]()
    plain: dict[str, Any] = vars(type(sys)("engine"))
    monkeypatch.setitem(sys.modules, "engine", type(sys)("engine"))
    exec(compile(ORDINARY, "<engine>", "exec"), plain)  # noqa: S102
    assert repr(ours) == repr(plain["f"]())
    assert guard.sprung == []


def test_an_exception_of_a_guarded_module_can_be_caught_by_its_name() -> None:
    source = (
        "import socket\ndef f():\n  try: raise OSError\n"
        "  except socket.gaierror: return 1\n  except OSError: return 2"
    )
    assert guarded(source, Guard())["f"]() == 2


def test_the_interpreters_own_modules_stay_as_they_are() -> None:
    guarded("import time, datetime, os\nfrom datetime import datetime as d", Guard())
    assert time.time() > 0
    assert datetime.datetime.now(datetime.UTC).year > 2000


ESCAPES: list[tuple[Callable[[], object], str]] = [
    (lambda: importlib.import_module("time").time(), "time.time"),
    (lambda: sys.modules["time"].time(), "time.time"),
    (lambda: datetime.datetime.now(datetime.UTC), "datetime.now"),
    (lambda: importlib.import_module("os").environ.get("HOME"), "os.environ"),
    (lambda: importlib.import_module("uuid").uuid4(), "posix.urandom"),
    (random.random, "Random.random"),
    (lambda: importlib.import_module("email.utils").formatdate(), "time.time"),  # in a library
]


def watch_ambient(body: Callable[[], object]) -> tuple[str, ...]:
    watch = Watch()
    watch.run(body)
    return watch.taken()


@pytest.mark.parametrize(("escape", "what"), ESCAPES)
def test_the_second_net_names_what_comes_past_the_guard(
    escape: Callable[[], object], what: str
) -> None:
    escape()  # whatever it imports is imported by now
    assert what in watch_ambient(escape)


def test_the_second_net_is_silent_on_code_that_computes() -> None:
    def compute() -> object:
        return sorted(str(n) for n in range(9)), repr(datetime.datetime(2026, 1, 1))  # noqa: DTZ001

    before = sys.getprofile()
    assert watch_ambient(compute) == ()
    assert sys.getprofile() is before


def test_what_the_second_net_lets_pass_unseen_could_not_have_been_ambient() -> None:
    methods = {f"{kind.__name__}.{name}" for kind in HARMLESS for name in vars(kind)}
    builtins_ = {
        one.__qualname__
        for one in vars(builtins).values()
        if callable(one)
        and getattr(one, "__module__", "") == "builtins"
        and hasattr(one, "__qualname__")
    }

    assert methods.isdisjoint(AMBIENT_METHODS)
    assert builtins_.isdisjoint(AMBIENT_METHODS)
    assert "builtins" not in AMBIENT_CALLS


def test_a_type_that_only_derives_from_a_harmless_one_is_looked_at() -> None:
    class Text(str):
        __slots__ = ()

    seen: list[str] = []

    def look(frame: Any, event: str, arg: Any) -> None:
        seen.append(arg.__name__)

    profile = suspicious(look)
    for function in (Text("a").upper, "a".upper, len, time.time, open, datetime.datetime.now):
        profile(None, "c_call", function)
        profile(None, "c_return", function)

    assert seen == ["upper", "time", "open", "now"]

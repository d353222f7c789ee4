"""The guard: what engine code may not see behind the ports, and the record of what it tried.

Engine modules run with builtins of their own. Their `import` hands out modules in which the clock,
randomness, the environment, files, network and threads are traps. A trap notes itself before it
raises, so that an engine that swallows the exception is found out all the same.
"""

from __future__ import annotations

import builtins
import datetime as real_datetime
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, NoReturn

from harness import reach

REFUSED_BUILTINS: Final = ("open", "input", "eval", "exec", "compile", "breakpoint")


class AmbientRead(BaseException):
    """Engine code reached for what it may not see; no `except Exception` holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which names of a module are traps: all but `allowed`, or, where given, `trapped` only."""

    allowed: frozenset[str] = frozenset()
    trapped: frozenset[str] | None = None

    def traps(self, name: str) -> bool:
        return name in self.trapped if self.trapped is not None else name not in self.allowed


def _only(*allowed: str) -> Policy:
    return Policy(allowed=frozenset(allowed))


def _but(*trapped: str) -> Policy:
    return Policy(trapped=frozenset(trapped))


POLICIES: Final[Mapping[str, Policy]] = {
    "_thread": _only(),
    "asyncio": _only(),
    "ctypes": _only(),
    "datetime": _but(),  # the classes are replaced, see `Guard.datetime`
    "fcntl": _only(),
    "gc": _only(),
    "getpass": _only(),
    "glob": _only(),
    "http": _but("client", "server"),
    "importlib": _only(),
    "inspect": _only("Parameter", "Signature", "isclass", "isfunction", "ismethod", "signature"),
    "io": _but("open", "open_code", "FileIO"),
    "locale": _only(),
    "marshal": _only(),
    "multiprocessing": _only(),
    "operator": _but(),  # what goes by names is replaced, see `harness.reach`
    "os": _only("PathLike", "fspath"),
    "pathlib": _only("PurePath", "PurePosixPath", "PureWindowsPath"),
    "pickle": _only(),
    "pkgutil": _only(),
    "platform": _only(),
    "posix": _only(),
    "random": _only(),
    "runpy": _only(),
    "secrets": _only("compare_digest"),
    "select": _only(),
    "shutil": _only(),
    "signal": _only(),
    "socket": _only(),
    "ssl": _only(),
    "string": _but("Formatter"),
    "subprocess": _only(),
    "sys": _only("maxsize", "version_info", "float_info", "hash_info", "intern"),
    "tempfile": _only(),
    "threading": _only(),
    "time": _only("struct_time", "strptime"),
    "urllib": _but("request"),
    "uuid": _only(
        "UUID", "uuid3", "uuid5", "NAMESPACE_DNS", "NAMESPACE_URL", "NAMESPACE_OID",
        "NAMESPACE_X500",
    ),
}  # fmt: skip
"""Top-level module → what of it is a trap. A module that is not named here is handed out as is."""


class Trap:
    """Stands for a forbidden thing and springs when it is used in any way."""

    __slots__ = ("_spring", "_what")

    def __init__(self, what: str, spring: Callable[[str], NoReturn]) -> None:
        self._what, self._spring = what, spring

    def _sprung(self, *_: object, **__: object) -> Any:
        self._spring(self._what)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # what import, typing and copying ask of anything
        return Trap(f"{self._what}.{name}", self._spring)

    __call__ = __getitem__ = __setitem__ = __delitem__ = __contains__ = _sprung
    __iter__ = __next__ = __len__ = __bool__ = __enter__ = __exit__ = __fspath__ = _sprung
    __lt__ = __gt__ = __le__ = __ge__ = __eq__ = __ne__ = _sprung
    __int__ = __float__ = __index__ = __str__ = __format__ = __neg__ = _sprung
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __or__ = _sprung
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __ror__ = _sprung
    __instancecheck__ = __subclasscheck__ = __mro_entries__ = _sprung
    __hash__ = object.__hash__


class GuardModule(ModuleType):
    """A module as an engine sees it: `vars` first, then traps, then the real one's names."""

    def __init__(self, real: ModuleType, policy: Policy, guard: Guard) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["_parts"] = (real, policy, guard)

    def __getattr__(self, name: str) -> Any:
        real, policy, guard = self.__dict__["_parts"]
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        what = f"{real.__name__}.{name}"
        found = getattr(real, name)
        if isinstance(found, type) and issubclass(found, Exception):
            return found  # for an except clause
        if policy.traps(name):
            return Trap(what, guard.spring)
        if isinstance(found, ModuleType) and found.__name__ == what:
            return GuardModule(found, _but(), guard)
        return found

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__["_parts"][2].spring(f"{self.__name__}.{name} = …")


@dataclass(slots=True)
class Guard:
    """The builtins of one engine's modules, and what sprang.

    Attributes:
        forbidden: packages the engine may not import.
        own: absolute name of one of the engine's own modules → that module, or None where the
            name is not the engine's.
        owns: whether a module of that name is the engine's own; None for one that may reach for
            private names of others (the control, which has nothing to look up).
        sprung: what the engine reached for, in order; sticky until drained.
    """

    forbidden: tuple[str, ...] = ()
    own: Callable[[str], ModuleType | None] = lambda _: None
    owns: Callable[[str], bool] | None = None
    sprung: list[str] = field(default_factory=list)
    _modules: dict[str, ModuleType] = field(default_factory=dict)

    def spring(self, what: str) -> NoReturn:
        """Note what was reached for, then raise AmbientRead."""
        self.sprung.append(what)
        raise AmbientRead(what)

    def drain(self) -> tuple[str, ...]:
        """Return what sprang since the last call, and forget it."""
        sprung = tuple(self.sprung)
        self.sprung.clear()
        return sprung

    def builtins(self) -> dict[str, Any]:
        """Return the `__builtins__` of the engine's modules."""
        traps = {name: Trap(name, self.spring) for name in REFUSED_BUILTINS}
        reaching = {} if self.owns is None else reach.names(self.owns, self.spring)
        return {**vars(builtins), **traps, **reaching, "__import__": self.import_}

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as `builtins.__import__` does, except for what is guarded or the engine's own."""
        package = (globals or {}).get("__package__")
        absolute = importlib.util.resolve_name("." * level + name, package) if level else name
        top = absolute.partition(".")[0]
        if any(absolute == f or absolute.startswith(f"{f}.") for f in self.forbidden):
            self.spring(f"import {absolute}")
        mine = self.own(absolute)
        if mine is not None:
            return self._part(mine, fromlist or (), whole=level == 0)
        if top == "builtins":
            return self._builtins_module()
        if top in POLICIES:
            return self._guarded(absolute, fromlist or ())
        return builtins.__import__(name, globals, locals, fromlist or (), level)

    def _part(self, mine: ModuleType, fromlist: tuple[str, ...], *, whole: bool) -> ModuleType:
        """Hand out a module of the engine's own, or its topmost package, as import does."""
        for name in fromlist:
            if not hasattr(mine, name):
                self.own(f"{mine.__name__}.{name}")
        if fromlist or not whole:
            return mine
        top = mine.__name__.partition(".")[0]
        return self.own(top) or builtins.__import__(top)

    def _guarded(self, absolute: str, fromlist: tuple[str, ...]) -> ModuleType:
        """Hand out `a` for `import a.b`, and `a.b` for `from a.b import c`."""
        builtins.__import__(absolute)  # submodules hang on their package only once imported
        top, *rest = absolute.split(".")
        found: Any = self._module(top)
        for name in rest if fromlist else ():
            found = getattr(found, name)
        return found  # type: ignore[no-any-return]  # a guard module, or a trap in its place

    def _module(self, top: str) -> ModuleType:
        if top not in self._modules:
            guard = GuardModule(sys.modules[top], POLICIES[top], self)
            if top == "datetime":
                guard.__dict__.update(self.datetime())
            elif top == "operator" and self.owns is not None:
                guard.__dict__.update(reach.getters(self.spring))
            self._modules[top] = guard
        return self._modules[top]

    def _builtins_module(self) -> ModuleType:
        module = ModuleType("builtins")
        vars(module).update(self.builtins())
        return module

    def datetime(self) -> dict[str, type]:
        """Return `date` and `datetime` without a clock or a local zone.

        What they make are real dates and datetimes; `isinstance` and `match` take the real ones
        for theirs.
        """
        return {
            real.__name__: _clockless(real, traps, self)
            for real, traps in (
                (real_datetime.date, ("today", "fromtimestamp")),
                (real_datetime.datetime, ("today", "now", "utcnow", "utcfromtimestamp")),
            )
        }


def _clockless(real: type, traps: tuple[str, ...], guard: Guard) -> type:
    """Make a stand-in of `real` in which the named constructors are traps."""

    class Meta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, real)

    def new(_: type, *args: Any, **kwargs: Any) -> Any:
        return real(*args, **kwargs)

    def trapped(name: str) -> Any:
        return staticmethod(Trap(f"datetime.{real.__name__}.{name}", guard.spring))

    def fromtimestamp(timestamp: float, tz: Any = None) -> Any:
        if tz is None:
            guard.spring("datetime.datetime.fromtimestamp without tz")
        return real_datetime.datetime.fromtimestamp(timestamp, tz)

    body: dict[str, Any] = {"__new__": new, "__doc__": real.__doc__, "__module__": "datetime"}
    if real is real_datetime.datetime:
        body["fromtimestamp"] = staticmethod(fromtimestamp)
    body.update({name: trapped(name) for name in traps})
    return Meta(real.__name__, (real,), body)


AMBIENT_CALLS: Final = frozenset(
    (
        "time",
        "posix",
        "nt",
        "_random",
        "_socket",
        "_thread",
        "_posixsubprocess",
        "_locale",
        "select",
    )
)
"""C modules whose calls read or change what lies behind the ports."""

AMBIENT_METHODS: Final = frozenset(
    (
        "Random.random", "Random.getrandbits", "Random.seed", "date.today", "datetime.now",
        "datetime.utcnow", "datetime.today", "open",
    )
)  # fmt: skip


ENVIRON: Final = frozenset(
    id(method.__code__)
    for method in vars(type(os.environ)).values()
    if hasattr(method, "__code__")
)
"""Code of the methods through which the environment is read."""


def ambient_profile(seen: list[str]) -> Callable[[Any, str, Any], None]:
    """A profile hook that names in `seen` each ambient call made while it is set.

    Slow, so for a self-check: it sees what comes past the guard, through `importlib`,
    `sys.modules` or a library. What importing a module does to files is left out.
    """

    def profile(frame: Any, event: str, arg: Any) -> None:
        # called for every call and return: the common cases leave first
        if event == "c_call":
            found = _ambient_c_call(arg)
            if found and "importlib" not in frame.f_code.co_filename:
                seen.extend(found)
        elif event == "call" and id(frame.f_code) in ENVIRON:
            seen.append("os.environ")

    return profile


def _ambient_c_call(function: Any) -> tuple[str, ...]:
    qualname = getattr(function, "__qualname__", "")
    if qualname in AMBIENT_METHODS:
        return (qualname,)
    module = getattr(function, "__module__", None)
    if module in AMBIENT_CALLS and qualname not in ("fspath", "get_ident"):
        return (f"{module}.{qualname}",)
    return ()

"""Names by which code runs, loads, finds or asks what is not written in the tree."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from harness.audit.value import CALLED, Chain

EXECUTING: Final = frozenset({"execute", "executemany", "executescript"})
REFLECTION: Final = frozenset(
    {"__dict__", "__getattribute__", "__subclasses__", "__globals__", "__builtins__", "__code__"}
)
RUNNING: Final = frozenset(
    {"eval", "exec", "compile", "__import__", "globals", "locals", "vars", "breakpoint"}
)
BY_NAME: Final = frozenset({"getattr", "setattr", "delattr"})
LOADING: Final = (
    "builtins", "importlib", "runpy", "pkgutil", "ctypes", "cffi", "marshal", "pickle",
    "types.FunctionType", "types.CodeType", "sys.modules", "importlib_metadata", "pkg_resources",
    "inspect.getmembers",
    "gc.get_objects", "code.InteractiveInterpreter", "dill", "cloudpickle",
)  # fmt: skip
"""Dotted beginnings that run or find what is not written in the tree."""

OUTSIDE: Final = (
    "socket", "ssl", "urllib", "http", "smtplib", "ftplib", "poplib", "imaplib", "xmlrpc",
    "subprocess", "sqlite3", "dbm", "shelve", "multiprocessing", "socketserver", "webbrowser",
    "os.system", "os.popen", "os.execv", "os.execve", "os.execvp", "os.spawnv", "os.posix_spawn",
    "asyncio.open_connection", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
    "logging.handlers",
)  # fmt: skip
"""What keeps rows or asks the world outside, of Python's own library."""

STDLIB: Final = sys.stdlib_module_names
NAMING: Final = ("operator.attrgetter", "operator.methodcaller")


def dotted(chain: Chain) -> str:
    """A chain as it is written, without what was called or looked into on the way."""
    return ".".join(step.removesuffix(CALLED) for step in chain.steps)


def begins(chain: Chain, names: Iterable[str]) -> bool:
    """Whether a chain begins with one of some dotted names."""
    text = f"{dotted(chain)}."
    return any(text.startswith(f"{name}.") for name in names)

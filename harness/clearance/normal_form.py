"""A module's normal form: what it says, without layout, comments and, unless read, docstrings.

Two files of one normal form behave alike. The form is built here and not with `ast.dump`, whose
text depends on the version of Python that makes it.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from harness.errors import InputError
from harness.syntax import after_docstring
from harness.text import visible

_READ: Final = f"__{'doc'}__"
"""The name by which code reads a docstring; put together, so that this file does not have it."""

_READERS: Final = frozenset({_READ, "getdoc"})
_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_UNSAID: Final = frozenset({"type_comment", "type_ignores", "kind"})
"""Fields of nodes that are comments, or how a text was quoted."""


@lru_cache(maxsize=4096)
def normal_form(content: bytes, where: str, *, docstrings: bool = False) -> str:
    """SHA-256 of a module's normal form, 64 hexadecimal digits.

    Args:
        content: the file's bytes.
        where: the file, for messages.
        docstrings: whether docstrings count, because some code reads them.

    Raises:
        InputError: `module-syntax`, it is no Python.
    """
    return form(syntax(content, where), docstrings=docstrings)


@lru_cache(maxsize=4096)
def syntax(content: bytes, where: str) -> ast.Module:
    """The module's syntax tree; nobody may change it.

    Raises:
        InputError: `module-syntax`, it is no Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is no concern of a fingerprint
            return ast.parse(content, where)
    except SyntaxError as error:
        place = f"{where}:{error.lineno}" if error.lineno else where
        raise _unreadable(visible(error.msg), place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise _unreadable(visible(str(error)) or type(error).__name__, where) from None


@lru_cache(maxsize=4096)
def reads_docstrings(content: bytes, where: str) -> bool:
    """Whether a module's code asks for docstrings, its own or others'.

    Raises:
        InputError: `module-syntax`, it is no Python.
    """
    for node in ast.walk(syntax(content, where)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
                if name in _READERS:
                    return True
            case ast.Constant(value=str(text)) if text == _READ:
                return True
    return False


def form(tree: ast.AST, *, docstrings: bool = False) -> str:
    """Digest a tree's nodes in pre-order: every token carries its length, every list its count."""
    out: list[bytes] = []
    waiting: list[object] = [tree]
    while waiting:
        item = waiting.pop()
        for token in _tokens(item):
            raw = token.encode("utf-8", "surrogatepass")
            out += (b"%d:" % len(raw), raw)
        waiting.extend(reversed(_parts(item, docstrings=docstrings)))
    return hashlib.sha256(b"".join(out)).hexdigest()


def _tokens(item: object) -> Iterator[str]:
    """What is said of an item itself; its parts follow it."""
    if isinstance(item, ast.AST):
        yield type(item).__name__
        yield " ".join(name for name, _ in _said(item))
    elif isinstance(item, list):
        yield f"list {len(item)}"
    else:
        yield type(item).__name__
        yield hex(item) if type(item) is int else repr(item)


def _parts(item: object, *, docstrings: bool) -> list[object]:
    if isinstance(item, list):
        return item
    if not isinstance(item, ast.AST):
        return []
    found = _said(item)
    if isinstance(item, _DOCUMENTED) and not docstrings:
        cut = after_docstring(item.body)
        return [item.body[cut:] if name == "body" else value for name, value in found]
    return [value for _, value in found]


def _said(node: ast.AST) -> list[tuple[str, object]]:
    """A node's fields that say something: what is empty may be a field of newer versions only."""
    return [
        (name, value)
        for name, value in ast.iter_fields(node)
        if name not in _UNSAID and value is not None and value != []
    ] + ([("value", None)] if isinstance(node, ast.Constant) and node.value is None else [])


def _unreadable(message: str, where: str) -> InputError:
    fix = "correct the file: what cannot be read cannot be pinned"
    return InputError("module-syntax", f"no Python: {message}", where, fix)

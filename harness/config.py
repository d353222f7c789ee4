"""The configuration table: which engines, kit and scenarios a run is made of."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.errors import InputError, os_reason
from harness.names import hint
from harness.text import quoted, shown_path, visible

NAME: Final = "pyproject.toml"
LARGEST: Final = 1 << 20
"""Bytes a configuration may have."""

RECORDED: Final = (".jsonl", ".jsonl.gz")
"""How the name of a recorded control ends; any other control is code."""

_DOTTED: Final = ("control", "candidate", "world", "invariants")
_PATHS: Final = ("scenarios", "gate")
_KEYS: Final = (*_DOTTED, *_PATHS, "timeout_seconds")
_DEFAULTS: Final[Mapping[str, object]] = {"timeout_seconds": 10}
_DOTTED_FORM: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `[tool.shadow]` says; paths are absolute, dotted names are `module:attribute`.

    Attributes:
        control: a dotted name, or the path of a recorded control.
        root: the folder of the file; relative paths in it count from there.
        timeout_seconds: wall clock of one episode, the backstop behind its counted budget.
    """

    file: Path
    root: Path
    control: str
    candidate: str
    world: str
    invariants: str
    scenarios: Path
    gate: Path
    timeout_seconds: int

    @property
    def recording(self) -> Path | None:
        """The recorded control; None where the control is code."""
        return self.root / self.control if self.control.endswith(RECORDED) else None


def read_config(path: Path | None = None, *, start: Path | None = None) -> Config:
    """Read the table from `path`, else from the nearest pyproject.toml that has one.

    Args:
        path: a TOML file with the table `[tool.shadow]`, or with its keys at the top level.
        start: where to look upwards from; the current folder by default.

    Raises:
        InputError: no such file or table, unknown or missing keys, or values of a wrong kind.
    """
    file = path if path is not None else _nearest_file(start or Path.cwd())
    data = _toml(file)
    table = _table(data)
    if table is None:
        if path is None or any(isinstance(value, dict) for value in data.values()):
            raise _error(file, "config-missing", "there is no table [tool.shadow]", "add it")
        table = data
    return _config(file.absolute(), table)


def _nearest_file(start: Path) -> Path:
    """The nearest pyproject.toml at or above a folder that has the table."""
    folder = start.absolute()
    for above in (folder, *folder.parents):
        file = above / NAME
        if file.is_file() and _table(_toml(file)) is not None:
            return file
    message = f"no {NAME} with a table [tool.shadow] at or above {visible(str(folder))}"
    raise InputError("config-missing", message, hint="change the folder, or name it with --config")


def _toml(file: Path) -> dict[str, Any]:
    try:
        if not file.is_file():
            raise _error(file, "config-unreadable", "there is no such file", "check --config")
        if file.stat().st_size > LARGEST:
            raise _error(file, "file-too-large", f"has more than {LARGEST:,} bytes")
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        reason = os_reason(error)
        raise _error(file, "config-unreadable", f"cannot be read: {reason}") from error
    except UnicodeDecodeError:
        raise _error(file, "not-utf8", "is not UTF-8", "save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        message = f"no TOML: {visible(str(error))}"
        raise _error(file, "config-syntax", message, line=line[1] if line else "") from None


def _table(data: Mapping[str, Any]) -> dict[str, Any] | None:
    tool = data.get("tool")
    table = tool.get("shadow") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _config(file: Path, table: Mapping[str, Any]) -> Config:
    for key in table:
        if key not in _KEYS:
            raise _error(file, "unknown-key", f"unknown key {quoted(key)}", hint(key, _KEYS))
    values: dict[str, Any] = {**_DEFAULTS, **table}
    for key in _KEYS:
        if key not in values:
            raise _error(file, "missing-key", f"the key {quoted(key)} is missing")
    for key in (*_DOTTED, *_PATHS):
        if not isinstance(values[key], str) or not values[key]:
            raise _error(file, "wrong-type", f"{key}: expected text, here {quoted(values[key])}")
    recorded = values["control"].endswith(RECORDED)
    for key in _DOTTED[1:] if recorded else _DOTTED:
        if not _DOTTED_FORM.fullmatch(values[key]):
            message = f"{key}: {quoted(values[key])} is no dotted name"
            raise _error(file, "wrong-value", message, "write package.module:ATTRIBUTE")
    seconds = values["timeout_seconds"]
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= 3600:
        message = (
            f"timeout_seconds: expected a whole number from 1 to 3600, here {quoted(seconds)}"
        )
        raise _error(file, "wrong-value", message)
    root = file.parent
    paths = {key: root / values.pop(key) for key in _PATHS}
    return Config(file=file, root=root, **paths, **values)


def _error(file: Path, slug: str, message: str, hint: str = "", line: str = "") -> InputError:
    where = shown_path(file) + (f":{line}" if line else "")
    return InputError(slug, message, where, hint)

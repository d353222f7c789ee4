"""Objects by dotted path, as the configuration introduces them."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, InputError
from harness.names import hint
from harness.text import quoted, visible


def resolve(dotted: str, *, key: str, root: Path, where: str) -> Any:
    """The object that `package.module:ATTRIBUTE` names.

    Args:
        dotted: the path.
        key: the configuration's key, for messages.
        root: a folder that modules may stand in besides the installed ones.
        where: the configuration's file, for messages.

    Raises:
        InputError: there is no such module or attribute, or importing the module fails.
    """
    module_name, _, attribute = dotted.partition(":")
    if str(root) not in sys.path:
        sys.path.append(str(root))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not (module_name == missing or module_name.startswith(f"{missing}.")):
            raise _failed(module_name, key, root, error) from error
        message = f"{key}: there is no module {quoted(missing)}"
        fix = "correct the name, or install its package"
        raise InputError("config-module", message, where, fix) from None
    except HarnessError as error:
        error.where = error.where or _place(root, error)
        raise
    except Exception as error:  # it is somebody else's module: it may fail in any way
        raise _failed(module_name, key, root, error) from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        message = f"{key}: {quoted(module_name)} has no {quoted(attribute)}"
        known = [name for name in vars(module) if name.isupper()]
        raise InputError("config-attribute", message, where, hint(attribute, known)) from None


def _failed(module: str, key: str, root: Path, error: Exception) -> InputError:
    """What importing a module raised, and where."""
    text = visible(f"{type(error).__name__}: {error}")
    message = f"{key}: importing {quoted(module)} failed: {text}"
    place = _place(root, error)
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}"
    return InputError("config-import-failed", message, place, "correct the module")


def _place(root: Path, error: Exception) -> str:
    """The last line of the project's own that led to an error, as `file:line`."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)] or frames
    return f"{own[-1].filename}:{own[-1].lineno}"

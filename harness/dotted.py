"""Objects by dotted path, as the configuration introduces them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.names import hint
from harness.text import quoted


def resolve(dotted: str, *, key: str, root: Path, where: str) -> Any:
    """The object that `package.module:ATTRIBUTE` names.

    Args:
        dotted: the path.
        key: the configuration's key, for messages.
        root: a folder that modules may stand in besides the installed ones.
        where: the configuration's file, for messages.

    Raises:
        InputError: there is no such module or attribute. An error inside the module is not caught.
    """
    module_name, _, attribute = dotted.partition(":")
    if str(root) not in sys.path:
        sys.path.append(str(root))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not (module_name == missing or module_name.startswith(f"{missing}.")):
            raise
        message = f"{key}: there is no module {quoted(missing)}"
        fix = "correct the name, or install its package"
        raise InputError("config-module", message, where, fix) from None
    try:
        return getattr(module, attribute)
    except AttributeError:
        message = f"{key}: {quoted(module_name)} has no {quoted(attribute)}"
        known = [name for name in vars(module) if name.isupper()]
        raise InputError("config-attribute", message, where, hint(attribute, known)) from None

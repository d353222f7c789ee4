"""What a run is made of, as digests: two runs that differ in none of them ask the same question.

The bytes of files count. A clearance is bound to their normal form, which takes seconds to make;
here a comment that changes is only one more thing that may have.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from harness.canonical import digest
from harness.compose import Composition, package
from harness.errors import unreadable
from harness.manifest_file import NAME as MANIFEST
from harness.package_files import file_digest, files
from harness.text import shown_path

HARNESS: Final = "harness"


def made_of(composition: Composition) -> Mapping[str, str]:
    """Name of a part → SHA-256 of what it is, 64 hexadecimal digits; empty where it is not there.

    Raises:
        InputError: an engine, the kit or a file of the project cannot be read.
    """
    loaded = composition.loaded
    scenarios = [[one.id, one.sha256] for one in loaded.scenarios]
    return {
        **judged_by(composition),
        "manifest": _file(composition.config.scenarios / MANIFEST),
        "scenarios": digest([scenarios, list(loaded.unusable)]),
    }


def judged_by(composition: Composition) -> Mapping[str, str]:
    """The same without scenarios: whatever they are replayed and judged by.

    Raises:
        InputError: as `made_of`.
    """
    config = composition.config
    rulings = sorted((config.scenarios / "rulings").glob("**/*.yaml"))
    return {
        "candidate": composition.candidate.fingerprint,
        "configuration": _file(config.file),
        "control": composition.control.fingerprint,
        "fields": _file(config.scenarios / "fields.yaml"),
        "harness": _package(HARNESS),
        "interpreter": digest([platform.python_implementation(), *sys.version_info[:3]]),
        "invariants": _package(package(config.invariants)),
        "policy": _file(config.gate),
        "rulings": digest([[file.name, _file(file)] for file in rulings]),
        "world": _package(package(config.world)),
    }


def version() -> str:
    """The harness's version; `uninstalled` where it runs from a folder alone."""
    homes = importlib.metadata.packages_distributions().get(HARNESS, [])
    return importlib.metadata.version(homes[0]) if homes else "uninstalled"


def _file(file: Path) -> str:
    try:
        return file_digest(file)
    except OSError as error:
        raise unreadable(shown_path(file), error) from error


def _package(name: str) -> str:
    """The files of a package, or of a module that is none."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return ""
    places = map(os.path.realpath, spec.submodule_search_locations or ())
    folders = [Path(place) for place in dict.fromkeys(places)]  # a namespace may name one twice
    if not folders and spec.origin:
        return _file(Path(spec.origin))
    return digest(
        [
            [file.relative_to(folder).as_posix(), _file(file)]
            for folder in folders
            for file in files(folder)
        ]
    )

"""Fingerprints: whatever can make a replay come out otherwise, as names with digests.

Two fingerprints are made. The control's is that of all that its episodes are a function of; the
pair's, of all that both sides' are. What only judges (rulings, dates, policy, faults) is in none:
it is asked anew each time. Bytes count, so a comment that changes is a change.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.canonical import digest
from harness.compose import Composition, package
from harness.importing import LoadedEngine
from harness.kept.imports import Imports, Tops, loaded
from harness.package_files import file_digest, files

HARNESS: Final = "harness"
FORM: Final = "2"
"""Of what is kept; another number, and everything that was kept in another form is not found."""

ENVIRONMENT: Final = ("LANG", "LC_ALL", "LC_CTYPE", "PYTHONHASHSEED", "TZ")
"""Variables that Python itself goes by; engines see none of them, worlds may."""

Parts = Mapping[str, str]
"""Name of a part → what tells whether it is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a replay rests on.

    Attributes:
        parts: part → digest, or version.
    """

    parts: Parts

    @property
    def name(self) -> str:
        """The digest of all of it, 64 hexadecimal digits."""
        return digest(dict(self.parts))


def pair(composition: Composition) -> Fingerprint:
    """What both sides rest on, and whatever says what a world is worth.

    Raises:
        Unknowable: there is code of which nobody can tell whether it is the same.
        OSError: a file cannot be read.
    """
    config = composition.config
    sides = {package(config.invariants), package(config.candidate)}
    invariants = [f"{type(one).__qualname__} {one.id}" for one in composition.invariants]
    return Fingerprint(
        parts={
            **_common(composition, Imports().reached({*_starts(composition), *sides}, loaded())),
            "candidate": _engine(composition.candidate),
            "invariants": digest([config.invariants, config.candidate, *invariants]),
        }
    )


def control(composition: Composition) -> Fingerprint:
    """What the control's episodes rest on; the candidate's code is no part of it.

    Neither control nor world can import the candidate: whoever tries is refused. What the
    candidate or the invariants alone import is left out likewise, though it is loaded.

    Raises:
        Unknowable: as `pair`.
        OSError: likewise.
    """
    config, imports, starts = composition.config, Imports(), _starts(composition)
    sides = {package(config.invariants), package(config.candidate)} - starts
    theirs = imports.reached(sides)
    stray = {*loaded()} - {*theirs.here}
    tops = imports.reached(starts, stray, sides & {package(config.candidate)})
    return Fingerprint(parts=_common(composition, tops))


def _starts(composition: Composition) -> set[str]:
    """The packages that the control's episodes begin in."""
    starts = {HARNESS, package(composition.config.world)}
    if composition.recording is None:
        starts.add(composition.control_package)
    return starts


def _common(composition: Composition, tops: Tops) -> dict[str, str]:
    config = composition.config
    return {
        **_code(tops),
        "control": _engine(composition.control),
        "recording": "" if config.recording is None else file_digest(config.recording),
        "fields": file_digest(config.scenarios / "fields.yaml"),
        "switches": digest([config.world, config.control, config.timeout_seconds]),
        "interpreter": digest([*_interpreter()]),
        "form": FORM,
    }


def _code(tops: Tops) -> dict[str, str]:
    return {
        **{f"package {top}": _package(places) for top, places in tops.here.items()},
        **{f"installed {name}": _version(name) for name in tops.installed},
    }


def _engine(engine: LoadedEngine) -> str:
    """An engine as it was loaded: its sources as they were read, and who handles what."""
    registry = [
        [trigger, [handler.path for handler in handlers]]
        for trigger, handlers in sorted(engine.engine.handlers.items())
    ]
    refusals = [f"{one.__module__}.{one.__qualname__}" for one in engine.engine.refusals]
    return digest([engine.fingerprint, engine.engine.name, registry, refusals])


def _interpreter() -> Iterator[str]:
    yield from (platform.python_implementation(), sys.version, platform.machine(), sys.byteorder)
    yield str(sys.flags)
    yield from (f"{name}={os.environ.get(name)}" for name in ENVIRONMENT)


def _version(name: str) -> str:
    """A distribution by its version, and by the digests that it was installed with."""
    found = importlib.metadata.distribution(name)
    return digest([found.version, found.read_text("RECORD") or ""])


def _package(places: Iterable[Path]) -> str:
    return digest(
        [
            [file.relative_to(place.parent).as_posix(), file_digest(file)]
            for place in places
            for file in files(place)
        ]
    )

"""A cache of probed code on disk, keyed by all that the code depends on.

It only saves time: whatever is missing, unreadable or damaged is compiled anew, and a folder that
cannot be written to is left alone.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

from harness import arcs, probes, syntax, table_rows
from harness.arcs import Arc

Compiled = tuple[CodeType, tuple[Arc, ...]]
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class CodeCache:
    """Probed code by source, file name, probes and interpreter. `folder` None: no cache."""

    folder: Path | None

    def get(self, text: str, file: str, compiled: Callable[[str, str], Compiled]) -> Compiled:
        """Return a module's code and arcs, from the cache or by calling `compiled`."""
        if self.folder is None:
            return compiled(text, file)
        place = self.folder / f"{key(text, file)}.probed"
        found = _read(place)
        if found is None:
            found = compiled(text, file)
            _write(place, found)
        return found


def key(text: str, file: str) -> str:
    """Digest what probed code depends on."""
    parts = (text, file, _makers(), sys.version, str(sys.flags.optimize))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def _makers() -> str:
    """Digest the code that puts the probes in: change it, and all that is cached is stale."""
    digest = hashlib.sha256()
    for module in (arcs, probes, syntax, table_rows):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def _read(place: Path) -> Compiled | None:
    try:
        stored = place.read_bytes()
    except OSError:
        return None
    digest, body = stored[:DIGEST_BYTES], stored[DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        return None
    code, stored_arcs = marshal.loads(body)  # noqa: S302  # written by this cache, as the digest says
    return code, tuple(Arc(*arc) for arc in stored_arcs)


def _write(place: Path, compiled: Compiled) -> None:
    """Write all or nothing; a reader never sees half a file."""
    code, found = compiled
    body = marshal.dumps((code, tuple(tuple(arc) for arc in found)))
    temporary = ""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(body).digest() + body)
        Path(temporary).replace(place)
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)

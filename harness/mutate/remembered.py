"""Results of an earlier measurement, under the digest of all that they depend on.

They only save time: what is missing, damaged or of another digest is tried anew. Of what is found,
one in a hundred is tried again all the same and has to come out as it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import InputError
from harness.mutate.pool import Batch
from harness.mutate.trial import Fate, Result
from harness.text import shown_path, visible
from harness.whole_file import replace_file

NAME: Final = "mutants.json"
ONCE_MORE: Final = 100
"""One batch in so many is tried again though it is remembered."""

Kept = dict[str, tuple[Result, ...]]
"""Digest → results of one batch."""


@dataclass(slots=True)
class Remembered:
    """What is known from before, and what is to be known afterwards."""

    file: Path | None
    known: Kept = field(default_factory=dict)
    now: Kept = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path | None) -> Remembered:
        """What a file remembers; nothing where it cannot be read, and where there is none."""
        try:
            found = msgspec.json.decode(file.read_bytes(), type=Kept) if file else {}
        except (OSError, msgspec.MsgspecError):
            found = {}
        return cls(file, found)

    def of(self, key: str, batch: Batch) -> tuple[Result, ...] | None:
        """The results of a batch, where they are known for exactly these mutants."""
        found = self.known.get(key)
        if (
            found is None
            or int(key[:8], 16) % ONCE_MORE == 0
            or [one.mutant for one in found] != [one.id for one in batch]
        ):
            return None
        self.now[key] = found
        return found

    def keep(self, key: str, results: Sequence[Result]) -> None:
        """Remember a batch, unless a result of it was lost.

        Raises:
            InputError: it is remembered otherwise.
        """
        if any(one.fate is Fate.LOST for one in results):
            return
        self.now[key] = tuple(results)
        if self.known.get(key, self.now[key]) != self.now[key]:
            name = results[0].mutant
            message = f"{visible(name)} came out otherwise than it is remembered"
            fix = "delete the file, and look for what makes an engine differ from itself"
            raise InputError("remembered-differs", message, shown_path(self.file or Path()), fix)

    def write(self) -> None:
        """Keep all that was asked for; where nothing can be written, nothing is remembered."""
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.file, msgspec.json.encode(self.now))
        except (OSError, InputError):
            return

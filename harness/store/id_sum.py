"""Sums of ids: as short as a count, and another one where an id is missing, doubled or wrong.

The sum adds the SHA-256 digests of ids modulo 2**256. It does not depend on the order and sums of
parts add up to the sum of the whole, as counts do; unlike counts, one id too many does not make up
for one that is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_WHOLE: Final = 1 << 256


@lru_cache(maxsize=16)  # an id is counted several times in a row, and never again
def _number(name: str) -> int:
    """An id's digest as a number."""
    found = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(found, "big")


@dataclass(slots=True)
class IdSum:
    """How many ids, and which; grows while a part is folded.

    Attributes:
        total: the digests' sum.
    """

    count: int = 0
    total: int = 0

    @classmethod
    def of(cls, ids: Iterable[str]) -> IdSum:
        """The sum of some ids."""
        found = cls()
        for one in ids:
            found.add(one)
        return found

    @classmethod
    def read(cls, count: int, text: str) -> IdSum:
        """A sum as it is stored.

        Raises:
            ValueError: it was not written by `text`.
        """
        return cls(count, int(text, 16))

    def add(self, name: str) -> None:
        """Count one id more."""
        self.count += 1
        self.total = (self.total + _number(name)) % _WHOLE

    def take(self, other: IdSum) -> None:
        """Count what another sum counted."""
        self.count += other.count
        self.total = (self.total + other.total) % _WHOLE

    @property
    def text(self) -> str:
        """The sum as it is stored: 64 hexadecimal digits."""
        return f"{self.total:064x}"

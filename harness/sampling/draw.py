"""A draw: accounts of each stratum, uniformly, without replacement, and again the same."""

from __future__ import annotations

import hashlib
import heapq
import re
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from harness.errors import InputError, os_reason
from harness.sampling.frame import Frame, Stratum, missing_list
from harness.text import quoted, shown_path

LONGEST_LINE: Final = 256
"""Bytes of a line of ids."""

_ID: Final = re.compile(rb"[a-z0-9][a-z0-9._-]{0,99}")


class Seed(NamedTuple):
    """What a draw follows from: change any of it, and other accounts are drawn.

    Attributes:
        frame: sha256 of the frame's file.
        candidate: fingerprint of the candidate's code.
        previous: sha256 of the ledger's last line before the draw. So no draw is a part of one
            that somebody has seen, and whoever rewrites the ledger has to draw anew.
    """

    frame: str
    candidate: str
    previous: str

    def ranks(self) -> Callable[[bytes], int]:
        """Account → its place in the order of drawing: 64 bits that nobody can choose."""
        begun = hashlib.sha256("\n".join((*self, "")).encode())

        def rank(account: bytes) -> int:
            digest = begun.copy()
            digest.update(account)
            return int.from_bytes(digest.digest()[:8])

        return rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was drawn of one stratum.

    Attributes:
        accounts: how many the stratum has.
        drawn: ids, sorted.
        burned: ids of its accounts that were burned already, sorted; none of them is drawn.
    """

    accounts: int
    drawn: tuple[str, ...]
    burned: tuple[str, ...]


Draw = Mapping[str, Part]
"""Stratum → what was drawn of it."""


def draw(
    frame: Frame, seed: Seed, sizes: Mapping[str, int], burned: Collection[str]
) -> dict[str, Part]:
    """Draw.

    Accounts are drawn in the order of their ranks, so the order of the lists means nothing.

    Args:
        frame: whose lists are read, line by line.
        seed: what the order of drawing follows from.
        sizes: stratum → how many to draw; all of a stratum that has no more.
        burned: ids that are not drawn.

    Raises:
        InputError: a list is not there, is not the one that the frame means, or names an account
            twice.
    """
    apart = frozenset(account.encode() for account in burned)
    listed = [_List(stratum, seed.ranks(), apart) for stratum in frame.strata]
    ranks = [one.read() for one in listed]
    _check_once(listed, ranks)
    return {one.stratum.name: one.part(sizes.get(one.stratum.name, 0)) for one in listed}


def drawable(frame: Frame, burned: Collection[str]) -> dict[str, int]:
    """Stratum → accounts that can be drawn: all that are not burned.

    Raises:
        InputError: as `draw`.
    """
    nobody = draw(frame, Seed("", "", ""), {}, burned)
    return {name: part.accounts - len(part.burned) for name, part in nobody.items()}


def unlisted(frame: Frame, accounts: Collection[str]) -> frozenset[str]:
    """Those of some accounts that stand in none of a frame's lists.

    Raises:
        InputError: a list cannot be read.
    """
    rest = set(accounts)
    for stratum in frame.strata if rest else ():
        for account, _ in _List(stratum, Seed("", "", "").ranks()).accounts():
            rest.discard(account.decode())
    return frozenset(rest)


@dataclass(slots=True)
class _List:
    """A stratum's list of ids, read twice: ranks stay in memory, eight bytes each, ids do not."""

    stratum: Stratum
    rank: Callable[[bytes], int]
    burned: frozenset[bytes] = frozenset()
    free: array[int] = field(default_factory=lambda: array("Q"))
    apart: list[str] = field(default_factory=list)

    def read(self) -> array[int]:
        """Check the list against the frame; the ranks of all, in their order."""
        digest = hashlib.sha256()
        ranks = array("Q")
        for account, line in self.accounts():
            digest.update(line)
            rank = self.rank(account)
            ranks.append(rank)
            if account in self.burned:
                self.apart.append(account.decode())
            else:
                self.free.append(rank)
        if digest.hexdigest() != self.stratum.sha256:
            message = f"is not the list of {self.stratum.where}: its SHA-256 is "
            message += digest.hexdigest()
            raise self.error("ids-changed", message, "a changed list is another frame: say so")
        if len(ranks) != self.stratum.accounts:
            message = f"has {len(ranks):,} ids, the frame says {self.stratum.accounts:,}"
            raise self.error("ids-count", message, f"correct `accounts` at {self.stratum.where}")
        return array("Q", sorted(ranks))

    def part(self, size: int) -> Part:
        """The first `size` accounts in the order of drawing."""
        last = sorted(self.free)[: max(size, 0)][-1:]
        drawn = [
            account.decode()
            for account, _ in (self.accounts() if last else ())
            if self.rank(account) <= last[0] and account not in self.burned
        ]
        return Part(
            accounts=self.stratum.accounts,
            drawn=tuple(sorted(drawn)),
            burned=tuple(sorted(self.apart)),
        )

    def accounts(self) -> Iterator[tuple[bytes, bytes]]:
        """Each id with its line."""
        path = self.path
        try:
            with path.open("rb") as file:
                number = 0
                while line := file.readline(LONGEST_LINE):
                    number += 1
                    account = line.rstrip(b"\r\n")
                    if not _ID.fullmatch(account):
                        text = account.decode("utf-8", "replace")
                        message = f"{quoted(text)} is no account's id"
                        fix = "one id a line, as recorded scenarios have: shadow sample ids"
                        raise self.error("ids-line", message, fix, number)
                    yield account, line
        except OSError as error:
            reason = os_reason(error)
            raise self.error("unreadable", f"cannot be read: {reason}", "") from error

    @property
    def path(self) -> Path:
        if self.stratum.ids is None or not self.stratum.listed:
            raise missing_list(self.stratum)
        return self.stratum.ids

    def error(self, slug: str, message: str, fix: str, line: int = 0) -> InputError:
        where = shown_path(self.path) + (f":{line}" if line else "")
        return InputError(slug, message, where, fix)

    def line_of(self, rank: int, *, last: bool = False) -> tuple[int, str]:
        """Number and id of the first or last line of a rank; `_NOWHERE` where there is none."""
        found = _NOWHERE
        for number, (account, _) in enumerate(self.accounts(), 1):
            if self.rank(account) == rank:
                found = (number, account.decode())
                if not last:
                    break
        return found

    def twice(self, rank: int, first: _List) -> InputError:
        """That an account stands here and, before, in a list that may be the same."""
        place = f"{shown_path(first.path)}:{first.line_of(rank)[0]}"
        number, account = self.line_of(rank, last=True)
        message = f"{quoted(account)} stands in {place} already"
        return self.error("ids-twice", message, "an account is in one stratum, once", number)


_NOWHERE: Final = (0, "")


def _check_once(listed: list[_List], ranks: list[array[int]]) -> None:
    """No account stands twice, in one list or in two: it would be drawn twice as often."""
    before = -1
    for rank in heapq.merge(*ranks):
        if rank == before:
            first, *_, last = _holders(listed, rank)
            raise last.twice(rank, first)
        before = rank


def _holders(listed: list[_List], rank: int) -> list[_List]:
    """The lists in which an account stands; the one list twice, where it is alone."""
    found = [one for one in listed if one.line_of(rank) != _NOWHERE]
    return found if len(found) > 1 else found * 2

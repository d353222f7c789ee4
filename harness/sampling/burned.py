"""Burned accounts: somebody looked at them while debugging, so that no sample may rest on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import InputError
from harness.sampling.lines import Line, append, read_bytes
from harness.text import quoted, shown_path, visible

NAME: Final = "burned.jsonl"


class _Burn(Line, frozen=True, kw_only=True):
    account: str
    date: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burned:
    """The list as its file has it; a list that a draw knew is the beginning of a later one.

    Attributes:
        accounts: in the order in which they were burned.
        content: the file's bytes.
    """

    file: Path
    accounts: tuple[str, ...] = ()
    content: bytes = b""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def first(self, count: int) -> Burned:
        """The list as it was when it had so many lines."""
        lines = self.content.splitlines(keepends=True)[:count]
        return Burned(file=self.file, accounts=self.accounts[:count], content=b"".join(lines))

    def burn(self, account: str, reason: str, today: date) -> Burned:
        """Add an account.

        Raises:
            InputError: it is burned already, no reason is given, or the file cannot be written.
        """
        if not reason.strip():
            raise InputError("burn-reason", "no reason is given", hint="say who looked at it, why")
        if account in self.accounts:
            place = f"{shown_path(self.file)}:{self.accounts.index(account) + 1}"
            message = f"{quoted(account)} is burned already"
            raise InputError("burned-already", message, place, "nothing is left to do")
        record = _Burn(account=account, date=today, reason=reason)
        content = append(self.file, self.content, record)
        return Burned(file=self.file, accounts=(*self.accounts, account), content=content)


def read_burned(path: Path) -> Burned:
    """Read the list; none where there is no file.

    Raises:
        InputError: it cannot be read, or a line of it is no record.
    """
    content = read_bytes(path)
    accounts: dict[str, None] = {}
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        where = f"{shown_path(path)}:{number}"
        fix = "the list only grows: take it back from the repository"
        try:
            record = msgspec.json.decode(line, type=_Burn)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError("burned-malformed", visible(str(error)), where, fix) from None
        if record.account in accounts or not record.reason.strip() or not line.endswith(b"\n"):
            message = "an account stands once, with a reason, on a line of its own"
            raise InputError("burned-malformed", message, where, fix)
        accounts[record.account] = None
    return Burned(file=path, accounts=tuple(accounts), content=content)

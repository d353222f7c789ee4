"""The loan desk with accounts by the line, and what is needed to replay them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import replay as replaying
from harness.bulk.census import is_sampled
from harness.bulk.frames import FrameWriter
from harness.bulk.ranges import Range, Source, cut
from harness.errors import ExitCode, HarnessError
from harness.store.opening import opened
from tests.harness.kept_runs import rows
from tests.harness.planted import planted
from tests.harness.toy_project import KIT

PLAIN = "desk.jsonl"


def account(number: int, *, name: str = "", member: str = "m_1") -> dict[str, Any]:
    """Every third account differs: who comes back late and pays stays blocked in the control."""
    late = number % 3 == 0
    due = "2026-03-01T10:00:00Z" if late else "2026-03-09T10:00:00Z"
    when: list[dict[str, Any]] = [{"at": "+2d", "act": "desk.return", "loan": "ln_1"}]
    if late:
        when.append({"at": "+2d1h", "act": "api.pay_fine", "pays": "asked"})
    return {
        "id": name or f"desk-{number}",
        "title": "A book comes back",
        "provenance": {"kind": "simulated", "source": f"number {number}"},
        "given": {"now": "2026-03-02T10:00:00Z", "loans": [{"id": "ln_1", "due": due}]},
        "when": when,
    }


def numbers(count: int, *, sampled: bool = False) -> list[int]:
    """The first accounts that are, or are not, checked against themselves."""
    found: Iterator[int] = (n for n in range(1, 10_000) if is_sampled(f"desk-{n}") is sampled)
    return [next(found) for _ in range(count)]


def line(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def lines(which: Iterable[int]) -> bytes:
    return b"".join(line(account(number)) for number in which)


def packed(file: Path, *pieces: bytes) -> Path:
    """Write frames."""
    with file.open("wb") as stream:
        writer = FrameWriter(stream)
        for piece in pieces:
            writer.add(piece)
        writer.close()
    return file


def desk(folder: Path, patch: pytest.MonkeyPatch, content: bytes, name: str = PLAIN) -> Path:
    """The project with a file of accounts, which is given back."""
    planted(folder, patch)
    patch.setenv("NO_COLOR", "1")
    file = folder / name
    file.write_bytes(content)
    return file


def deadly(patch: pytest.MonkeyPatch, due: str, dies: Callable[[], bool]) -> None:
    """Let a worker be killed when it loads an account whose loan is due then."""
    load = type(KIT).load

    def loading(self: Any, given: Any) -> Any:
        if given.loans[0].due == due and dies():
            os.kill(os.getpid(), signal.SIGKILL)
        return load(self, given)

    patch.setattr(type(KIT), "load", loading)


def killed(number: int) -> dict[str, Any]:
    """An account that `deadly` knows."""
    data = account(1, name=f"desk-{number}")
    data["given"]["loans"][0]["due"] = "2026-03-09T11:11:11Z"
    return data


DEADLY = "2026-03-09T11:11:11Z"


class Ran:
    """A replay in this process: its code, document and complaints."""

    def __init__(
        self,
        *files: Path,
        store: str = "runs.db",
        workers: int = 1,
        resume: str | None = None,
        by: int = 2,
        kept: Path | None = None,
    ) -> None:
        def cutting(source: Source) -> Iterator[Range]:
            return cut(source, lines=by)

        self.complaints: list[HarnessError] = []
        said: list[str] = []
        asked = replaying.Asked(
            config=None,
            files=files,
            store=store,
            workers=workers,
            resume=resume,
            kept=kept,
            cutting=cutting,
        )
        self.code: ExitCode = replaying.replay(
            asked, as_json=True, say=said.append, complain=self.complaints.append
        )
        self.told: dict[str, Any] = json.loads(said[0])
        self.run: str = self.told["run"]

    @property
    def slugs(self) -> list[str]:
        return [one.slug for one in self.complaints]


def kept(store: str, *, without: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a store that holds one run, but for the run's name and what it is called in."""
    found = rows(opened(store, make=False))
    (run,) = {row[0] for row in found["run"]}
    del found["run"]
    return {
        table: sorted(
            (tuple("" if cell == run else cell for cell in row) for row in all_), key=repr
        )
        for table, all_ in found.items()
        if table not in without
    }

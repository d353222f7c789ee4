"""The loan desk with a population of recorded members in two strata, sampled and framed."""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.record.pseudonym import pseudonyms
from tests.harness.planted import ROOT, edit, said
from tests.harness.recorded_desk import KEY, event, late, lines
from tests.harness.toy_project import CONFIG, DESK, POLICY

KIT = '''
"""The recording desk, whose members are of two strata, and whose recorder names scenarios."""

import desk_recording
from desk_world.kit import INVARIANTS


class Recorder(desk_recording.Recorder):
    def scenario_id(self, account, pseudonym):
        return f"member-{pseudonym(account)}"


class Kit(desk_recording.RecordingDesk):
    recorder = Recorder()

    def stratum(self, world):
        return {"segment": "blocked" if world.member.blocked else "reader", "currency": "usd"}


KIT = Kit()
'''
BLOCKED, READER = "currency=usd,segment=blocked", "currency=usd,segment=reader"
OTHER = (("ENGINE = candidate(", "# another\nENGINE = candidate("),)
"""What makes another candidate of the same behaviour."""
TOO_CHEAP = (("days * cents_a_day", "(0 if days > 3 else days * cents_a_day)"),)
"""What lets a candidate forgive everybody who is more than three days late."""


def member(number: int) -> str:
    return f"m_{number:04d}"


def id_of(number: int) -> str:
    """The pseudonymous id of a member, which is its scenario's."""
    return f"member-{pseudonyms(KEY.encode())(member(number))}"


class Desk:
    """A project of recorded members in a folder, and the command on it.

    Member n is of the stratum `blocked` where n is divisible by 4, and returns a book late.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, members: int = 24) -> None:
        self.folder, self.scenarios = folder, folder / "scenarios"
        self.members = range(1, members + 1)
        self.scenarios.mkdir()
        (folder / "key").write_text(KEY)
        for name in ("desk_world", "desk_control", "desk_recording.py"):
            (folder / name).symlink_to(DESK / name)
        (folder / "desk_candidate").mkdir()
        self.engine = folder / "desk_candidate" / "engine.py"
        self.engine.write_text((DESK / "desk_candidate" / "engine.py").read_text())
        (folder / "desk_strata.py").write_text(KIT)
        self.config = folder / "pyproject.toml"
        self.config.write_text(
            CONFIG.replace("desk_world.kit:KIT", "desk_strata:KIT").replace(
                "desk_world.kit:INV", "desk_strata:INV"
            )
        )
        self.policy("")
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(ROOT))  # for the second process
        patch.setattr(sys, "path", [str(folder), *sys.path])
        patch.setenv("NO_COLOR", "1")

    def policy(self, more: str, level: str = "rehearsal") -> None:
        text = POLICY.replace("level: rehearsal", f"level: {level}")
        (self.scenarios / "gate.yaml").write_text(text + more)

    def record(self, numbers: Iterable[int]) -> None:
        """Record members: each returns a book, some days late."""
        numbers = list(numbers)
        events = [
            late(2 + number % 4, loan=f"ln_{number}", member=member(number)) for number in numbers
        ]
        lines(self.folder / "events.jsonl", events)
        rows = [f"{member(n)},{'false' if n % 4 else 'true'}" for n in numbers]
        (self.folder / "rows.csv").write_text("\n".join(["member,blocked", *rows]) + "\n")
        code, told = said(
            "record", "events", "events.jsonl", "--accounts", "rows.csv", "--key", "key"
        )
        assert len(told["recordings"]) == len(numbers), (code, told)

    def frame(
        self, strata: Mapping[str, Iterable[str]] | None = None, *, what: str = "all"
    ) -> Path:
        """Write the frame and its lists, in an order that means nothing."""
        strata = strata or {
            BLOCKED: [id_of(n) for n in self.members if n % 4 == 0],
            READER: [id_of(n) for n in self.members if n % 4],
        }
        (self.scenarios / "frame").mkdir(exist_ok=True)
        rows = []
        for number, (name, ids) in enumerate(strata.items()):
            listed = list(ids)
            random.Random(number).shuffle(listed)  # noqa: S311  # no secret, only disorder
            content = "".join(f"{one}\n" for one in listed).encode()
            (self.scenarios / "frame" / f"{number}.ids").write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            rows.append(
                f"  {name}: {{accounts: {len(listed)}, sha256: {digest}, ids: frame/{number}.ids}}"
            )
        file = self.scenarios / "frame.yaml"
        file.write_text(
            "population:\n"
            f"  what: {what} members who returned a book late\n"
            "  from: 2026-03-01\n  to: 2026-03-31\n"
            "  source: the library's register, 2026-04-01\n"
            "made: shadow sample ids members.txt --key key\nstrata:\n" + "\n".join(rows) + "\n"
        )
        return file

    def sample(self, *words: str) -> tuple[int, Any]:
        return said("sample", *words, "--config", str(self.config))

    def gate(self) -> Any:
        """The gate's document."""
        said("lint", "--write", "--config", str(self.config))
        return said("gate", "--config", str(self.config))[1]

    def candidate(self, *pairs: tuple[str, str]) -> None:
        """Change the candidate, which makes another of it."""
        edit(self.engine, *pairs)

    @property
    def ledger(self) -> Path:
        return self.scenarios / "ledger.jsonl"

    def drawn(self) -> list[str]:
        """The drawn accounts of the newest list, by the draw that holds."""
        _, told = self.sample("status")
        (file,) = (self.scenarios / "samples").glob(f"{told['sample'][:16]}*")
        return re.findall(r"^(\S+)\t\S+\tdrawn$", file.read_text(), re.M)


def slugs(document: Any) -> list[str]:
    return [one["slug"] for one in document["reasons"]]


__all__ = [
    "BLOCKED", "OTHER", "READER", "TOO_CHEAP", "Desk", "event", "id_of", "member", "slugs",
]  # fmt: skip

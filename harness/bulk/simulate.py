"""`shadow simulate`: accounts drawn by a seed, one a line, as many as are asked for.

No more than a frame is held at a time. What is written is read back before it stands.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from harness.bulk.frames import LINES, PACKED, PLAIN, FrameWriter, contents, frames_of
from harness.bulk.new_file import must_be_free, new_file
from harness.bulk.population import Simulation, simulation
from harness.command import here
from harness.compose import compose
from harness.errors import ExitCode, InputError
from harness.report.json_report import dumped
from harness.report.progress import progress
from harness.report.terminal import blank, grid, heading, printed, words
from harness.text import quoted, shown_path

SCHEMA: Final = "shadow.simulate/1"

Say = Callable[[str], None]


@dataclass(slots=True)
class Count:
    """What was written: bytes of the lines, their digest, frames, and accounts by family."""

    size: int = 0
    frames: int = 0
    families: Counter[str] = field(default_factory=Counter)
    sha256: Any = field(default_factory=hashlib.sha256)

    def add(self, content: bytes) -> None:
        self.size += len(content)
        self.frames += 1
        self.sha256.update(content)


def simulate(
    config: Path | None, *, accounts: int, seed: int, out: Path, as_json: bool, say: Say
) -> ExitCode:
    """Write a population to a file that is not there yet.

    Args:
        config: the configuration file; None looks for it.
        accounts: how many, from account 1 on.
        seed: which population.
        out: the file; its name says whether it is compressed.
        as_json: whether the report is JSON.
        say: where the report goes.

    Raises:
        InputError: the world has no population, or the file is there, or cannot be written.
    """
    if not out.name.endswith((PLAIN, PACKED)):
        message = f"{quoted(out.name)} is no name for simulated accounts"
        raise InputError("population-name", message, hint=f"end it in {PLAIN} or {PACKED}")
    must_be_free(out)
    drawn = simulation(compose(config, ()), seed)
    count = Count()
    with new_file(out) as (stream, beside):
        _write(stream, _pieces(drawn, accounts, count), packed=out.name.endswith(PACKED))
        stream.flush()
        _require_same(beside, count, packed=out.name.endswith(PACKED), named=out)
    document = told(drawn, out, accounts, count)
    say(dumped(document) if as_json else text(document))
    return ExitCode.OPEN


def one(config: Path | None, *, number: int, seed: int, say: Say) -> ExitCode:
    """Print one account as a scenario's file; it has the account's id as its name.

    Raises:
        InputError: the world has no population.
    """
    line, _ = simulation(compose(config, ()), seed).line(number)
    say(line.decode())
    return ExitCode.OPEN


def _pieces(drawn: Simulation, accounts: int, count: Count) -> Iterator[bytes]:
    """The lines, a frame's at a time."""
    numbers = iter(range(1, accounts + 1))
    with progress(sys.stderr, "simulating", -(-accounts // LINES)) as step:
        while some := tuple(islice(numbers, LINES)):
            lines = []
            for number in some:
                line, family = drawn.line(number)
                lines.append(line)
                count.families[family] += 1
            content = b"\n".join((*lines, b""))
            count.add(content)
            yield content
            step()


def _write(stream: BinaryIO, pieces: Iterator[bytes], *, packed: bool) -> None:
    if not packed:
        stream.writelines(pieces)
        return
    frames = FrameWriter(stream)
    for content in pieces:
        frames.add(content)
    frames.close()


def _require_same(beside: Path, count: Count, *, packed: bool, named: Path) -> None:
    """Refuse a file that does not say what was written.

    Raises:
        InputError: it says something else.
    """
    back = hashlib.sha256()
    for content in contents(beside, frames_of(beside)) if packed else _plain(beside):
        back.update(content)
    if back.digest() != count.sha256.digest():
        message = "reads back otherwise than it was written"
        raise InputError("unwritable", message, shown_path(named), "check the disk, and try again")


def _plain(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while some := stream.read(1 << 20):
            yield some


def told(drawn: Simulation, file: Path, accounts: int, count: Count) -> dict[str, Any]:
    """What was written, as `shadow.simulate/1`; `sha256` is of the lines, compressed or not."""
    return {
        "schema": SCHEMA,
        "file": shown_path(file),
        "bytes": os.path.getsize(file),
        "frames": count.frames if file.name.endswith(PACKED) else None,
        "accounts": accounts,
        "seed": drawn.seed,
        "population": drawn.name,
        "version": drawn.population.version,
        "provenance": "simulated",
        "lines": {"bytes": count.size, "sha256": count.sha256.hexdigest()},
        "families": dict(count.families),
    }


def text(document: dict[str, Any]) -> str:
    """The same to read, and what to type next."""
    accounts, seed = document["accounts"], document["seed"]
    frames = f" in {document['frames']:,} frames" if document["frames"] else ""
    rows = [
        [family, f"{count:,}", f"{100 * count / accounts:.2f} %"]
        for family, count in sorted(document["families"].items())
    ]
    file = f"sim-{seed}-1.yaml"
    parts = [
        heading(f"Simulated {accounts:,} accounts of seed {seed}"),
        words(f"{document['file']}: {document['bytes']:,} bytes{frames}", indent=2),
        words(_lines(document), indent=2),
        words(f"drawn by {document['population']}, version {document['version']}", indent=2),
        blank(),
        grid(rows, head=("family", "accounts", "share")),
        blank(),
        words(
            "Nothing of it was recorded: it shows how fast and where engines differ, and is good"
            " for no bound and no clearance."
        ),
        words(f"Next: shadow simulate --seed {seed} --account 1 > {file} && shadow run {file}"),
    ]
    return printed(here(), parts)


def _lines(document: dict[str, Any]) -> str:
    lines = document["lines"]
    each = f"{lines['bytes'] // document['accounts']:,} an account"
    return f"lines of {lines['bytes']:,} bytes, {each}, sha256 {lines['sha256'][:16]}"

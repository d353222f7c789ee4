"""A clearance: permission to delete named paths, until a day, for exactly what was fingerprinted.

It is no signature. Its own digest finds what was edited by hand; that nobody makes one up is for
the guard to see, which asks who added the file and whether the gate says so again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from harness.canonical import digest
from harness.clearance.fingerprint import PARTS, Fingerprints
from harness.errors import InputError
from harness.reason import Reason
from harness.schema import Strict
from harness.text import quoted, visible

SCHEMA: Final = "shadow.clearance/1"
FOLDER: Final = "clearances"
"""Where clearances lie, beside the configuration."""

LEVELS: Final = ("rehearsal", "production")
LIFETIME_DAYS: Final = 30
"""Longest time that a clearance may be valid, and how long one is."""

LARGEST: Final = 4 << 20
"""Bytes that a clearance may have (4 MiB)."""

REMARKS: Final[Mapping[str, str]] = {
    "rehearsal": "REHEARSAL: no recording stands behind this clearance. It permits no deletion.",
    "production": "Permits the deletion of these paths for as long as every fingerprint holds.",
}
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_AGAIN: Final = "shadow clear writes a new one; none is ever edited"


class Cleared(Strict, frozen=True, kw_only=True):
    """One path: its module, the fingerprint of this and all it calls, and what may be deleted."""

    module: str
    fingerprint: str
    symbols: tuple[str, ...]


class Weighed(Strict, frozen=True, kw_only=True):
    """What the gate printed: exact shares, counts, and conditions nobody asked for.

    Attributes:
        figures: the four figures, and `leak`.
        planted: faults that the harness found in itself before, all that were planted.
    """

    level: str
    totals: dict[str, int]
    free: dict[str, int]
    figures: dict[str, int | str]
    evidence: dict[str, int]
    conditions: dict[str, str]
    not_required: tuple[str, ...]
    relaxations: tuple[str, ...]
    planted: int


class Clearance(Strict, frozen=True, kw_only=True):
    """The file.

    Attributes:
        remark: what the level permits, for whoever reads the file alone.
        created, valid_until: UTC dates, both of them valid days.
        commit: the commit that was cleared, for information: a rebase gives it another name.
        asked_by: git's user where it was asked for, for information.
        config: the configuration file, from the repository's root.
        shared: module → symbols of what no path but cleared ones reaches.
        fingerprints: every name of `PARTS`.
        sha256: digest of all the rest.
    """

    schema: str
    remark: str
    level: str
    created: date
    valid_until: date
    commit: str
    asked_by: str
    config: str
    paths: dict[str, Cleared]
    shared: dict[str, tuple[str, ...]]
    fingerprints: dict[str, str]
    gate: Weighed
    sha256: str = ""

    def symbols(self) -> frozenset[str]:
        """`module:NAME` of all that it permits to delete."""
        own = (name for path in self.paths.values() for name in path.symbols)
        return frozenset((*own, *(name for names in self.shared.values() for name in names)))


def sealed(clearance: Clearance) -> Clearance:
    """The clearance with its digest."""
    return msgspec.structs.replace(clearance, sha256=digest_of(clearance))


def digest_of(clearance: Clearance) -> str:
    """SHA-256 of everything but the digest itself."""
    plain = msgspec.to_builtins(clearance)
    return digest({key: value for key, value in plain.items() if key != "sha256"})


def file_name(clearance: Clearance, *, every: bool) -> str:
    """`<first path, or all>-<day>-<8 digits of the digest>.json`, safe in any file system."""
    first = "all" if every else re.sub(r"[^A-Za-z0-9._-]", "_", min(clearance.paths))
    return f"{first}-{clearance.created}-{clearance.sha256[:8]}.json"


def render(clearance: Clearance) -> bytes:
    """The file's bytes, keys sorted, a line for each fingerprint and each path."""
    plain = msgspec.to_builtins(clearance)
    rows = [f'"{key}": {_block(value)}' for key, value in sorted(plain.items())]
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()


def parse(content: bytes, file: str) -> Clearance:
    """A clearance from a file's bytes; whether it was edited is not asked here.

    Raises:
        InputError: `clearance-malformed`, anything in it is unknown, missing, doubled, of a wrong
            kind or impossible; `clearance-schema`, it is of another version; `file-too-large`.
    """
    if len(content) > LARGEST:
        raise InputError("file-too-large", f"has more than {LARGEST:,} bytes", file, _AGAIN)
    try:
        schema = msgspec.json.decode(content, type=_Schema).schema
        if schema != SCHEMA:
            message = f"the schema is {quoted(schema)}, read is {SCHEMA!r}"
            raise InputError("clearance-schema", message, file, _AGAIN)
        read = msgspec.json.decode(content, type=Clearance)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(visible(str(error)), file) from None
    for problem in (*_doubled(content), *_impossible(read)):
        raise _malformed(problem, file)
    return read


def still_valid(
    clearance: Clearance, found: Fingerprints, today: date, *, level: str = "production"
) -> tuple[Reason, ...]:
    """Everything that keeps a clearance from permitting anything; none where it holds.

    Args:
        clearance: as it was read.
        found: fingerprints of what there is now, of all paths that it clears.
        today: the day, in UTC.
        level: the level that is needed.
    """
    return (
        *_broken(clearance),
        *_out_of_time(clearance, today),
        *_too_low(clearance, level),
        *_void(clearance, found),
    )


class _Schema(msgspec.Struct):
    schema: str


def _block(value: Any) -> str:
    """A mapping with a line an entry, anything else in one line."""
    if not isinstance(value, dict) or not value:
        return _json(value)
    rows = [f" {_json(key)}: {_json(entry)}" for key, entry in sorted(value.items())]
    return "{\n" + ",\n".join(rows) + "\n}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def _doubled(content: bytes) -> Iterator[str]:
    """Keys that stand twice in one mapping: readers differ in which of the two they take."""
    doubled: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        doubled.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(found)

    json.loads(content, object_pairs_hook=pairs)
    yield from (f"the key {quoted(name)} stands twice" for name in doubled)


def _impossible(read: Clearance) -> Iterator[str]:
    """What no clearance that was ever written says."""
    for level in (read.level, read.gate.level):
        if level not in LEVELS:
            yield f"{quoted(level)} is no level"
    if read.level in REMARKS and read.remark != REMARKS[read.level]:
        yield f"the remark is not that of level {read.level}"
    lifetime = (read.valid_until - read.created).days
    if not 0 <= lifetime <= LIFETIME_DAYS:
        yield f"valid for {lifetime} days; at most {LIFETIME_DAYS}"
    if not read.paths:
        yield "it names no path"
    if set(read.fingerprints) != set(PARTS):
        lacking = sorted(set(PARTS) ^ set(read.fingerprints))
        yield f"fingerprints: missing or unknown: {visible(', '.join(lacking))}"
    own = {f"paths.{name}": path.fingerprint for name, path in read.paths.items()}
    parts = {f"fingerprints.{name}": value for name, value in read.fingerprints.items()}
    for place, value in (*own.items(), *parts.items(), ("sha256", read.sha256)):
        if not _SHA256.fullmatch(value):
            yield f"{visible(place)}: {quoted(value)} is no SHA-256"


def _malformed(message: str, file: str) -> InputError:
    return InputError("clearance-malformed", message, file, _AGAIN)


def _broken(clearance: Clearance) -> Iterator[Reason]:
    expected = digest_of(clearance)
    if clearance.sha256 != expected:
        yield Reason(
            slug="clearance-edited",
            found=f"sha256 = {clearance.sha256[:16]}",
            needed=f"sha256 = {expected[:16]}, the digest of what stands there",
        )


def _out_of_time(clearance: Clearance, today: date) -> Iterator[Reason]:
    if today > clearance.valid_until:
        yield Reason(
            slug="clearance-expired",
            found=f"valid until {clearance.valid_until}, today is {today}",
            needed=f"today <= {clearance.valid_until}",
        )
    if clearance.created > today:
        yield Reason(
            slug="clearance-from-the-future",
            found=f"created {clearance.created}, today is {today}",
            needed=f"created <= {today}",
        )


def _too_low(clearance: Clearance, level: str) -> Iterator[Reason]:
    for what, found in (("level", clearance.level), ("gate's level", clearance.gate.level)):
        if LEVELS.index(found) < LEVELS.index(level):
            yield Reason(
                slug="clearance-level", found=f"{what} = {found}", needed=f"{what} = {level}"
            )
            return


def _void(clearance: Clearance, found: Fingerprints) -> Iterator[Reason]:
    """What is another now, each by its name."""
    for part, cleared in sorted(clearance.fingerprints.items()):
        yield from _changed(part, cleared, found.parts.get(part, ""))
    for name, path in sorted(clearance.paths.items()):
        yield from _changed(f"path {visible(name)}", path.fingerprint, found.paths.get(name, ""))


def _changed(what: str, cleared: str, now: str) -> Iterator[Reason]:
    if now != cleared:
        shown = now[:16] or "nothing"
        yield Reason(
            slug="clearance-void",
            found=f"{what} is {shown} now",
            needed=f"{what} = {cleared[:16]}, as it was cleared",
        )

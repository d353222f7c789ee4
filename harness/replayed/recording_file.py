"""The file of a recorded control: JSON Lines, each with its own digest, the last one with all.

Whatever was edited, dropped, doubled or cut off is refused by its name and line: a recording that
was touched is no control. Where the name ends in `.gz` the file is packed.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar
from zlib import error as BadDeflate

import msgspec

from harness.errors import InputError, unreadable
from harness.replayed.answer import named
from harness.replayed.course import Course, Node
from harness.replayed.recording import (
    SCHEMA,
    AnswerLine,
    Foot,
    Head,
    Line,
    PathLine,
    QuirkLine,
    RaiseLine,
    Recording,
    ScenarioLine,
    TriggerLine,
    UnitLine,
)
from harness.text import quoted, shown_path, visible
from harness.whole_file import replace_file

LARGEST: Final = 256 << 20
"""Bytes that a recording may have, packed or not (256 MiB)."""

AGAIN: Final = "take the file from where it was recorded: shadow record control writes it"
ANY: Final = (
    Head | PathLine | QuirkLine | TriggerLine | UnitLine | RaiseLine | ScenarioLine
    | AnswerLine | Course | Foot
)  # fmt: skip

_SEALED: Final = re.compile(rb'\{"sha256":"([0-9a-f]{64})",')
_OPEN: Final = b"{"

T = TypeVar("T")


def rendered(recording: Recording) -> bytes:
    """The file's bytes, not packed: equal recordings give equal bytes."""
    out = [sealed(msgspec.json.encode(line)) for line in lines_of(recording)]
    above = b"".join(out)
    foot = Foot(lines=len(out), above=hashlib.sha256(above).hexdigest())
    return above + sealed(msgspec.json.encode(foot))


def lines_of(recording: Recording) -> Iterator[Line | Course]:
    """All lines but the last, in their order."""
    yield recording.head
    yield from (recording.paths[name] for name in sorted(recording.paths))
    yield from recording.quirks.values()
    for trigger in sorted(recording.triggers):
        yield TriggerLine(name=trigger, paths=recording.triggers[trigger])
    yield from (recording.units[name] for name in sorted(recording.units))
    yield from sorted(recording.raises, key=lambda one: (one.path, one.exception))
    for id_ in sorted(recording.scenarios):
        yield ScenarioLine(id=id_, sha256=recording.scenarios[id_])
    for name in sorted(recording.answers):
        yield AnswerLine(name=name, is_=msgspec.Raw(recording.answers[name].encode()))
    yield from (recording.courses[key] for key in sorted(recording.courses))


def sealed(body: bytes) -> bytes:
    """A line with the digest of the rest of it."""
    digest = hashlib.sha256(body).hexdigest().encode()
    return b'{"sha256":"' + digest + b'",' + body.removeprefix(_OPEN) + b"\n"


def write_recording(file: Path, recording: Recording) -> bytes:
    """Write the file whole or not at all; returns what it holds.

    Raises:
        InputError: it cannot be written.
    """
    content = rendered(recording)
    if file.name.endswith(".gz"):
        content = gzip.compress(content, compresslevel=9, mtime=0)
    replace_file(file, content)
    return content


def read_recording(file: Path) -> Recording:
    """Read the file.

    Raises:
        InputError: `unreadable`, `file-too-large`, or as `parsed`.
    """
    name = shown_path(file)
    try:
        if file.stat().st_size > LARGEST:
            raise InputError("file-too-large", f"has more than {LARGEST:,} bytes", name)
        content = _unpacked(file, name) if file.name.endswith(".gz") else file.read_bytes()
    except FileNotFoundError:
        message, hint = "there is no such recording of a control", "see docs/retirement.md"
        raise InputError("recorded-control-missing", message, name, hint) from None
    except OSError as error:
        raise unreadable(name, error) from error
    return parsed(content, name)


def _unpacked(file: Path, name: str) -> bytes:
    try:
        with gzip.open(file) as packed:
            content = packed.read(LARGEST + 1)
    except (gzip.BadGzipFile, EOFError, BadDeflate) as error:
        message = f"cannot be unpacked: {visible(str(error))}"
        raise InputError("recording-truncated", message, name, AGAIN) from None
    if len(content) > LARGEST:
        raise InputError("file-too-large", f"unpacks to more than {LARGEST:,} bytes", name)
    return content


def parsed(content: bytes, name: str) -> Recording:
    """A recording from a file's bytes.

    Raises:
        InputError: `recording-edited`, `recording-truncated`, `recording-doubled`,
            `recording-schema` or `recording-malformed`, with the line.
    """
    rows = content.splitlines(keepends=True)
    foot = _foot(rows, content, name)
    if foot.lines != len(rows) - 1:
        message = f"{len(rows) - 1:,} lines stand above the last, which counts {foot.lines:,}"
        raise InputError("recording-truncated", message, name, AGAIN)
    decoder = msgspec.json.Decoder(ANY)
    found = [_line(row, f"{name}:{n}", decoder.decode) for n, row in enumerate(rows[:-1], 1)]
    above = b"".join(rows[:-1])
    if hashlib.sha256(above).hexdigest() != foot.above:
        message = "its lines are not the ones that were written together"
        raise InputError("recording-edited", message, name, AGAIN)
    return _Reading(name, found).recording()


def _foot(rows: list[bytes], content: bytes, name: str) -> Foot:
    last = rows[-1] if rows else b""
    if not content.endswith(b"\n") or b'"line":"end"' not in last:
        message = "the last line is missing: the file was cut off"
        raise InputError("recording-truncated", message, name, AGAIN)
    return _line(last, f"{name}:{len(rows)}", msgspec.json.Decoder(Foot).decode)


def _line(row: bytes, where: str, decode: Callable[[bytes], T]) -> T:
    """One line, held against its own digest."""
    seal = _SEALED.match(row)
    if seal is None:
        message = "is no line of a recorded control"
        raise InputError("recording-malformed", message, where, AGAIN)
    body = _OPEN + row[seal.end() :].rstrip(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != seal[1]:
        message = "is not as it was written: its digest is another"
        raise InputError("recording-edited", message, where, AGAIN)
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError("recording-malformed", visible(str(error)), where, AGAIN) from None


class _Reading:
    """The lines of a file on their way to a recording."""

    def __init__(self, name: str, lines: list[Any]) -> None:
        self.name = name
        self.lines = lines

    def recording(self) -> Recording:
        """Make it.

        Raises:
            InputError: a line is missing, stands twice, or names what is not there.
        """
        head = self.head()
        made = Recording(
            head=head,
            paths=self.by(PathLine, lambda one: one.id),
            quirks=self.by(QuirkLine, lambda one: one.id),
            triggers={n: one.paths for n, one in self.by(TriggerLine, lambda o: o.name).items()},
            units=self.by(UnitLine, lambda one: one.unit),
            raises=tuple(self.by(RaiseLine, lambda one: (one.path, one.exception)).values()),
            scenarios={n: one.sha256 for n, one in self.by(ScenarioLine, lambda o: o.id).items()},
            answers={
                name: bytes(one.is_).decode()
                for name, one in self.by(AnswerLine, lambda one: one.name).items()
            },
            courses=self.by(Course, lambda one: one.key),
        )
        for what in faults_of(made):
            self.refuse(what)
        return made

    def head(self) -> Head:
        first = self.lines[0] if self.lines else None
        if not isinstance(first, Head) or sum(isinstance(one, Head) for one in self.lines) != 1:
            self.refuse("the first line, and no other, says what was recorded")
        if first.schema != SCHEMA:
            message = f"the schema is {quoted(first.schema)}, read is {SCHEMA!r}"
            raise InputError("recording-schema", message, f"{self.name}:1", AGAIN)
        return first

    def by(self, kind: type[T], key: Callable[[T], Any]) -> dict[Any, T]:
        """Lines of one kind by what they are known by.

        Raises:
            InputError: one stands twice.
        """
        found: dict[Any, T] = {}
        for number, line in enumerate(self.lines, 1):
            if isinstance(line, kind) and found.setdefault(key(line), line) is not line:
                message = f"{quoted(key(line))} stands twice"
                where = f"{self.name}:{number}"
                raise InputError("recording-doubled", message, where, AGAIN)
        return found

    def refuse(self, what: str) -> NoReturn:
        raise InputError("recording-malformed", visible(what), self.name, AGAIN)


def faults_of(recording: Recording) -> Iterator[str]:
    """What a recording names and does not hold; nothing where it is whole."""
    known = recording.paths
    for quirk in recording.quirks.values():
        if quirk.path not in known:
            yield f"the quirk {quirk.id} is one of {quirk.path}, which is no path"
    for trigger, paths in recording.triggers.items():
        yield from (f"{trigger} is handled by {one}, no path" for one in paths if one not in known)
    for name, text in recording.answers.items():
        if named(text) != name:
            yield f"the answer {name} bears the name of another"
    yield from _units(recording)
    for course in recording.courses.values():
        for what in _broken(course, recording):
            yield f"{course.trigger} {course.given}: {what}"


def _units(recording: Recording) -> Iterator[str]:
    for unit in recording.units.values():
        if not _within(unit.imported, len(unit.arcs)):
            yield f"importing takes branches that {unit.unit} has not"
    for one in recording.raises:
        if one.path not in recording.paths or not _has_arcs(recording, one.unit, (one.arc,)):
            yield f"{one.exception} escapes {one.path} by a branch that is not there"


def _broken(course: Course, recording: Recording) -> Iterator[str]:
    """What is wrong with a course: each node leads on, and to nothing that came before it."""
    paths = recording.triggers.get(course.trigger, ())
    if course.place not in range(len(paths)) or paths[course.place] != course.path:
        yield f"{course.path} is not handler {course.place} of it"
    if not course.nodes or course.given not in recording.answers:
        yield "it begins nowhere"
    for number, node in enumerate(course.nodes):
        if node.end is not None and (node.asks is not None or node.then):
            yield f"node {number} is an end and goes on"
        if any(answer not in recording.answers for answer in node.then):
            yield f"node {number} leads on by an answer that is not there"
        if any(to not in range(number + 1, len(course.nodes)) for to in node.then.values()):
            yield f"node {number} leads back, or nowhere"
        yield from _no_arcs(number, node, recording)
        yield from _unspeakable(number, node)


def _no_arcs(number: int, node: Node, recording: Recording) -> Iterator[str]:
    for unit, arcs in node.arcs.items():
        if not _has_arcs(recording, unit, arcs):
            yield f"node {number} takes branches that {unit} has not"


def _unspeakable(number: int, node: Node) -> Iterator[str]:
    """What is no port's name, and no type's: nothing in a file chooses what else is called."""
    parts = [] if node.asks is None else node.asks.port.split(".")
    if not all(part.isidentifier() and not part.startswith("_") for part in parts):
        yield f"node {number} asks what is no port"
    if node.end is not None and node.end.kind and not node.end.kind.isidentifier():
        yield f"node {number} ends in what is no type"


def _has_arcs(recording: Recording, unit: str, arcs: Iterable[int]) -> bool:
    return unit in recording.units and _within(arcs, len(recording.units[unit].arcs))


def _within(numbers: Iterable[int], count: int) -> bool:
    return all(0 <= number < count for number in numbers)

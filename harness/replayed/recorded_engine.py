"""The recorded control: an engine that asks what the real one asked, and does what it did.

It is an engine like any other, so it lives through acts, races and free runs as the real one did.
What it asks is asked of the world of today, and only an answer that the real one was given leads
on: a control that got the same answers would have done the same, since it sees nothing else. Where
an answer is another, nobody knows what it would have done. That is NOT_RUN, and never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from harness.arcs import Coverage
from harness.guard import AmbientRead, Guard
from harness.importing import LoadedEngine
from harness.objection import NOT_RECORDED
from harness.ports import Trigger
from harness.replayed.answer import BLOCK, NotPlain, is_plain, named, text_of, text_of_error
from harness.replayed.course import Course, End, Node
from harness.replayed.package_sources import package, sources_sha256
from harness.replayed.question import Question, handed
from harness.replayed.recording import PathLine, QuirkLine, Recording
from harness.replayed.tape import PASSING
from harness.replayed.unlike import unlike


class Refused(Exception):
    """The control refused, by a refusal that it declared."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(f"{kind}: {code}")
        self.kind, self.code = kind, code


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedControl:
    """Meets `harness.ports.Control`; `recorded` says of when it is, and of what."""

    name: str
    recorded: str
    handlers: Mapping[str, tuple[RecordedHandler, ...]]
    paths: Mapping[str, PathLine]
    quirks: Mapping[str, QuirkLine]
    refusals: tuple[type[Exception], ...] = (Refused,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHandler:
    """Meets `harness.ports.Handler`; `place` is its number among the handlers of a trigger."""

    path: str
    place: int
    recording: Recording
    coverage: Coverage
    guard: Guard

    def call(self, ports: Any, trigger: Trigger) -> Mapping[str, Any] | None:
        """Do what the control did when it was called with this."""
        given = text_of({"args": trigger.args, "event": trigger.event})
        course = self.recording.courses.get((trigger.name, self.place, named(given)))
        if course is None:
            known = (
                self.recording.answers[one.given]
                for one in self.recording.courses.values()
                if (one.trigger, one.place) == (trigger.name, self.place)
            )
            self.lost(f"nobody called it with this: {unlike(given, known)}")
        return Replay(handler=self, ports=ports, course=course).run()

    def lost(self, what: str) -> NoReturn:
        """Nobody recorded what the control does here; whatever is found of this is no result."""
        self.guard.spring(f"{NOT_RECORDED} {self.path}: {what}")


@dataclass(slots=True)
class Replay:
    """One call, on its way through its course.

    Attributes:
        answers: what was answered so far.
        entered: numbers of the answers that a `with` statement entered and did not leave yet.
    """

    handler: RecordedHandler
    ports: Any
    course: Course
    answers: list[Any] = field(default_factory=list)
    entered: list[int] = field(default_factory=list)

    def run(self) -> Mapping[str, Any] | None:
        """From the beginning to the end that was recorded."""
        node = self.course.nodes[0]
        try:
            while True:
                self.take(node)
                if node.end is not None:
                    return self.end(node.end)
                if node.asks is None:
                    self.handler.lost("it was left here, and nobody saw what it does next")
                node = self.after(node, node.asks)
        except AmbientRead as lost:
            self.let_go(lost)
            raise

    def take(self, node: Node) -> None:
        """Take the branches that the control took on its way here."""
        for unit, arcs in node.arcs.items():
            hits = self.handler.coverage.hits[unit]
            for arc in arcs:
                hits[arc] = 1

    def after(self, node: Node, asks: Question) -> Node:
        """Ask, and go where the answer leads."""
        try:
            ask = self.asking(asks)
        except (LookupError, AttributeError, TypeError) as error:
            self.handler.lost(f"{asks} cannot be asked here: {error!r}")
        try:
            text, value = ask()
        except NotPlain as unfit:
            self.handler.lost(f"{asks} answers {unfit}")
        self.answers.append(value)
        number = node.then.get(named(text))
        if number is None:
            known = (self.handler.recording.answers[name] for name in node.then)
            self.handler.lost(f"{asks} was never answered so: {unlike(text, known)}")
        return self.course.nodes[number]

    def asking(self, asks: Question) -> Callable[[], tuple[str, Any]]:
        """What asks, and tells the answer's text and the answer.

        Raises:
            LookupError, AttributeError, TypeError: what is to be handed over is not there.
        """
        if asks.how == "enter":
            number = asks.given[0]
            block = self.answers[number]
            self.entered.append(number)
            return lambda: told(lambda: type(block).__enter__(block))
        if asks.how == "leave":
            number, *raised = asks.given
            block = self.answers[number]
            self.entered.remove(number)
            error = exception(raised[0], "") if raised else None
            kind = None if error is None else type(error)
            return lambda: told(lambda: type(block).__exit__(block, kind, error, None))
        given = [handed(item, self.answers) for item in asks.given]
        more = {name: handed(item, self.answers) for name, item in asks.named.items()}
        if asks.how == "read":
            return lambda: told(lambda: self.port(asks.port))
        return lambda: told(lambda: self.port(asks.port)(*given, **more))

    def port(self, name: str) -> Any:
        found = self.ports
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def end(self, end: End) -> Mapping[str, Any] | None:
        """What became of the call."""
        if end.how == "refused":
            raise Refused(end.kind, end.text)
        if end.how == "raised":
            raise exception(end.kind, end.text)
        answer: Mapping[str, Any] | None = handed(end.answer, self.answers)
        return answer

    def let_go(self, lost: AmbientRead) -> None:
        """Leave what was entered: others may wait for it."""
        for number in reversed(self.entered):
            block = self.answers[number]
            try:
                type(block).__exit__(block, type(lost), lost, None)
            except BaseException as error:  # the loss is what is told
                if isinstance(error, PASSING):
                    raise


def told(ask: Callable[[], Any]) -> tuple[str, Any]:
    """What a port answers, as text and as it is; None where it raised.

    Raises:
        NotPlain: no text tells it.
    """
    try:
        value = ask()
    except PASSING:
        raise
    except BaseException as error:  # noqa: BLE001  # what a port raises is an answer
        return text_of_error(error), None
    if not is_plain(value) and hasattr(type(value), "__enter__"):
        return BLOCK, value
    return text_of(value), value


def exception(kind: str, text: str) -> Exception:
    """An exception that cannot be told from the recorded one by its type's name or its text."""
    made: Exception = type(kind, (Exception,), {})(text)
    return made


def recorded_engine(recording: Recording) -> LoadedEngine:
    """The recorded control, as if it had been loaded."""
    coverage, guard = recording.coverage(), Guard()
    return LoadedEngine(
        engine=RecordedControl(
            name=recording.head.name,
            recorded=recording.told(sources_sha256(package(recording.head.world))),
            handlers={
                trigger: tuple(
                    RecordedHandler(
                        path=path,
                        place=place,
                        recording=recording,
                        coverage=coverage,
                        guard=guard,
                    )
                    for place, path in enumerate(paths)
                )
                for trigger, paths in recording.triggers.items()
            },
            paths=recording.paths,
            quirks=recording.quirks,
        ),
        units=None,
        coverage=coverage,
        guard=guard,
        modules={},
        fingerprint=recording.head.control_sha256,
        unowned=recording.head.unowned,
        sources={},
    )

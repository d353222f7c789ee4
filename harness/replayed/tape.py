"""The tape: it runs beside a real control and notes what that asks, is answered, and does.

Ports are handed to the control behind stand-ins that pass everything on. The branches that it
takes are read off between one question and the next, since only there can another actor of a race
come between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import greenlet

from harness.arcs import Coverage
from harness.guard import AmbientRead
from harness.ports import Engine, Handler, Trigger
from harness.replayed.answer import (
    BLOCK,
    NotPlain,
    is_plain,
    named,
    text_of,
    text_of_error,
)
from harness.replayed.course import Arcs, Course, End, Node, Otherwise, follow, note
from harness.replayed.question import Question, is_unicode, kept

PASSING = (KeyboardInterrupt, greenlet.GreenletExit)
"""Nothing that a control does or is answered."""


@dataclass(slots=True)
class Tape:
    """Everything noted so far.

    Attributes:
        coverage: the control's; its hits are taken over here, question by question.
        cell: the episode that is being replayed.
        courses: by trigger, place among its handlers, and name of what they are called with.
        answers: name → text of everything that was answered, or called with.
        faults: why no recording can be made of this control, in the order found.
    """

    coverage: Coverage
    cell: str = ""
    courses: dict[tuple[str, int, str], Course] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    faults: dict[str, None] = field(default_factory=dict)
    _taken: dict[str, set[int]] = field(default_factory=dict)

    def at(self, cell: str) -> None:
        """Say which episode begins."""
        self.cell = cell

    def keep(self, text: str) -> str:
        """Keep a text under its name."""
        name = named(text)
        self.answers.setdefault(name, text)
        return name

    def fault(self, what: str) -> None:
        """Note why no recording can be made."""
        self.faults.setdefault(f"{self.cell}: {what}")

    def harvest(self) -> dict[str, tuple[int, ...]]:
        """Arcs taken since last asked; they stay taken for whoever asks for the episode's."""
        found = {}
        for unit, taken in self.coverage.taken().items():
            imported = self.coverage.imported.get(unit, b"")
            fresh = sorted(n for n in taken if not (n < len(imported) and imported[n]))
            if fresh:
                found[unit] = tuple(fresh)
                self._taken.setdefault(unit, set()).update(fresh)
        self.coverage.reset()
        return found

    def reset(self) -> None:
        """As `Coverage.reset`."""
        self._taken.clear()
        self.coverage.reset()

    def taken(self) -> Mapping[str, frozenset[int]]:
        """As `Coverage.taken`."""
        found = dict(self.coverage.taken())
        for unit, more in self._taken.items():
            found[unit] = found.get(unit, frozenset()) | more
        return found

    def engine(self, real: Engine) -> TapedEngine:
        """The control, noted."""
        return TapedEngine(real, self)


@dataclass(slots=True)
class Call:
    """One call of a handler as it is noted.

    Attributes:
        answers: what it was answered so far, the real values.
        arcs: taken since the answer before, and before a question was known to be one.
    """

    tape: Tape
    course: Course
    node: Node
    answers: list[Any] = field(default_factory=list)
    arcs: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def pause(self) -> None:
        """Read off the branches, before another actor may come between."""
        for unit, more in self.tape.harvest().items():
            known = self.arcs.get(unit, ())
            self.arcs[unit] = tuple(sorted({*known, *more}))

    def ask(self, port: str, how: Any, given: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Note a question, before it is asked."""
        try:
            asks = Question(
                port=port,
                how=how,
                given=tuple(kept(item, self.answers) for item in given),
                named={name: kept(item, self.answers) for name, item in named.items()},
            )
        except NotPlain as error:
            self.fault(f"{port} is handed {error}")
            asks = Question(port=port, how=how)
        self.note(asks, None)

    def answered(self, value: Any) -> None:
        """Note an answer."""
        self._lead(value, partial(text_of, value), "answers")

    def failed(self, error: BaseException) -> None:
        """Note that a port raised."""
        self._lead(None, partial(text_of_error, error), "raises an exception that holds")

    def opened(self, block: Any) -> int:
        """Note an answer that is to be entered; returns its number."""
        self._lead(block, lambda: BLOCK, "answers")
        return len(self.answers) - 1

    def _lead(self, seen: Any, tell: Callable[[], str], does: str) -> None:
        try:
            text = tell()
        except NotPlain as unfit:
            self.fault(f"{self.node.asks} {does} {unfit}")
            text = "null"
        self.answers.append(seen)
        self.node = follow(self.course, self.node, self.tape.keep(text))

    def end(self, end: End) -> None:
        """Note what became of the call."""
        self.pause()
        if not is_unicode(end.kind + end.text):
            self.fault("what became of it is told in no text")
            end = End(how=end.how)
        self.note(None, end)

    def note(self, asks: Question | None, end: End | None) -> None:
        arcs: Arcs = self.arcs
        self.arcs = {}
        try:
            note(self.node, arcs, asks, end)
        except Otherwise as error:
            self.fault(f"after the same answers {error}")

    def fault(self, what: str) -> None:
        self.tape.fault(f"{self.course.path}: {what}")


class TapedEngine:
    """The control with each of its handlers noted."""

    def __init__(self, real: Engine, tape: Tape) -> None:
        self.name, self.refusals = real.name, real.refusals
        self.handlers = {
            trigger: tuple(
                TapedHandler(handler, place, real.refusals, tape)
                for place, handler in enumerate(handlers)
            )
            for trigger, handlers in real.handlers.items()
        }


class TapedHandler:
    """A handler whose every call is noted."""

    def __init__(
        self, real: Handler, place: int, refusals: tuple[type[Exception], ...], tape: Tape
    ) -> None:
        self.path = real.path
        self._call, self._place, self._refusals, self._tape = real.call, place, refusals, tape

    def call(self, ports: Any, trigger: Trigger) -> Mapping[str, Any] | None:
        """Call the handler, and note what becomes of it."""
        try:
            call = self._begin(trigger)
        except NotPlain as error:
            self._tape.fault(f"{self.path}: it is called with {error}")
            return self._call(ports, trigger)
        try:
            answer = self._call(Stand(ports, "", call), trigger)
        except PASSING:
            raise
        except AmbientRead as read:
            call.fault(f"it reaches for {read}, past its ports")
            raise
        except self._refusals as refusal:
            kind = str(getattr(refusal, "kind", type(refusal).__name__))
            call.end(End(how="refused", kind=kind, text=str(getattr(refusal, "code", ""))))
            raise
        except BaseException as error:
            call.end(End(how="raised", kind=type(error).__name__, text=str(error)))
            raise
        call.end(self._answer(call, answer))
        return answer

    def _begin(self, trigger: Trigger) -> Call:
        tape = self._tape
        tape.harvest()  # what others did is no part of this call
        given = tape.keep(text_of({"args": trigger.args, "event": trigger.event}))
        key = (trigger.name, self._place, given)
        if key not in tape.courses:
            tape.courses[key] = Course(
                path=self.path,
                trigger=trigger.name,
                place=self._place,
                given=given,
                cell=tape.cell,
                nodes=[Node()],
            )
        course = tape.courses[key]
        return Call(tape=tape, course=course, node=course.nodes[0])

    def _answer(self, call: Call, answer: Any) -> End:
        try:
            return End(how="answered", answer=kept(answer, call.answers))
        except NotPlain as error:
            call.fault(f"it answers {error}")
            return End(how="answered")


class Stand:
    """Stands for a port, or for a place from which ports are reached."""

    __slots__ = ("__call", "__name", "__real")

    def __init__(self, real: Any, name: str, call: Call) -> None:
        self.__real, self.__name, self.__call = real, name, call

    def __getattr__(self, name: str) -> Any:
        call, port = self.__call, f"{self.__name}.{name}" if self.__name else name
        if name.startswith("_"):
            call.fault(f"it reaches for {port}, behind its ports")
        call.pause()
        try:
            found = getattr(self.__real, name)
        except (AttributeError, *PASSING):
            raise
        except BaseException as error:
            call.ask(port, "read", (), {})
            call.failed(error)
            raise
        if isinstance(found, type) and issubclass(found, BaseException):
            return found  # for an except clause
        if is_plain(found):
            call.ask(port, "read", (), {})
            call.answered(found)
            return found
        return Asked(found, port, call) if callable(found) else Stand(found, port, call)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_Stand__"):
            object.__setattr__(self, name, value)
            return
        self.__call.fault(f"it sets {self.__name}.{name}")
        setattr(self.__real, name, value)


class Asked:
    """Stands for what a port can be asked."""

    __slots__ = ("_call", "_name", "_real")

    def __init__(self, real: Any, name: str, call: Call) -> None:
        self._real, self._name, self._call = real, name, call

    def __call__(self, *given: Any, **named: Any) -> Any:
        call = self._call
        call.pause()
        call.ask(self._name, "call", given, named)
        try:
            value = self._real(*given, **named)
        except PASSING:
            raise
        except BaseException as error:
            call.failed(error)
            raise
        if not is_plain(value) and hasattr(type(value), "__enter__"):
            return Block(value, self._name, call.opened(value), call)
        call.answered(value)
        return value


class Block:
    """Stands for what a `with` statement enters and leaves."""

    __slots__ = ("_call", "_name", "_number", "_real")

    def __init__(self, real: Any, name: str, number: int, call: Call) -> None:
        self._real, self._name, self._number, self._call = real, name, number, call

    def __enter__(self) -> Any:
        return self._pass("enter", (), self._real.__enter__)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        raised = () if kind is None else (kind.__name__,)
        return self._pass("leave", raised, lambda: self._real.__exit__(kind, error, trace))

    def _pass(self, how: str, more: tuple[str, ...], do: Callable[[], Any]) -> Any:
        call = self._call
        call.pause()
        call.ask(self._name, how, (self._number, *more), {})
        try:
            value = do()
        except PASSING:
            raise
        except BaseException as error:
            call.failed(error)
            raise
        call.answered(value)
        return value

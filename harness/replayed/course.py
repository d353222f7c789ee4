"""Courses: all that a handler does when it is called with one thing, answer by answer.

A control sees nothing but what it is called with and what its ports answer. So what it does next
is a function of the answers so far, and a tree tells all of it that was ever seen: at each node
stands what is asked, each answer leads on to another node, and at each end stands what became of
the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from harness.replayed.question import Question

Arcs = Mapping[str, tuple[int, ...]]
"""Unit → numbers of the arcs that were taken."""


class End(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What became of a call.

    Attributes:
        how: it answered, refused by a declared refusal, or let an exception escape.
        answer: what it returned, as `harness.replayed.question` keeps it.
        kind: type of the refusal, or of the exception.
        text: the refusal's code, or the exception's text.
    """

    how: Literal["answered", "refused", "raised"]
    answer: Any = None
    kind: str = ""
    text: str = ""


class Node(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a call stands after some answers.

    Attributes:
        arcs: arcs of the control's code taken since the answer before.
        asks: what is asked next; None at an end, and where nobody saw what comes.
        then: name of an answer → number of the node to which it leads.
        end: what became of the call.
    """

    arcs: dict[str, tuple[int, ...]] = {}
    asks: Question | None = None
    then: dict[str, int] = {}
    end: End | None = None

    @property
    def seen(self) -> bool:
        """Whether anybody saw what the control does here."""
        return self.asks is not None or self.end is not None


class Course(
    msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="line", tag="course"
):
    """All that was seen of one handler, called with one thing.

    Attributes:
        path: the handler's.
        trigger: what it is called for.
        place: its number among the handlers of that trigger.
        given: name of what it is called with (`harness.replayed.answer.named`).
        cell: where it was first seen so, for whoever reads the file.
        nodes: the first is where the call begins.
    """

    path: str
    trigger: str
    place: int
    given: str
    cell: str
    nodes: list[Node]

    @property
    def key(self) -> tuple[str, int, str]:
        return self.trigger, self.place, self.given


class Otherwise(Exception):
    """A control that does something else after the very same answers: it sees more than those."""


def note(node: Node, arcs: Arcs, asks: Question | None, end: End | None) -> None:
    """Note what a control does at a node.

    Raises:
        Otherwise: it did something else there before.
    """
    if not node.seen:
        node.arcs, node.asks, node.end = dict(arcs), asks, end
        return
    for was, is_ in ((node.asks, asks), (node.end, end), (node.arcs, dict(arcs))):
        if msgspec.json.encode(was) != msgspec.json.encode(is_):  # `==` takes 1 for true
            raise Otherwise(f"once {_told(was)}, once {_told(is_)}")


def _told(what: Any) -> str:
    match what:
        case Question():
            return f"asks {what}"
        case End():
            return f"{what.how} {what.kind or what.answer!r} {what.text}".rstrip()
        case None:
            return "nothing of the kind"
    return f"takes the branches {what}"


def follow(course: Course, node: Node, answer: str) -> Node:
    """The node to which an answer leads, made where nobody was given that answer before."""
    number = node.then.setdefault(answer, len(course.nodes))
    if number == len(course.nodes):
        course.nodes.append(Node())
    return course.nodes[number]

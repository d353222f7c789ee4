"""Turns: tasks that wait for somebody, and what became of those that somebody had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from harness.bulk.serving import Said, answer_of

Task = TypeVar("Task")


class Turns(Generic[Task]):
    """Tasks by their number; one that cost its worker waits again, as often as it may.

    Attributes:
        waiting: tasks that nobody has, the next one last.
    """

    def __init__(self, tasks: Sequence[Task], tries: int) -> None:
        """All of them wait.

        Args:
            tasks: what is to be done.
            tries: how many workers a task may cost.
        """
        self._tasks, self._tries = tasks, tries
        self._lost: Counter[int] = Counter()
        self.waiting = list(range(len(tasks)))[::-1]

    def ended(
        self, heard: Iterable[tuple[int, Said | None]], hand_out: Callable[[], None]
    ) -> Iterator[tuple[Task, Any]]:
        """Each task with what came of it; None for one that cost as many workers as it may.

        Args:
            heard: task and what was said of it; None where its worker was lost.
            hand_out: called before an answer is looked at, so that nobody waits for that.

        Raises:
            InputError: a worker raised it.
            RuntimeError: a worker raised anything else.
        """
        for number, said in heard:
            if said is not None:
                hand_out()
                yield self._tasks[number], answer_of(said)
                continue
            self._lost[number] += 1
            if self._lost[number] < self._tries:
                self.waiting.append(number)
            else:
                yield self._tasks[number], None

"""What the control does when it is replayed alone: who wrote what, and what nobody answers to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.audit.items import Item
from harness.canonical import same
from harness.difference import keys_of
from harness.free import Running
from harness.model import ABSENT
from harness.ownership import value_at
from harness.ports import Data, Write
from harness.scenario import EpisodeSpec, Scenario, episodes
from harness.scenario import Item as Happening
from harness.setup import Setup

OUTSIDE = "outside"
"""The actor of whatever no engine does."""

Field = tuple[str, str]
"""A store and the last key of a field in it: the field, whatever object it is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A trigger that no path of the control handles."""

    name: str
    times: int
    scenarios: tuple[str, ...]
    candidate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a replay showed.

    Attributes:
        scenarios: how many were replayed.
        wrote: path → stores that it wrote.
        unheard: triggers nobody handles, the commonest first.
        heard: trigger → how often a path handled it.
        changes: what changed in a recording, and nobody's writes explain it.
        failed: scenario → why it could not be replayed.
    """

    scenarios: int
    wrote: Mapping[str, frozenset[str]]
    unheard: tuple[Unheard, ...]
    heard: Mapping[str, int]
    changes: tuple[Item, ...]
    failed: Mapping[str, str]


@dataclass(slots=True)
class _Seeing:
    """A replay in the making."""

    setup: Setup
    wrote: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    times: Counter[str] = field(default_factory=Counter)
    where: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    written: set[Field] = field(default_factory=set)
    replaced: defaultdict[Field, list[str]] = field(default_factory=lambda: defaultdict(list))
    changes: list[Item] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def scenario(self, scenario: Scenario) -> None:
        world = self.setup.kit.load(scenario.given)
        running = Running(setup=self.setup, side=self.setup.control, world=world)
        begun = {"books": self.setup.kit.books(world)}
        known = len(world.emitted)
        journal: list[Sequence[Write]] = []
        for spec in episodes(scenario):
            running.play(spec, judged=False)
            now = running.world
            self.note_writes(scenario, spec, now.writes)
            journal.append(now.writes)
            for trigger in (*(one.type for one in now.emitted[known:]), *self.asked(spec.item)):
                self.times[trigger] += 1
                self.where[trigger].add(scenario.id)
            known = len(now.emitted)
        self.changes.extend(unexplained(scenario, journal, begun))

    def asked(self, item: Happening | None) -> Iterator[str]:
        """What is asked of an engine outright: acts of its own, and foreign webhooks."""
        if item is None:
            return
        if item.kind == "together":
            for one in item.together:
                yield from self.asked(one)
        elif item.kind == "webhook" or (
            item.kind == "act" and self.setup.kit.acts[item.name].engine
        ):
            yield item.name

    def note_writes(self, scenario: Scenario, spec: EpisodeSpec, writes: Sequence[Write]) -> None:
        item = spec.item
        replaces = item is not None and item.kind == "webhook" and item.replaces
        for write in writes:
            if write.actor == OUTSIDE and replaces:
                self.replaced[field_of(write.at)].append(f"{scenario.id}#{spec.index}")
                continue
            self.written.add(field_of(write.at))
            if write.actor != OUTSIDE:
                self.wrote[write.actor].add(store_of(write.at))


def seen(setup: Setup, scenarios: Sequence[Scenario]) -> Seen:
    """Replay the control alone through every scenario; one that fails is named."""
    seeing = _Seeing(replace(setup, digests=False))
    for scenario in scenarios:
        try:
            seeing.scenario(scenario)
        except Exception as error:  # noqa: BLE001  # whatever fails in a world is named, not raised
            seeing.failed[scenario.id] = f"{type(error).__name__}: {error}"
    control, candidate = setup.control.engine.handlers, setup.candidate.engine.handlers
    unheard = [
        Unheard(
            name=name,
            times=times,
            scenarios=tuple(sorted(seeing.where[name])),
            candidate=bool(candidate.get(name)),
        )
        for name, times in seeing.times.items()
        if not control.get(name)
    ]
    return Seen(
        scenarios=len(scenarios) - len(seeing.failed),
        wrote={path: frozenset(stores) for path, stores in sorted(seeing.wrote.items())},
        unheard=tuple(sorted(unheard, key=lambda one: (-one.times, one.name))),
        heard={name: n for name, n in sorted(seeing.times.items()) if control.get(name)},
        changes=(*seeing.changes, *replacements(seeing.replaced, seeing.written)),
        failed=dict(sorted(seeing.failed.items())),
    )


def replacements(replaced: Mapping[Field, Sequence[str]], written: set[Field]) -> Iterator[Item]:
    """Fields that only a recorded object changed: nobody in any replay ever writes them."""
    for store, last in sorted(set(replaced) - written):
        yield Item(
            kind="change",
            where=f"{store}.{last}",
            what="changed in a recording, and nobody writes it in any replay",
            at=tuple(dict.fromkeys(replaced[store, last])),
        )


def unexplained(
    scenario: Scenario, journal: Sequence[Sequence[Write]], begun: Mapping[str, Data]
) -> Iterator[Item]:
    """Fields whose observed value changed between two episodes in which nobody wrote them."""
    last: dict[str, tuple[int, Data]] = {}
    for number, observed in enumerate(scenario.observed):
        for path, value in observed.items():
            facet, *keys = keys_of(path)
            if path in last:
                since, before = last[path]
            else:
                since, before = (
                    -1,
                    value_at(begun, facet, tuple(keys)) if facet in begun else value,
                )
            last[path] = (number, value)
            writes = [write for done in journal[since + 1 : number + 1] for write in done]
            if before is ABSENT and since < 0:
                continue  # nobody knows what it was
            if not same(before, value) and not any(_explains(one, facet, keys) for one in writes):
                yield Item(
                    kind="change",
                    where=f"{scenario.id}#{number}",
                    what=f"{path} changed, and nobody's writes explain it",
                    at=(f"{scenario.id}#{number}",),
                )


def _explains(write: Write, facet: str, keys: Sequence[str]) -> bool:
    """Whether a write is one of a field; of what is worked out of the books, any is."""
    if facet != "books":
        return True
    mine = keys_of(write.at)
    shorter = min(len(mine), len(keys))
    return tuple(mine[:shorter]) == tuple(keys[:shorter])


def store_of(at: str) -> str:
    """The store of a path into the books."""
    return str(keys_of(at)[0])


def field_of(at: str) -> Field:
    """The store of a path into the books, and its last key."""
    keys = keys_of(at)
    return str(keys[0]), str(keys[-1])

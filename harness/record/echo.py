"""Echoes: recorded events that the control itself would have caused, told apart from acts.

An echo is replayed for fidelity only: what it shows is what the control must show by itself.
Every other recorded event is an act. An event is an echo if somebody asked for it and the control,
replayed alone through the acts before, has lately emitted an event of that type about that object
which no earlier recorded event stands for. What nobody asked for is never an echo. What the
control is known to have asked for, and does not cause when it is replayed, is an act as well, so
that its effect is not lost, and what it shows is held against the control.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.free import Running
from harness.ports import Data, Happened
from harness.recorded import ECHO_SECONDS
from harness.scenario import EpisodeSpec, Item, Scenario
from harness.setup import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Recorded events, told apart.

    Attributes:
        acts: numbers of the events that are items, in order.
        echoes: numbers of those that are not.
        unattributed: numbers of the acts that somebody asked for, and nobody knows who.
        uncaused: numbers of the acts that the control asked for, and does not cause in a replay.
        unseen: type → events that the control causes in a replay, and nobody recorded.
        observed: by episode, what its echoes show: `facet.path` → value. The first is the look's.
    """

    acts: tuple[int, ...]
    echoes: tuple[int, ...]
    unattributed: tuple[int, ...]
    uncaused: tuple[int, ...]
    unseen: Mapping[str, int]
    observed: tuple[Mapping[str, Data], ...]


@dataclass(slots=True)
class _Control:
    """The control on its way through the acts, alone.

    Attributes:
        times: of the episodes so far, epoch seconds; the first is the look's.
        unmatched: (type, object) → episodes in which such an event was emitted, in order.
    """

    running: Running
    times: list[int]
    unmatched: defaultdict[tuple[str, str], deque[int]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def play(self, item: Item) -> None:
        """Live through an act, and note which events it made the control cause."""
        number = len(self.times)
        self.times.append(item.at)
        known = len(self.running.world.emitted)
        spec = EpisodeSpec(index=number, at=item.at, label=item.label, item=item)
        self.running.play(spec, judged=False)
        for event in self.running.world.emitted[known:]:
            self.unmatched[event.type, event.object].append(number)

    def caused(self, event: Happened) -> int | None:
        """The episode in which the control caused this event, which is matched by now."""
        for place, episode in enumerate(episodes := self.unmatched[event.type, event.object]):
            if event.at - self.times[episode] <= ECHO_SECONDS:
                del episodes[place]
                return episode
        return None

    @property
    def unseen(self) -> dict[str, int]:
        """Type → events that were emitted and that no recorded event stands for."""
        left = Counter({key: len(episodes) for key, episodes in self.unmatched.items()})
        types = sorted({type_ for type_, _ in +left})
        return {one: sum(left[key] for key in left if key[0] == one) for one in types}


def still(event: Happened, begun: int) -> dict[str, Data]:
    """What an echo shows, where the clock stands still: its moments are the episode's own.

    In production some seconds pass between an act and what the control makes of it, in a replay
    none. So a whole number from the act's time to the event's is written as the act's time. No
    other number can come to agree by this: it equals what the control has only if that is the
    act's time as well.

    Args:
        event: the echo.
        begun: the time of the episode that caused it, epoch seconds.
    """
    return {
        path: begun if type(value) is int and begun <= value <= event.at else value
        for path, value in event.shows.items()
    }


def told_apart(setup: Setup, scenario: Scenario, happened: Sequence[Happened]) -> Apart:
    """Tell echoes apart from acts.

    Args:
        setup: what the control is replayed with.
        scenario: the recording with every event as an item, in order.
        happened: those events.
    """
    world = setup.kit.load(scenario.given)
    running = Running(setup=replace(setup, digests=False), side=setup.control, world=world)
    control = _Control(running=running, times=[scenario.now])
    acts: list[int] = []
    echoes: list[int] = []
    observed: list[dict[str, Data]] = [{}]
    for place, (event, item) in enumerate(zip(happened, scenario.when, strict=True)):
        episode = control.caused(event) if event.requested or event.ours else None
        if episode is not None or event.ours:
            # what nobody can place is held against the latest episode, and fidelity will say more
            number = len(control.times) - 1 if episode is None else episode
            observed[number].update(still(event, control.times[number]))
        if episode is not None:
            echoes.append(place)
            continue
        acts.append(place)
        observed.append({})
        control.play(item)
    while observed and not observed[-1]:
        observed.pop()
    return Apart(
        acts=tuple(acts),
        echoes=tuple(echoes),
        unattributed=tuple(n for n in acts if happened[n].requested and not happened[n].ours),
        uncaused=tuple(n for n in acts if happened[n].ours),
        unseen=control.unseen,
        observed=tuple(observed),
    )

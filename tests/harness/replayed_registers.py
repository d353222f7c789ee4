"""Controls of registers, recorded: what is noted of one, and the setup in which that replays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.arcs import Coverage
from harness.model import Observation
from harness.replayed.recorded_engine import recorded_engine
from harness.replayed.recorder import noted, replaced
from harness.replayed.recording import SCHEMA, Head, PathLine, Recording
from harness.replayed.recording_file import parsed, rendered
from harness.replayed.seen import seen_of
from harness.replayed.tape import Tape
from harness.scenario import Scenario
from harness.setup import Setup

HEAD = Head(
    schema=SCHEMA,
    recorded="2026-03-02",
    control="old_engine.engine:ENGINE",
    name="control",
    control_sha256="c" * 64,
    world="harness.plain.kit:KIT",
    world_sha256="d" * 64,
    unowned=(),
)


def ways(setup: Setup) -> dict[str, Setup]:
    return {"in order": setup, "reversed": replace(setup, reverse=True)}


def taped(setup: Setup, *scenarios: Scenario) -> Tape:
    """A tape that ran beside the control in all scenarios."""
    tape = Tape(Coverage())
    with_tape = replace(setup, control=noted(tape)(setup.control))
    for _ in seen_of(ways(with_tape), scenarios, tape.at, lambda: None):
        pass
    return tape


def recording_of(setup: Setup, *scenarios: Scenario) -> Recording:
    """The control's recording, written and read back."""
    tape = taped(setup, *scenarios)
    assert not tape.faults
    handlers = setup.control.engine.handlers
    paths = {handler.path for found in handlers.values() for handler in found}
    made = Recording(
        head=HEAD,
        paths={
            path: PathLine(id=path, module=path, triggers=(), origin="", reads=(), writes=())
            for path in paths
        },
        quirks={},
        triggers={name: tuple(one.path for one in found) for name, found in handlers.items()},
        units={},
        raises=(),
        scenarios={one.id: one.sha256 for one in scenarios},
        answers=tape.answers,
        courses=tape.courses,
    )
    return parsed(rendered(made), "control.jsonl")


def replaying(setup: Setup, recording: Recording) -> Setup:
    """The same setup with the recorded control in the control's place."""
    return replace(setup, control=replaced(recorded_engine(recording))(setup.control))


def digests(setup: Setup, *scenarios: Scenario) -> Iterable[str]:
    """Everything that is seen of a control, each as a digest."""
    seen = seen_of(ways(setup), scenarios, lambda _: None, lambda: None)
    return [f"{one} {one.digest}" for one in seen]


def answer_of(observation: Observation | None) -> object:
    assert observation is not None
    return observation.facets["response"]

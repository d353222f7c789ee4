"""A recorded control that nobody saw do anything: whatever it is asked, it has no answer."""

from __future__ import annotations

from types import SimpleNamespace

from harness.arcs import Coverage
from harness.guard import Guard
from harness.replayed.recorded_engine import RecordedControl, RecordedHandler
from harness.replayed.recording import SCHEMA, Head, Recording
from harness.selftest.plant import Parts


def unrecorded(parts: Parts) -> Parts:
    """The control as a recording without a single course."""
    control, guard = parts["control"].engine, Guard()
    head = Head(
        schema=SCHEMA,
        recorded="",
        control="",
        name=control.name,
        control_sha256="",
        world="",
        world_sha256="",
        unowned=(),
    )
    recording = Recording(
        head=head,
        paths={},
        quirks={},
        triggers={},
        units={},
        raises=(),
        scenarios={},
        answers={},
        courses={},
    )
    handlers = {
        trigger: tuple(
            RecordedHandler(
                path=handler.path,
                place=place,
                recording=recording,
                coverage=Coverage(),
                guard=guard,
            )
            for place, handler in enumerate(found)
        )
        for trigger, found in control.handlers.items()
    }
    engine = RecordedControl(
        name=control.name,
        recorded="never",
        handlers=handlers,
        paths=control.paths,
        quirks=control.quirks,
    )
    coverage = parts["control"].coverage
    planted = SimpleNamespace(engine=engine, coverage=coverage, unowned=(), guard=guard)
    return {"control": planted}

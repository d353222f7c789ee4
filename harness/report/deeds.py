"""What one engine did in an episode, as short sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.model import Observation
from harness.ports import Data
from harness.reason import some
from harness.report.values import brief

NOTHING = "did nothing"
OUTSIDE = "outside"
"""The actor of what no engine did: customers, banks, the payment provider by itself."""


def deeds(observation: Observation | None) -> tuple[str, ...]:
    """What it called and answered, how it refused or failed; never empty."""
    if observation is None:
        return ("gave no result",)
    said = (
        *_ends(observation.facets.get("race", {})),
        *_calls(observation.facets.get("effects", {})),
        *_writes(observation),
        *_answer(observation),
        *_failures(observation),
    )
    return said or (NOTHING,)


def _ends(race: Data) -> Iterator[str]:
    """The ends of a race, and which of them break an invariant."""
    if isinstance(race, Mapping) and race:
        broken = [key for key, end in race.items() if isinstance(end, Mapping) and end["broken"]]
        yield f"can end in {len(race)} way{'s' if len(race) > 1 else ''}: {some(race)}"
        if broken:
            yield f"breaks an invariant in {some(broken)}"


def _calls(effects: Data) -> Iterator[str]:
    if not isinstance(effects, Mapping):
        return
    for object_, calls in effects.items():
        for call in calls if isinstance(calls, list | tuple) else [calls]:
            yield _call(str(object_), call)


def _call(object_: str, call: Data) -> str:
    if not isinstance(call, Mapping):
        return f"{object_} {brief(call)}"
    rest = {key: value for key, value in call.items() if key not in ("call", "result")}
    named = _pairs(rest)
    result = f": {brief(call['result'])}" if "result" in call else ""
    return (
        f"{brief(call.get('call', 'called'))} {object_}{' with ' if named else ''}{named}{result}"
    )


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {brief(value, name=str(key))}" for key, value in values.items())


def _answer(observation: Observation) -> Iterator[str]:
    response = observation.facets.get("response")
    if observation.refusal is not None:
        refusal = observation.refusal
        yield f"refused: {brief(refusal.get('kind'))} {brief(refusal.get('code'))}"
    elif response:
        yield f"answered {_pairs(response) if isinstance(response, Mapping) else brief(response)}"


def _failures(observation: Observation) -> Iterator[str]:
    if observation.crash is not None:
        path, kind, message = observation.crash
        yield f"crashed in {path}: {kind}: {message}"
    for trap in observation.traps:
        yield f"sprang a trap: {trap}"
    if observation.timeout:
        yield f"ran over its budget: {observation.timeout}"


def _writes(observation: Observation) -> Iterator[str]:
    last = {at for at, who in observation.written.items() if who != OUTSIDE}
    fields = sorted(last.union(at for who, at, _, _ in observation.writes if who != OUTSIDE))
    if fields:
        yield f"wrote {some(fields)}"


def reasons(observation: Observation | None) -> tuple[str, ...]:
    """The engine's own words: rules in the order they fired, with their figures."""
    if observation is None:
        return ()
    return tuple(dict.fromkeys(_reason(reason) for reason in observation.reasons))


def _reason(reason: Mapping[str, Data]) -> str:
    """A rule with its figures beside it."""
    named = _pairs({key: value for key, value in reason.items() if key != "rule"})
    return f"{reason.get('rule', 'no rule')}{' with ' if named else ''}{named}"

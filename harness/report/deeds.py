"""What one engine did in an episode, as short sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.model import Observation
from harness.ports import Data
from harness.reason import SHOWN, some
from harness.values import MOST, brief

NOTHING = "did nothing"
OUTSIDE = "outside"
"""The actor of what no engine did: customers, banks, the payment provider by itself."""


def deeds(observation: Observation | None, *, most: int = 0) -> tuple[str, ...]:
    """What it called and answered, how it refused or failed; never empty.

    Of each list `most` entries are told and the others counted; 0 means what fits a terminal.
    """
    if observation is None:
        return ("gave no result",)
    said = (
        *_ends(observation.facets.get("race", {}), most),
        *_calls(observation.facets.get("effects", {}), most),
        *_writes(observation, most),
        *_answer(observation, most),
        *_failures(observation),
    )
    return said or (NOTHING,)


def _ends(race: Data, most: int) -> Iterator[str]:
    """The ends of a race, and which of them break an invariant."""
    if isinstance(race, Mapping) and race:
        broken = [key for key, end in race.items() if isinstance(end, Mapping) and end["broken"]]
        yield f"can end in {len(race)} way{'s' if len(race) > 1 else ''}: {_some(race, most)}"
        if broken:
            yield f"breaks an invariant in {_some(broken, most)}"


def _some(names: Iterable[str], most: int) -> str:
    return some(names, most=most or SHOWN)


def _calls(effects: Data, most: int) -> Iterator[str]:
    if not isinstance(effects, Mapping):
        return
    for object_, calls in effects.items():
        for call in calls if isinstance(calls, list | tuple) else [calls]:
            yield _call(str(object_), call, most)


def _call(object_: str, call: Data, most: int) -> str:
    if not isinstance(call, Mapping):
        return f"{object_} {brief(call, most=most or MOST)}"
    rest = {key: value for key, value in call.items() if key not in ("call", "result")}
    named = _pairs(rest, most)
    result = f": {brief(call['result'], most=most or MOST)}" if "result" in call else ""
    return (
        f"{brief(call.get('call', 'called'))} {object_}{' with ' if named else ''}{named}{result}"
    )


def _pairs(values: Mapping[str, Any], most: int) -> str:
    told = (
        f"{key} {brief(value, name=str(key), most=most or MOST)}" for key, value in values.items()
    )
    return ", ".join(told)


def _answer(observation: Observation, most: int) -> Iterator[str]:
    response = observation.facets.get("response")
    if observation.refusal is not None:
        refusal = observation.refusal
        yield f"refused: {brief(refusal.get('kind'))} {brief(refusal.get('code'))}"
    elif response:
        told = isinstance(response, Mapping)
        yield f"answered {_pairs(response, most) if told else brief(response, most=most or MOST)}"


def _failures(observation: Observation) -> Iterator[str]:
    if observation.crash is not None:
        path, kind, message = observation.crash
        yield f"crashed in {path}: {kind}: {message}"
    for trap in observation.traps:
        yield f"sprang a trap: {trap}"
    if observation.timeout:
        yield f"ran over its budget: {observation.timeout}"


def _writes(observation: Observation, most: int) -> Iterator[str]:
    last = {at for at, who in observation.written.items() if who != OUTSIDE}
    fields = sorted(last.union(at for who, at, _, _ in observation.writes if who != OUTSIDE))
    if fields:
        yield f"wrote {_some(fields, most)}"


def reasons(observation: Observation | None, *, most: int = 0) -> tuple[str, ...]:
    """The engine's own words: rules in the order they fired, with their figures."""
    if observation is None:
        return ()
    return tuple(dict.fromkeys(_reason(reason, most) for reason in observation.reasons))


def _reason(reason: Mapping[str, Data], most: int) -> str:
    """A rule with its figures beside it."""
    named = _pairs({key: value for key, value in reason.items() if key != "rule"}, most)
    return f"{reason.get('rule', 'no rule')}{' with ' if named else ''}{named}"

"""Each engine against itself: the same replay in another process, under other conditions.

The other process has another hash seed, time zone, locale and iteration order, takes the scenarios
in reverse, loads each world from bytes instead of forking it, and watches for ambient reads that
escape the guards. Before the control is loaded there at all, the candidate's free runs are made
with its import refused: a candidate that copies fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from harness.canonical import digest
from harness.model import Episode, Finding, Free, FreeRun, Observation, Outcome

OTHER = {
    "PYTHONHASHSEED": "4242",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "LANG": "C",
}


def fingerprint(observation: Observation | None) -> str:
    """Digest of everything one engine did in one episode."""
    if observation is None:
        return ""
    seen = [
        dict(observation.facets),
        list(observation.reasons),
        [list(handler) for handler in observation.handlers],
        observation.refusal,
        list(observation.crash) if observation.crash else None,
    ]
    return digest(seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """What the other process saw.

    Attributes:
        cells: cell id → digests of control and candidate.
        alone: scenario → digest of the candidate's free run, made without any control.
        ambient: cell id → ambient reads that escaped the guards.
        failed: scenario → why some of its cells, or its free run, are not there.
        lost: why there is nothing to compare with; empty when all went well.
    """

    cells: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    alone: Mapping[str, str] = field(default_factory=dict)
    ambient: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    lost: str = ""


class SecondProcess:
    """The other process, started early and asked late."""

    def __init__(self, config: Path, paths: Iterable[Path]) -> None:
        """Start it; `config` and `paths` are those of this run."""
        words = [sys.executable, "-m", "harness.second", str(config), *map(str, paths)]
        self.process = subprocess.Popen(  # noqa: S603  # our own module, no shell
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **OTHER},
        )

    def result(self, *, seconds: float) -> Second:
        """Wait for it; a process that failed or hung is lost, never agreement."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            return Second(lost=f"the second process did not end within {seconds:g} s")
        if self.process.returncode != 0:
            last = err.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            return Second(lost=f"the second process failed: {last[0]}")
        try:
            return msgspec.json.decode(out, type=Second)
        except msgspec.MsgspecError as error:
            return Second(lost=f"the second process answered nonsense: {error}")

    def stop(self) -> None:
        """End it; nothing more is wanted of it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def checked(episode: Episode, seen: Second) -> Episode:
    """The episode with what the second process holds against it; itself where that is nothing."""
    found = [*episode.findings]
    here = [fingerprint(episode.control), fingerprint(episode.candidate)]
    there = list(seen.cells.get(episode.id, ()))
    if seen.lost or not there:
        lost = seen.lost or seen.failed.get(episode.scenario)
        detail = lost or "the second process has no such cell"
        found.append(_unstable("not-checked-against-itself", detail))
    else:
        for role, one, other in zip(("control", "candidate"), here, there, strict=True):
            if one != other:
                detail = f"{role}: {one[:12]} here, {other[:12]} in another process"
                found.append(_unstable("differs-from-itself", detail))
    for what in seen.ambient.get(episode.id, ()):
        found.append(Finding(outcome=Outcome.ERROR, slug="trap-sprung", detail=f"escaped: {what}"))
    if len(found) == len(episode.findings):
        return episode
    return replace(episode, findings=tuple(found))


def checked_free(end: FreeRun, seen: Second) -> FreeRun:
    """The free run held against the candidate's own, made where no control could be imported."""
    alone = seen.alone.get(end.scenario)
    held = alone == end.digest and end.digest != ""
    if held or end.outcome in (Free.NOT_RUN, Free.ERROR, Free.TIMEOUT):
        return end
    why = seen.lost or "the candidate does something else where no control can be imported"
    if alone is None and not seen.lost:
        why = seen.failed.get(end.scenario, "the second process has no such free run")
    return replace(end, outcome=Free.UNSTABLE, findings=(*end.findings, why))


def _unstable(slug: str, detail: str) -> Finding:
    return Finding(outcome=Outcome.UNSTABLE, slug=slug, detail=detail)

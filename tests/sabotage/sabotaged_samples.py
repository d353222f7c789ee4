"""Sabotages of samples of recorded accounts: drawn until green, simulated, forgotten."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness import run as running
from harness.compose import compose
from harness.sampling.gate_condition import condition
from tests.harness.planted import edit, said
from tests.harness.sampled_desk import OTHER, Desk
from tests.harness.test_sampling import ASKED
from tests.harness.test_sampling import PATH as RETURNED
from tests.harness.test_sampling_bounds import FAULTS, PATH, Case
from tests.sabotage.asked_piece import Answer, Done, Piece, Weighed, of_values, weighed
from tests.sabotage.planted_row import Sabotage

LEDGER = "scenarios/ledger.jsonl"


def write_sampled(root: Path) -> None:
    """Twenty-four recorded members in two strata; a sample of them is drawn and evaluated."""
    with pytest.MonkeyPatch.context() as patch:
        desk = Desk(root, patch)
        desk.record(desk.members)
        desk.frame()
        desk.policy(ASKED)
        sample("draw", "--for-bound", "1/4")
        sample("evaluate")


def sample(*words: str) -> None:
    """A command on the sample; it has to succeed."""
    code, told = said("sample", *words)
    assert code == 0, told


@contextmanager
def inside(root: Path) -> Iterator[None]:
    """While a project's folder is where Python and the harness look."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr(sys, "path", [str(root), *sys.path])
        yield


def ask(root: Path) -> Answer:
    """What the gate makes of the sample, for the path of which members were recorded."""
    with inside(root):
        composition = compose(root / "pyproject.toml", ())
        found = condition(composition, running.run(composition, today=date(2026, 4, 2)))
    return weighed(found, RETURNED)


SAMPLED = Piece("sampled desk", write_sampled, ask=ask)
WEIGHED = of_values("a sample", lambda: Case().condition(), PATH)


def drawn(root: Path) -> list[str]:
    """The drawn accounts, in order."""
    [file] = (root / "scenarios" / "samples").iterdir()
    return re.findall(r"^(\S+)\t\S+\tdrawn$", file.read_text(), re.M)


def row(what: str, slug: str, told: str, does: Callable[[Path], object]) -> Sabotage:
    """Something done to the sampled desk."""
    return Sabotage(what, SAMPLED, (Done(told, does),), slug)


def case(what: str, slug: str, told: str, fault: Case) -> Sabotage:
    """A sample that somebody made otherwise."""
    return Sabotage(what, WEIGHED, (Weighed(told, lambda: fault.condition()),), slug)


def planted(what: str, told: str, name: str) -> Sabotage:
    fault, slug, _ = FAULTS[name]
    return case(what, slug, told, fault)


def rewritten(root: Path) -> None:
    edit(root / LEDGER, ('"act":"drawn"', '"act": "drawn"'))


def truncated(root: Path) -> None:
    file = root / LEDGER
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))


def simulated(root: Path) -> None:
    one = root / "scenarios" / "recorded" / f"{drawn(root)[0]}.yaml"
    edit(one, ("source: shadow record events", "source: the simulator"))


def reframed(root: Path) -> None:
    edit(root / "scenarios" / "frame.yaml", ("what: all members", "what: some members"))


def burned(root: Path) -> None:
    with inside(root):
        sample("burn", drawn(root)[0], "seen in the debugger")


def unburned(root: Path) -> None:
    """An account is burned, a sample is drawn without it, and then nobody burned it."""
    other = next(
        file.stem
        for file in sorted((root / "scenarios" / "recorded").iterdir())
        if file.stem not in drawn(root)
    )
    with inside(root):
        sample("burn", other, "seen in the debugger")
        sample("draw", "--for-bound", "1/4")
        sample("evaluate")
    (root / "scenarios" / "burned.jsonl").unlink()


def tuned(root: Path) -> None:
    """Another candidate is evaluated on the accounts that the first one was drawn for."""
    edit(root / "desk_candidate" / "engine.py", *OTHER)
    with inside(root):
        said("sample", "evaluate")


def unrecorded(root: Path) -> None:
    (root / "scenarios" / "recorded" / f"{drawn(root)[0]}.yaml").unlink()


ROWS = (
    row("A simulation is passed off as recorded", "ledger-missing-evaluation",
        "`provenance.source` of a drawn account", simulated),
    row("The recording of a drawn account is deleted after the evaluation",
        "ledger-missing-evaluation", "`scenarios/recorded/`", unrecorded),
    row("The ledger is rewritten", "ledger-broken", f"`{LEDGER}`", rewritten),
    row("The evaluation is cut from the ledger", "ledger-missing-evaluation", f"`{LEDGER}`",
        truncated),
    row("The ledger is deleted", "sample-missing", f"`{LEDGER}`",
        lambda root: (root / LEDGER).unlink()),
    row("The frame is edited after the draw", "sample-missing", "`scenarios/frame.yaml`",
        reframed),
    row("The frame is deleted", "frame-missing", "`scenarios/frame.yaml`",
        lambda root: (root / "scenarios" / "frame.yaml").unlink()),
    row("A drawn account was looked at: it is burned", "sample-burned",
        "then `shadow sample burn`", burned),
    row("That an account was burned is forgotten again", "sample-not-as-drawn",
        "`scenarios/burned.jsonl`", unburned),
    row("The candidate is tuned on the sample, and evaluated on it again", "sample-reused",
        "`desk_candidate/engine.py`, then `shadow sample evaluate`", tuned),
    planted("A candidate is tried on the same accounts until all is green", "the ledger's lines",
            "an ancestor that was evaluated on the same accounts"),
    planted("Rulings are tried on the same accounts until all is green", "the ledger's lines",
            "other rulings that were tried on the same accounts"),
    planted("A drawn account is put in another's place", "the list",
            "a list that is not the one that was drawn"),
    planted("Of a stratum nothing was drawn, and the level is production", "a stratum",
            "a stratum of which nothing was drawn, at production"),
    planted("Nobody can make the draw again, and the level is production", "the frame's lists",
            "a draw that nobody can make again, at production"),
    case("No sample is large enough for what the policy asks", "bound-too-wide",
         "`scenarios/gate.yaml`", replace(Case(), section={
             **(Case().section or {}), "wrong_max": Case().section["wrong_max"] / 100})),
)  # fmt: skip

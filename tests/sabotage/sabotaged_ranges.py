"""Sabotages of what a range of commits does: deletions nobody sees, rules loosened on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.errors import ExitCode
from harness.manifest_file import render
from tests.harness.guarded_control import FINE, REGISTRY, changed
from tests.harness.guarded_repo import (
    BASE,
    CONFIG,
    MANIFEST,
    OWNERS,
    POLICY,
    ROW,
    RULING,
    WITHOUT_FINE,
    Repo,
    repo,
)
from tests.sabotage.asked_piece import guarded, ranged
from tests.sabotage.planted_row import Sabotage

COMMAND = ("guard", "--base", "main")
ENGINE, FILE = "old_desk/engine.py", "old_desk/fine.py"
GATE = "scenarios/gate.yaml"
LOOSE = POLICY.replace("sound_agree: 3", "sound_agree: 2")
RECORD = (
    "relaxations: [{key: floors.sound_agree, reason: few books, decision: D-1, "
    "date: 2026-03-05}]\n"
)
GUTTED = FINE.replace("    loan = ports", "    return\n    loan = ports")
FLAG = FINE.replace("    loan = ports", "    if OFF:\n        return None\n    loan = ports")
LEDGER = "scenarios/ledger.jsonl"


def write_desk(root: Path) -> None:
    """The desk with what a ledger entered, merged, and work that takes nothing away."""
    desk = repo(root, {**BASE, LEDGER: '{"a":1}\n{"b":2}\n', **rulings("2026-06-01")})
    desk.commit({"docs/desk.md": "# How\n"})


def rulings(expires: str, approver: str = "ledger", numbers: range = range(3)) -> dict[str, str]:
    """Rulings, word for word the same but for their number."""
    return {
        f"scenarios/rulings/R-{n}.yaml": RULING.format(
            id=f"R-{n}", approver=approver, expires=expires
        )
        for n in numbers
    }


DESK = guarded("desk", write_desk)


def row(
    what: str,
    slug: str,
    where: str,
    does: Callable[[Repo], object],
    exit: ExitCode = ExitCode.CLOSED,
) -> Sabotage:
    """Something done in commits that are not merged yet."""
    return Sabotage(what, DESK, (ranged(where, does),), slug, exit, COMMAND)


def commits(*all_files: dict[str, str | None], by: str = "") -> Callable[[Repo], None]:
    """One commit after the other."""

    def does(desk: Repo) -> None:
        for files in all_files:
            desk.commit(files, by=by)

    return does


def linked(desk: Repo) -> None:
    (desk.folder / FILE).unlink()
    os.symlink("../attic/fine.py", desk.folder / FILE)
    desk.commit({"attic/fine.py": FINE})


def merged(desk: Repo) -> None:
    """Only the merge itself deletes; no commit of either side does."""
    desk.git("switch", "--quiet", "-c", "side")
    desk.commit({"docs/side.md": "# Side\n"})
    desk.git("switch", "--quiet", "work")
    desk.commit({"docs/work.md": "# Work\n"})
    desk.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    desk.commit({FILE: None}, message="merge")


def shallow(desk: Repo) -> None:
    """Leave of the history what a clone of depth 1 has."""
    newest = desk.git("rev-parse", "HEAD")
    (desk.folder / ".git" / "shallow").write_text(f"{newest}\n")


RENAMED: dict[str, str | None] = {
    FILE: changed("fine.py", "charge_fine", "fine_charged")[FILE],
    ENGINE: REGISTRY.replace("charge_fine", "fine_charged"),
}
FEWER = render(replace(MANIFEST, scenarios=MANIFEST.scenarios[:2])).decode()
UNBURIED = render(replace(MANIFEST, tombstones=())).decode()

ROWS = (
    row("A path of the control is deleted, and nobody cleared it", "clearance-missing",
        f"`{FILE}`; `{ENGINE}`", commits({FILE: None, ENGINE: WITHOUT_FINE})),
    row("A path is renamed first and deleted then", "control-removed", f"`{FILE}`; `{ENGINE}`",
        commits(RENAMED, {FILE: None, ENGINE: WITHOUT_FINE})),
    row("A handler is registered no longer", "control-unreachable", f"`{ENGINE}`",
        commits({ENGINE: REGISTRY.replace(ROW, "")})),
    row("A handler is deleted by a flag", "control-gutted", f"`{FILE}`",
        commits({FILE: FLAG.replace("GRACE = 2", "GRACE = 2\nOFF = True")})),
    row("A handler is gutted: it returns before it does anything", "control-gutted", f"`{FILE}`",
        commits({FILE: GUTTED})),
    row("A file of the control becomes a link to somewhere else", "control-moved", f"`{FILE}`",
        linked),
    row("A merge commit hides a deletion", "control-removed", f"`{FILE}`", merged),
    row("The configuration names another control", "control-switched", "`pyproject.toml`",
        commits({"pyproject.toml": CONFIG.replace("old_desk.engine:ENGINE", "nobody:ENGINE")})),
    row("The history is cut off: a shallow clone", "shallow-clone", "`.git/shallow`", shallow,
        ExitCode.INPUT),
    row("The policy is loosened, and no record says why", "policy-loosened", f"`{GATE}`",
        commits({GATE: LOOSE})),
    row("The policy is loosened in one change and used in the next", "relaxation-young",
        f"`{GATE}`; `{FILE}`", commits({GATE: LOOSE + RECORD}, {FILE: GUTTED})),
    row("A script renews rulings", "ruling-mass-renewal", "`scenarios/rulings/R-*.yaml`",
        commits(dict(rulings("2026-08-01")))),
    row("A ruling is approved by who wrote it", "ruling-approved-by-author",
        "`scenarios/rulings/R-9.yaml`",
        commits(dict(rulings("2026-06-01", numbers=range(9, 10))),
                by="Ledger <12345+ledger@users.noreply.example>")),
    row("An approver is added with the ruling that he approves", "ruling-approver-added",
        f"`{GATE}`; `scenarios/rulings/R-9.yaml`",
        commits({GATE: POLICY.replace("[ledger, trust]", "[ledger, trust, ada]"),
                 **rulings("2026-06-01", "ada", range(9, 10))})),
    row("CODEOWNERS leaves scenarios to nobody", "owners-loosened", "`CODEOWNERS`",
        commits({"CODEOWNERS": OWNERS.replace("/scenarios/ @ledger", "/scenarios/")})),
    row("Another CODEOWNERS stands where the forge looks first", "owners-loosened",
        "`.github/CODEOWNERS`", commits({".github/CODEOWNERS": "* @ada\n"})),
    row("A scenario leaves the manifest without a tombstone", "manifest-line-removed",
        "`scenarios/manifest.lock`", commits({"scenarios/manifest.lock": FEWER})),
    row("The tombstone of a scenario is removed", "tombstone-removed",
        "`scenarios/manifest.lock`", commits({"scenarios/manifest.lock": UNBURIED})),
    row("A line of the ledger of samples is rewritten", "history-rewritten", f"`{LEDGER}`",
        commits({LEDGER: '{"a":1}\n{"b":3}\n'})),
    row("The ledger of samples is cut off", "history-rewritten", f"`{LEDGER}`",
        commits({LEDGER: '{"a":1}\n'})),
)  # fmt: skip

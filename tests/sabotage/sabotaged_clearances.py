"""Sabotages of clearances: each permits what it was made for, on its days, as it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.harness.guarded_repo import BASE, DELETION, Repo, buried, repo
from tests.sabotage.asked_piece import Piece, desk_in, guarded, held_harness, ranged
from tests.sabotage.planted_row import Sabotage

COMMAND = ("guard", "--base", "main")
FILE = "clearances/desk.fine-production.json"
GRAVES = "scenarios/retired.yaml"


def write_cleared(root: Path) -> None:
    """A deletion that was cleared, merged before it, and that buries what it deletes."""
    with held_harness():
        desk = repo(root)
        desk.cleared("desk.fine")
        delete(desk)


def delete(desk: Repo, days: int = 0, graves: str = "") -> None:
    """Delete the path, and bury it."""
    desk.commit(dict(DELETION), days=days)
    desk.commit({GRAVES: graves or buried(desk)})


CLEARED = guarded("cleared deletion", write_cleared)
SET_BACK = guarded("cleared deletion, the clock 39 days behind", write_cleared, days_back=39)


def instead(first: Callable[[Repo], object], days: int = 0) -> Callable[[Repo], None]:
    """Do something and merge it; then the same deletion is made on top of it."""

    def does(desk: Repo) -> None:
        graves = (desk.folder / GRAVES).read_text()
        desk.git("reset", "--quiet", "--hard", "main")
        first(desk)
        delete(desk, days, graves)

    return does


def nothing(desk: Repo) -> None:
    assert desk.git("status", "--porcelain") == ""


def merged(files: Callable[[Repo], dict[str, str | None]]) -> Callable[[Repo], None]:
    """Commit files and merge them."""

    def does(desk: Repo) -> None:
        desk.commit(files(desk))
        desk.merge()

    return does


def edited(desk: Repo) -> dict[str, str | None]:
    text = (desk.folder / FILE).read_text()
    assert '"valid_until": "2026-04-02"' in text
    return {FILE: text.replace('"valid_until": "2026-04-02"', '"valid_until": "2026-04-01"')}


def of_the_future(desk: Repo) -> dict[str, str | None]:
    later = desk_in(desk.folder)
    later.clock += 300 * 86_400
    return {FILE: later.clear("desk.fine")[1]}


def of_another_path(desk: Repo) -> dict[str, str | None]:
    return {FILE: None, "clearances/other.json": desk.clear("desk.returned")[1]}


def of_a_rehearsal(desk: Repo) -> dict[str, str | None]:
    return {FILE: desk.clear("desk.fine", level="rehearsal")[1]}


def in_the_range(desk: Repo) -> None:
    text = (desk.folder / FILE).read_text()
    desk.commit({FILE: None})
    desk.merge()
    desk.commit({FILE: text})


def row(
    what: str,
    slug: str,
    where: str,
    does: Callable[[Repo], object],
    piece: Piece = CLEARED,
) -> Sabotage:
    return Sabotage(what, piece, (ranged(where, does),), slug, command=COMMAND)


def void(part: str, file: str, text: str) -> Sabotage:
    """Something that a clearance is bound to changes after it."""
    does = instead(merged(lambda _: {file: text}))
    return row(f"After the clearance {part} changes", "clearance-void", f"`{file}`", does)


def dug_up(desk: Repo) -> None:
    desk.merge()
    desk.commit({GRAVES: None})


ROWS = (
    row("A clearance is edited by hand: it ends on another day", "clearance-edited", f"`{FILE}`",
        instead(merged(edited))),
    row("A clearance has expired", "clearance-expired", "the deletion comes 40 days later",
        instead(nothing, days=40)),
    row("A clearance has expired, and the clock is set back", "clearance-expired",
        "the clock; the deletion comes 40 days later", instead(nothing, days=40), SET_BACK),
    row("A clearance is of the future", "clearance-from-the-future", f"`{FILE}`",
        instead(merged(of_the_future))),
    row("A clearance is of another path", "clearance-missing", f"`{FILE}`",
        instead(merged(of_another_path))),
    row("A clearance is a rehearsal's", "clearance-level", f"`{FILE}`",
        instead(merged(of_a_rehearsal))),
    row("A clearance comes with the deletion that it permits", "clearance-in-range", f"`{FILE}`",
        instead(in_the_range)),
    void("the candidate", "new_desk/engine.py", "ENGINE = {1: 1}\n"),
    void("the world", "desk_world/kit.py", "KIT = INVARIANTS = 1\n"),
    void("a scenario", "scenarios/late.yaml", "id: late\ntitle: x\n"),
    void("a ruling", "scenarios/rulings/R-day.yaml", "id: R-day\n"),
    void("the policy", "scenarios/gate.yaml", BASE["scenarios/gate.yaml"].replace("1/50", "1/99")),
    void("a pinned version", "constraints.txt", "msgspec==0.21.0\n"),
    void("shared code of the control", "old_desk/money.py",
         BASE["old_desk/money.py"].replace("5", "10")),
    row("A deletion changes a scenario, too, which judges it", "deleted-with-its-judge",
        "`scenarios/late.yaml`",
        lambda desk: desk.commit({"scenarios/late.yaml": "id: late #\n"})),
    row("A deleted path is not buried", "path-not-buried", f"`{GRAVES}`",
        lambda desk: desk.commit({GRAVES: None})),
    row("The tombstone of a deleted path is removed", "tombstone-removed", f"`{GRAVES}`", dug_up),
)  # fmt: skip

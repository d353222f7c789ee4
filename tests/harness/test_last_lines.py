"""What every command's page has in common: width, no colour in a log, and a last line to go on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from harness.cli import main, shadow
from harness.compose import compose
from harness.model import Outcome
from harness.report import gate_text, show_text
from harness.report.terminal import Look, printed, words
from harness.store.opening import opened
from tests.harness.cell_builder import cell
from tests.harness.kept_runs import keep, part, run
from tests.harness.line_desk import lines as many
from tests.harness.planted import ROOT
from tests.harness.recorded_desk import late, lines, recording_project
from tests.harness.toy_project import HELD, LATE, ON_TIME
from tests.replica_code import bring_control

BAD = ON_TIME.replace("id: on-time", "id: bad\ntickt: x")
PAGES: dict[str, tuple[str, ...]] = {
    "run": ("run",),
    "run of a clean file": ("run", "scenarios/on-time.yaml"),
    "gate": ("gate",),
    "gate of a part": ("gate", "scenarios/on-time.yaml"),
    "show": ("show", "late"),
    "show of a cell": ("show", "late#2"),
    "paths": ("paths",),
    "lint": ("lint",),
    "audit": ("audit",),
    "mutate": ("mutate", "--workers", "1"),
    "lint of a bad file": ("lint", "bad.yaml"),
    "lint that writes": ("lint", "--write"),
    "rule": ("rule", "late#2"),
    "report": ("report", "--markdown", "comment.md"),
    "replay": ("replay", "desk.jsonl", "--store", "replayed.db", "--workers", "1"),
    "history": ("history", "--store", "runs.db"),
    "history of a path": ("history", "--store", "runs.db", "--path", "webhook.voided"),
    "history of two runs": ("history", "--store", "runs.db", "20260301", "20260302"),
    "sample status": ("sample", "status"),
    "record control": ("record", "control"),
    "record events": ("record", "events", "events.jsonl", "--accounts", "rows.csv"),
}
OTHERWISE = {
    "clear": "needs a repository: test_clear_command holds it to the same",
    "guard": "needs a range of commits: test_guarding_told holds it to the same",
    "schema": "a JSON Schema",
    "completion": "a shell's script",
    "simulate": "needs a population: test_simulate holds it to the same",
    "new": "has its own project below: the loan desk has no templates",
}
"""Commands that print no page of the loan desk."""

A_FILE = {"rule"}
"""What is printed to be saved as a file, whose lines are as long as its values."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an agreement, a disagreement, a race that fails, a recording, two runs."""
    recording_project(tmp_path, late=LATE, held=HELD, **{"on-time": ON_TIME})
    (tmp_path / "bad.yaml").write_text(BAD)
    lines(tmp_path / "events.jsonl", [late()])
    (tmp_path / "desk.jsonl").write_bytes(many([1, 2, 3]) + b"{\n")
    (tmp_path / "rows.csv").write_text("member,blocked\nm_1,false\n")
    store = opened(str(tmp_path / "runs.db"), make=True)
    keep(store, run(1), part([cell("late#0")]))
    keep(store, run(2), part([cell("late#0", outcome=Outcome.DIVERGE)]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the second process
    return tmp_path


def parsed(words: Sequence[str]) -> click.Context:
    """What click makes of a command line.

    Raises:
        click.UsageError: it makes nothing of it.
    """
    context = shadow.make_context("shadow", list(words))
    rest = [*context._protected_args, *context.args]
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
        rest = [*context._protected_args, *context.args]
    return context


def next_command(page: str) -> list[str]:
    """The words of the command that a page's last line names."""
    found = re.fullmatch(r"(?:# )?Next: (?:.*\W)?shadow (?P<words>.+)", page.split("\n")[-1])
    assert found, f"the last line is {page[-80:]!r}"
    return found["words"].split()


def too_wide(page: str, width: int) -> list[str]:
    """Lines wider than that which a blank could have been broken at; a command stays whole."""
    above = page.split("\n")[:-1]
    return [line for line in above if len(line) > width and len(line.split()) > 1]


@pytest.mark.filterwarnings(
    "ignore:.*fork.*:DeprecationWarning"
)  # tests side by side have threads
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_has_no_colour_and_ends_in_a_command_that_exists(
    page: str,
    width: int,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    code = main(PAGES[page])

    out, err = capsys.readouterr()
    assert code in (0, 1, 4), err
    assert "Traceback" not in err
    assert "\x1b" not in out + err
    assert "replaying" not in err  # no bar where nobody looks
    if page not in A_FILE:
        assert too_wide(out.rstrip("\n"), width) == []
    parsed(next_command(out.removesuffix("\n")))


def test_a_command_to_copy_is_never_broken() -> None:
    long = f"Next: shadow run {'scenarios/recorded/a.yaml ' * 9}".rstrip()

    assert printed(Look(width=80), [words("first"), words(long)]) == f"first\n{long}"


@pytest.mark.parametrize("words", [["--help"], ["record", "--help"]], ids=" ".join)
def test_no_command_is_told_in_half_a_sentence(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert main(words) == 0

    listed = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    assert [line for line in listed if line.endswith("...")] == []
    assert len(listed) > 1


def test_every_command_is_held_to_it() -> None:
    held = {words[0] for words in PAGES.values()}

    assert held | set(OTHERWISE) == set(shadow.commands)
    assert not held & set(OTHERWISE)


@pytest.mark.parametrize(
    "command", sorted({*gate_text.NEXT.values(), *show_text.NEXT.values()}), ids=str
)
def test_what_a_page_may_say_next_is_a_command(command: str) -> None:
    parsed(next_command(f"Next: {command.format(file='scenarios/late.yaml', cell='late#2')}"))


@pytest.mark.parametrize(
    "page",
    ["Next: shadow gat", "Next: shadow show", "Next: shadow gate --jsn", "Next: shadow lint -x"],
)
def test_a_command_that_does_not_exist_is_seen(page: str) -> None:
    with pytest.raises(click.UsageError):
        parsed(next_command(page))


@pytest.mark.parametrize("page", ["", "next: shadow gate", "Next: shadow gate\n", "Next: nothing"])
def test_a_page_without_a_last_line_is_seen(page: str) -> None:
    with pytest.raises(AssertionError, match="the last line is"):
        next_command(page)


@pytest.mark.parametrize("named", [(), ("a-new-one",)], ids=["list", "begin"])
def test_a_new_scenario_says_what_to_type_next(
    named: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "scenarios").mkdir()
    bring_control(tmp_path / "scenarios")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    template = min(compose(None, ()).kit.templates)  # type: ignore[attr-defined]

    code = main(["new", *([template] if named else []), *named])

    out, err = capsys.readouterr()
    assert code == 0, err
    assert "\x1b" not in out + err
    parsed(next_command(out.removesuffix("\n")))

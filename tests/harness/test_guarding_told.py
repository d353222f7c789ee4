"""What `shadow guard` prints: text for people, lines for GitHub, and nothing that is obeyed."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from harness.cli import main
from tests.golden_files import golden
from tests.harness.guarded_control import FINE
from tests.harness.guarded_repo import BASE, CONFIG, DAY, POLICY, Repo, repo
from tests.harness.test_last_lines import next_command, parsed, too_wide

COMMIT = re.compile(r"[0-9a-f]{12}(?=\.\.|\b)")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = repo(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return made


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> tuple[str, str]:
    assert main(["guard", "--base", "main", *words]) == code
    out, err = capsys.readouterr()
    return out.removesuffix("\n"), err


def still(text: str) -> str:
    """The text without what differs from day to day: commits, the day, who says which."""
    text = re.sub(
        r"today +.*", "today    <day>", re.sub(r" to \d{4}-\d\d-\d\d", " to <day>", text)
    )
    return COMMIT.sub("<commit>", text)


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_refused_is_told_with_its_place_and_a_way_out(
    desk: Repo, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    desk.commit(
        {
            "old_desk/fine.py": FINE.replace(
                "    loan = p", "    if OFF:\n        return\n    loan = p"
            )
        }
    )
    desk.commit({"scenarios/gate.yaml": POLICY.replace("sound_agree: 3", "sound_agree: 2")})
    desk.commit({"old_desk/money.py": BASE["old_desk/money.py"].replace("% 5", "% 10")})

    out, err = said(capsys, code=1)

    assert err == ""
    assert too_wide(out, width) == []
    parsed(next_command(out))
    golden(f"guard-refused-{width}.txt", still(out))


def test_what_passes_says_so_and_ends_in_a_command(
    desk: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.commit({"README.md": "# More\n"})

    out, err = said(capsys, code=0)

    assert (out.splitlines()[0], err) == ("Guard: nothing is refused, level production", "")
    assert out.splitlines()[-1] == "Next: shadow gate"


def test_a_rehearsal_is_said_before_anything_else(
    desk: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.commit({"README.md": "# More\n"})

    out, _ = said(capsys, "--level", "rehearsal", code=0)

    assert out.splitlines()[:2] == [
        "Guard: nothing is refused, level rehearsal",
        "  REHEARSAL: clearances count behind which no recording stands; delete nothing real",
    ]


def test_what_may_be_cleared_is_the_next_command(
    desk: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.clock = int(time.time()) - 3 * DAY  # the command asks this machine's clock
    desk.cleared("desk.returned")
    desk.commit({"old_desk/fine.py": None})

    out, _ = said(capsys, code=1)

    assert out.splitlines()[-1] == "Next: shadow clear desk.fine"


def test_github_shows_refusals_at_their_lines(
    desk: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    desk.commit({"old_desk/fine.py": FINE.replace("GRACE = 2\n", "")})

    _, err = said(capsys, code=1)

    first = err.splitlines()[0]
    assert first.startswith(
        "::error file=old_desk/fine.py,line=5,title=Guard%3A control-removed::"
    )
    assert "old_desk.fine%3AGRACE" in first or "old_desk.fine:GRACE" in first


def test_more_refusals_than_github_shows_are_counted(
    desk: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    gone: dict[str, str | None] = {name: None for name in BASE if name.startswith("old_desk/")}
    desk.commit(gone | {"scenarios/manifest.lock": None})

    _, err = said(capsys, code=1)

    lines = err.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 10 + ["::notice"]
    assert "more" in lines[-1]


def test_names_of_the_range_are_shown_and_never_obeyed(
    desk: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    text = "[red]\x1b[2J\n::error::x %0A"
    desk.commit({f"old_desk/{text.replace('/', '')}.txt": "x\n" * 9})
    desk.merge()
    desk.commit({f"old_desk/{text.replace('/', '')}.txt": None})

    out, err = said(capsys, code=1)

    assert "\x1b" not in out + err
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]
    assert [line.partition(" ")[0] for line in err.splitlines()] == ["::error"] * len(
        err.splitlines()
    )


def test_the_configuration_is_found_from_any_folder_and_by_name(
    desk: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = CONFIG.partition("[tool.shadow]\n")[2]
    desk.commit({"shadow.toml": table, "deep/down/a.txt": "x\n"})
    desk.merge()
    desk.commit({"old_desk/fine.py": None})
    monkeypatch.chdir(desk.folder / "deep" / "down")

    from_below, _ = said(capsys, code=1)
    by_name, _ = said(capsys, "--config", "../../shadow.toml", code=1)

    assert "old_desk.fine" in from_below
    assert "old_desk.fine" in by_name


def test_an_error_has_a_slug_and_a_hint_and_no_traceback(
    desk: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = said(capsys, code=4)

    assert out == ""
    assert "[empty-range]" in err
    assert "check out the work" in err
    assert "Traceback" not in err

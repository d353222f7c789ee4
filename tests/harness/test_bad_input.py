"""Every bad input ends in one clear message with file, line and place, and no traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.cli import main
from tests.harness.toy_project import CONFIG, LATE, project


@pytest.fixture(autouse=True)
def _in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lint(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["lint", *args])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out
    return code, captured.out, captured.err


BAD = [
    ("wrong YAML", "id: late\n  title: x\n", "late.yaml:2: no YAML", "[yaml-syntax]"),
    ("unknown key", LATE.replace("title:", "titel:"), "late.yaml:2: titel: unknown", "'title'"),
    ("missing key", LATE.replace("title: A", "# A"), "late.yaml:1: the key 'title' is", "missing"),
    ("wrong type", LATE.replace("owes: 0}", "owes: 0}\n  moot: 1"), "late.yaml:16: then.moot", ""),
    ("impossible date", LATE.replace("03-01T", "02-30T"), "late.yaml:10: given.loans[0].due", ""),
    ("id is not the name", LATE.replace("id: late", "id: l8"), "late.yaml:1: id: 'l8'", ""),
    ("duplicate key", LATE.replace("ticket:", "title:"), "late.yaml:4: title: the key stan", "2"),
    ("unknown act", LATE.replace("desk.r", "dsk.r"), "late.yaml:12: when[0].act", "'desk.return'"),
    ("an alias", LATE.replace("desk-1", "*x"), "late.yaml:4: the alias '*x'", "[yaml-alias]"),
    ("an anchor", LATE.replace("desk-1", "&x y"), "late.yaml:4: the anchor '&x'", "[yaml-alias]"),
    ("a tag", LATE.replace("desk-1", "!!int 1"), "late.yaml:4: the tag", "[yaml-tag]"),
    ("a float", LATE.replace("desk-1", "1.0"), "late.yaml:4: ticket: '1.0' is no integer", ""),
    ("no value", LATE.replace("desk-1", ""), "late.yaml:4: ticket: no value", ""),
    ("two documents", LATE + "---\na: 1\n", "late.yaml:17: a second document", ""),
    ("empty", "", "late.yaml:1: the file holds no document", "[file-empty]"),
    ("a list", "- a\n", "late.yaml:1: expected object, got array", ""),
    ("text", "hello\n", "late.yaml:1: expected object, got str, here 'hello'", ""),
    ("null", "null\n", "late.yaml:1: expected object, got null, here null", ""),
    ("too deep", "a: " + "[" * 5000, "late.yaml:1: nested deeper than 64", ""),
    ("a zero byte", "id: \0\n", "late.yaml:1: no YAML: the character '\\x00'", ""),
]


@pytest.mark.parametrize(
    ("text", "said", "more"), [row[1:] for row in BAD], ids=[r[0] for r in BAD]
)
def test_a_bad_file_is_one_message_and_exit_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str, more: str
) -> None:
    project(tmp_path, late=text)

    code, _, err = lint(capsys)

    (message,) = [part for part in err.split("error: ") if "late.yaml" in part]
    assert code == 4
    assert message.startswith(f"scenarios/{said}")
    assert more in message


def test_bytes_that_are_no_utf8_are_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path)
    (tmp_path / "scenarios" / "late.yaml").write_bytes(b"id: late\ntitle: \xe4\n")

    code, _, err = lint(capsys)

    assert code == 4
    assert "error: scenarios/late.yaml:2: byte 0xe4 is not UTF-8 [not-utf8]" in err


def test_escapes_and_markup_in_a_file_are_shown_and_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = LATE.replace("ticket: desk-1", r'"\e[2J[red]\u202e": x')
    project(tmp_path, late=text)

    code, _, err = lint(capsys)

    assert code == 4
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert "unknown key '\\x1b[2J[red]\\u202e'" in err


def test_a_file_name_with_an_escape_is_shown_and_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, **{"a\x1b[2Jb": "x"})

    code, _, err = lint(capsys)

    assert code == 4
    assert "\x1b" not in err
    assert "scenarios/a\\x1b[2Jb.yaml:1" in err


def test_200_mb_of_garbage_are_refused_by_their_size_and_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, late=LATE)
    with (tmp_path / "scenarios" / "garbage.yaml").open("wb") as file:
        file.truncate(200 * 1_000_000)
    opened: list[str] = []
    original = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *a, **k: opened.append(path.name) or original(path, *a, **k)
    )

    code, _, err = lint(capsys)

    assert code == 4
    assert "scenarios/garbage.yaml: is 200,000,000 bytes, more than 1,048,576 (1 MiB)" in err
    assert "garbage.yaml" not in opened
    assert "late.yaml" in opened


def test_a_pipe_in_place_of_a_file_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE)
    os.mkfifo(tmp_path / "scenarios" / "pipe.yaml")

    code, _, err = lint(capsys)

    assert code == 4
    assert "scenarios/pipe.yaml: is no regular file [not-a-file]" in err


def test_a_file_without_read_permission_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, late=LATE, secret=LATE)
    original = Path.open

    def refuse(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == "secret.yaml":  # root can read everything, so the refusal is played
            raise PermissionError(13, "Permission denied")
        return original(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refuse)

    code, _, err = lint(capsys)

    assert code == 4
    assert "error: scenarios/secret.yaml: cannot be read: permission denied [unreadable]" in err


def test_an_empty_folder_is_exit_code_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path)

    code, out, err = lint(capsys)

    assert (code, out) == (5, "")
    assert "error: scenarios: there is no scenario file [no-scenarios]" in err


def test_one_id_in_two_files_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE)
    (tmp_path / "scenarios" / "sub").mkdir()
    (tmp_path / "scenarios" / "sub" / "late.yaml").write_text(LATE)

    code, out, err = lint(capsys)

    assert code == 4
    assert "scenarios/sub/late.yaml:1: the id 'late' is already that of scenarios/late.yaml" in err
    assert out.startswith("1 scenario, 3 cells")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG.replace("control", "contrl"), "did you mean 'control'?"),
        (CONFIG.replace("kit:KIT", "kit:KITT"), "did you mean 'KIT'?"),
        (CONFIG.replace("kit:KIT", "kti:KIT"), "no module 'desk_world.kti'"),
        ("[tool.shadow", "no TOML"),
        ("", "no pyproject.toml with a table [tool.shadow]"),
    ],
)
def test_a_bad_configuration_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    project(tmp_path, late=LATE).write_text(text)

    code, out, err = lint(capsys)

    assert (code, out) == (4, "")
    assert err.count("error: ") == 1
    assert said in err


def test_bad_policy_rulings_and_fields_are_named_beside_good_scenarios(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE)
    below = tmp_path / "scenarios"
    (below / "gate.yaml").write_text("approvers: []\n")
    (below / "fields.yaml").write_text("- field: x\n")
    (below / "rulings").mkdir()
    (below / "rulings" / "r.yaml").write_text("id: R-x\n")

    code, out, err = lint(capsys)

    assert code == 4
    assert out.startswith("1 scenario, 3 cells")
    for file in ("gate.yaml", "fields.yaml", "rulings/r.yaml"):
        assert f"error: scenarios/{file}:" in err


def test_a_malformed_manifest_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE)
    (tmp_path / "scenarios" / "manifest.lock").write_text("<<<<<<< ours\n")

    code, _, err = lint(capsys)

    assert code == 4
    assert "error: scenarios/manifest.lock:1: no JSON" in err

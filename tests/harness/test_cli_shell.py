"""The command line's shell: start-up, exit codes, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import cli
from harness.cli import main
from harness.errors import ExitCode, InputError, NothingCompared, Void
from harness.manifest_file import read_manifest
from tests.harness.toy_project import HELD, LATE, project

ROOT = Path(__file__).parents[2]
HEAVY = ("msgspec", "yaml", "rich", "deepdiff", "greenlet", "asyncio", "tomllib", "fixtures")


def python(code: str, *, cwd: Path = ROOT, **streams: int) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=cwd, env=env, text=True, **streams)  # type: ignore[call-overload,no-any-return]


def ended(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    code = main(args)
    return code, capsys.readouterr().err


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `shadow lint` end in an error."""

    def fail(*_: object, **__: object) -> ExitCode:
        raise error

    monkeypatch.setattr("harness.lint.lint", fail)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from harness.cli import main; main(['--help']); main(['gate', '--help'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "others = [name for name in sys.modules if name.startswith('harness.')]\n"
        "print('HEAVY', heavy, sorted(others))"
    )
    process = python(code, stdout=subprocess.PIPE)

    out, _ = process.communicate(timeout=60)

    assert out.splitlines()[-1] == (
        "HEAVY [] ['harness.cli', 'harness.deletion_commands', 'harness.errors', "
        "'harness.hash_seed', 'harness.options', 'harness.recording_commands', "
        "'harness.shell', 'harness.text']"
    )


def test_help_lists_the_commands_and_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    out = capsys.readouterr().out
    for name in ("run", "gate", "show", "lint", "paths", "rule"):
        assert f"\n  {name} " in out


@pytest.mark.parametrize("name", ["run", "gate", "show", "lint", "paths", "rule"])
def test_every_command_has_the_common_options(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0

    out = capsys.readouterr().out
    assert "--config FILE" in out
    assert "--json" in out


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["lnt"],
        ["lint", "--wrte"],
        ["show"],
        ["show", "a", "b"],
        ["lint", "--config"],
        ["lint", "--tombstone", "a"],
        ["lint", "--tombstone", "a", "b"],
        ["lint", "--write", "x.yaml"],
        ["lint", "--write", "--json", "x\x1b[2J"],
        ["gate", "\x1b[2J", "--\x1b[2J"],
    ],
)
def test_wrong_usage_is_exit_code_4_and_one_message(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, err = ended(capsys, *args)

    assert code == 4
    assert err.startswith("error: ")
    assert "[usage]" in err
    assert "Traceback" not in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("slug", "went wrong", "f.yaml:3", "do this"), 4),
        (NothingCompared("slug", "went wrong", "f.yaml:3", "do this"), 5),
        (Void("slug", "went wrong", "f.yaml:3", "do this"), 6),
    ],
)
def test_an_expected_error_has_its_exit_code_and_no_traceback(
    error: Exception,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing(monkeypatch, error)

    assert ended(capsys, "lint") == (code, "error: f.yaml:3: went wrong [slug]\n  do this\n")


@pytest.mark.parametrize("error", [RuntimeError("a\x1b[2Jb"), RecursionError(), SystemExit(0)])
def test_an_unexpected_error_is_exit_code_3_with_a_traceback(
    error: BaseException, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, error)

    code, err = ended(capsys, "lint")

    assert code == 3
    assert "Traceback" in err
    assert "\x1b" not in err
    assert err.endswith("[internal]\n")


def test_an_interruption_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, KeyboardInterrupt())

    code, err = ended(capsys, "lint")

    assert code == 2
    assert "Traceback" not in err
    assert "nothing was decided" in err


def test_a_closed_pipe_is_no_traceback_and_changes_no_exit_code(tmp_path: Path) -> None:
    project(tmp_path, late=LATE)
    read, write = os.pipe()
    os.close(read)
    code = "import sys; from harness.cli import main; sys.exit(main(['lint']))"

    process = python(code, cwd=tmp_path, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    _, err = process.communicate(timeout=60)

    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    assert process.returncode == 1  # the manifest is missing


def test_closed_standard_error_is_no_traceback(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    code = "import sys; from harness.cli import main; sys.exit(main(['lint']))"

    process = python(code, cwd=tmp_path, stdout=subprocess.PIPE, stderr=write)
    os.close(write)
    out, _ = process.communicate(timeout=60)

    assert out == ""
    assert process.returncode == 4


def test_a_terminal_without_unicode_is_no_traceback(tmp_path: Path) -> None:
    project(tmp_path, late=LATE.replace("ticket: desk-1", "tickét: Ä"))
    code = (
        "import sys; sys.stderr.reconfigure(encoding='ascii', errors='strict')\n"
        "from harness.cli import main; sys.exit(main(['lint']))"
    )

    process = python(code, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=60)

    assert "unknown key 'tick" in err
    assert "Traceback" not in err
    assert process.returncode == 4


def test_saying_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    cli.say("Ä")

    assert capsys.readouterr() == ("Ä\n", "")


def test_lint_names_what_is_not_pinned_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = project(tmp_path, late=LATE)
    monkeypatch.chdir(tmp_path / "scenarios")

    assert main(["lint", "--config", str(config), "--json"]) == 1

    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["schema"] == "shadow.lint/1"
    assert found["scenarios"] == {"late": ["look", "desk.return", "api.pay_fine"]}
    assert [problem["slug"] for problem in found["problems"]] == ["manifest-missing"]
    assert "shadow lint --write" in captured.err


def test_lint_writes_the_manifest_and_then_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE, held=HELD)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "scenarios" / "manifest.lock"

    assert main(["lint", "--write"]) == 0
    assert main(["lint"]) == 0

    manifest = read_manifest(path)
    assert manifest is not None
    assert manifest.paths()["late#2"] == ("api.pay_fine",)
    assert set(manifest.branches) == {
        "desk_control.pay",
        "desk_control.returned",
    }
    written = path.read_bytes()
    assert main(["lint", "--write"]) == 0
    assert "manifest unchanged" in capsys.readouterr().out
    assert path.read_bytes() == written


def test_lint_of_named_files_does_not_call_the_others_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE, other=LATE.replace("id: late", "id: other"))
    monkeypatch.chdir(tmp_path)

    assert main(["lint", "--write"]) == 0
    (tmp_path / "scenarios" / "other.yaml").unlink()

    assert main(["lint", "scenarios/late.yaml"]) == 0
    assert main(["lint"]) == 1
    assert main(["lint", "--write"]) == 1
    assert "other: is pinned and gone" in capsys.readouterr().err
    assert main(["lint", "--write", "--tombstone", "other", "a double of late"]) == 0
    assert main(["lint"]) == 0


def test_nothing_is_pinned_where_a_file_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, late=LATE, bad="id: [")
    monkeypatch.chdir(tmp_path)

    assert main(["lint", "--write"]) == 4
    assert not (tmp_path / "scenarios" / "manifest.lock").exists()

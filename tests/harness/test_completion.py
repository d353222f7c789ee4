"""Completion in a shell: what is offered, in real shells, and never a complaint."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.cli import main
from harness.completion import VARIABLE
from tests.harness.toy_project import CONFIG, HELD, LATE, ON_TIME, project
from tests.shadow_command import PROGRAM

ROOT = Path(__file__).parents[2]
SHOWN = {"held", "late", "on-time"}
KIT = """\
from typing import NamedTuple


class Template(NamedTuple):
    title: str


class KIT:
    templates = {name: Template("A book") for name in ("late", "lost", "no word")}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pinned project, and the program on the path of whatever is started from here."""
    project(tmp_path, late=LATE, held=HELD, **{"on-time": ON_TIME})
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "shadow"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{PROGRAM}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["lint", "--write"]) in (0, 1)
    return tmp_path


def asked(*words: str, program: str = PROGRAM, **environ: str) -> subprocess.CompletedProcess[str]:
    """What the program answers to bash where the last of the words is begun."""
    asking = {VARIABLE: "bash_complete", "COMP_WORDS": " ".join(("shadow", *words))}
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asking, "COMP_CWORD": str(len(words)), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def offered(*words: str) -> set[str]:
    done = asked(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return {line.partition(",")[2] for line in done.stdout.splitlines() if line}


def test_scenarios_and_cells_are_offered_from_the_manifest(desk: Path) -> None:
    (desk / "scenarios" / "late.yaml").unlink()  # what is pinned is offered, no file is read

    assert offered("show", "") == SHOWN
    assert offered("show", "l") == {"late"}
    assert offered("show", "late#") == {"late#0", "late#1", "late#2"}
    assert offered("rule", "late") == {"late#1", "late#2"}  # nothing is ruled in a look
    assert offered("show", "nowhere") == set()


def test_commands_and_options_are_offered(desk: Path) -> None:
    assert offered("g") == {"gate", "guard"}
    assert {"--config", "--json"} <= offered("show", "--")
    assert offered("completion", "") == {"bash", "zsh", "fish"}


def test_templates_are_offered_where_the_kit_has_some(desk: Path) -> None:
    (desk / "a_kit.py").write_text(KIT)
    assert offered("new", "") == set()

    (desk / "pyproject.toml").write_text(CONFIG.replace("desk_world.kit", "a_kit"))

    assert offered("new", "") == {"late", "lost"}
    assert offered("new", "lo") == {"lost"}


def test_the_configuration_that_is_named_is_the_one_that_is_read(
    desk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert offered("show", "") == set()
    assert offered("show", "--config", str(desk / "pyproject.toml"), "") == SHOWN


@pytest.mark.parametrize(
    ("words", "file", "text"),
    [
        (("show", ""), "pyproject.toml", "[tool.shadow"),
        (("show", ""), "scenarios/manifest.lock", "{"),
        (("rule", "late#"), "scenarios/manifest.lock", ""),
        (("show", "'"), "scenarios/manifest.lock", ""),
        (("new", ""), "pyproject.toml", CONFIG.replace("desk_world", "desk_wrld")),
        (("new", ""), "pyproject.toml", CONFIG.replace("desk_world.kit", "raising")),
    ],
)
def test_what_cannot_be_read_is_no_answer_and_no_complaint(
    desk: Path, words: tuple[str, ...], file: str, text: str
) -> None:
    (desk / "raising.py").write_text("print('loaded')\nraise SystemExit(7)\n")
    (desk / file).write_text(text)

    done = asked(*words)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_a_name_that_is_no_word_is_never_offered(desk: Path) -> None:
    file = desk / "scenarios" / "manifest.lock"
    file.write_text(file.read_text().replace('"id":"held"', '"id":"a;$(touch b)\\n\\u001bc"'))

    assert offered("show", "") == {"late", "on-time"}


def test_no_engine_is_imported_to_answer(desk: Path) -> None:
    loud = (
        "import sys; from harness.cli import main; code = main()\n"
        "print(sorted(n for n in sys.modules if n.partition('.')[0] in "
        "('desk_control', 'desk_candidate', 'desk_world', 'yaml', 'rich', 'greenlet')))"
    )

    assert asked("show", "l", program=loud).stdout.splitlines() == ["plain,late", "[]"]


@pytest.mark.parametrize("value", ["", "bash", "bash_nothing", "tcsh_complete", "\x1b_complete"])
def test_a_question_that_nobody_understands_is_no_answer(desk: Path, value: str) -> None:
    done = asked("show", "", **{VARIABLE: value})

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


BASH = """
set -eu
source <(shadow completion bash)
complete -p shadow
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
_shadow_completion shadow
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = "shadow completion fish | source; complete -C 'shadow {words}'"
ZSH = """
autoload -Uz compinit && compinit -u
source <(shadow completion zsh)
print -r -- $_comps[shadow]
words=(shadow {words}); CURRENT=$#words
compadd() {{ print -rl -- $completions }}
_describe() {{ print -rl -- $completions_with_descriptions }}
_shadow_completion
"""
SHELLS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "bash": (BASH.replace("{words}", "shadow rule late"), ("--norc", "-c"), ("late#1", "late#2")),
    "zsh": (ZSH, ("-f", "-c"), ("late#1:desk.return", "late#2:api.pay_fine")),
    "fish": (FISH, ("--no-config", "-c"), ("late#1\tdesk.return", "late#2\tapi.pay_fine")),
}
"""Shell → what is run in it, how, and the lines in which the two cells of `late` are offered."""


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_completes_with_its_own_script(name: str, desk: Path) -> None:
    shell = shutil.which(name)
    if shell is None:
        pytest.skip(f"{name} is not installed")
    script, options, offers = SHELLS[name]

    done = subprocess.run(
        [shell, *options, script.format(words="rule late")],
        cwd=desk,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert set(offers) <= set(done.stdout.splitlines()), done.stdout
    assert sum("late#" in line for line in done.stdout.splitlines()) == len(offers)


def test_a_shell_that_is_not_known_is_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 4
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in capsys.readouterr().err

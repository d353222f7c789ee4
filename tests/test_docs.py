"""The documentation keeps its word: examples run, figures add up, links and commands exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from harness.cli import shadow as commands
from harness.model import Class, Outcome
from harness.moment import today
from harness.policy import THRESHOLDS
from tests.harness.cell_builder import ARCS, PATH, Run, cell, difference, observation
from tests.shadow_command import ROOT, shadow
from tests.told_docs import BLOCK, check, desk, told, write

DOCS = ROOT / "docs"
RULING = "scenarios/rulings/R-since-forgotten-while-owed.yaml"
SKIPPED = {".git", ".venv", "node_modules"}
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\[]*)\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.M)


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    found = (file.relative_to(ROOT) for file in ROOT.rglob("*.md"))
    kept = (file for file in found if not any(part in SKIPPED for part in file.parts))
    return sorted(file for file in kept if not any(p.startswith(".") for p in file.parts[:-1]))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"[^\w\- ]", "", LINK.sub(r"\g<text>", heading).lower())
        name, number = plain.replace(" ", "-"), 0
        while (one := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(one)
    return found


def links(text: str) -> Iterator[str]:
    """Relative links outside of code."""
    outside = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))
    for found in LINK.finditer(outside):
        if not re.match(r"[a-z]+:", found["target"]):
            yield found["target"]


def broken(page: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    wrong = []
    for target in links(page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            wrong.append(target)
    return wrong


# Links and names.


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert broken(ROOT / page) == []


def test_a_link_without_an_end_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    (tmp_path / "b.md").write_text("## One, and `two`\n")
    page.write_text(
        "# Own\n[x](gone.md) [y](b.md#one-and-two) [z](b.md#three) `[c](code.md)` [o](#own)"
    )

    assert broken(page) == ["gone.md", "b.md#three"]


def test_every_page_can_be_reached_from_the_readme_or_the_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md", DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in links(page.read_text("utf-8")) if page.suffix == ".md" else ():
            file = (page.parent / target.partition("#")[0]).resolve()
            waiting.extend(sorted(file.glob("*.md")) if file.is_dir() else [file])

    assert [str(file) for file in sorted(DOCS.rglob("*.md")) if file not in seen] == []


def test_the_readme_leads_to_the_index() -> None:
    assert "docs/README.md" in set(links((ROOT / "README.md").read_text("utf-8")))


MACHINE = re.compile(r"(?<![\w.:/])/(?:home|work|tmp|root|Users|var|opt|mnt)/\w")


@pytest.mark.parametrize("page", pages(), ids=str)
def test_no_page_names_a_place_of_somebodys_machine(page: Path) -> None:
    assert MACHINE.findall((ROOT / page).read_text("utf-8")) == []


def test_a_place_of_a_machine_is_seen() -> None:
    home = "/".join(("", "home", "me"))  # written so that this file names none itself
    assert MACHINE.search(f"see `{home}/x`")
    assert not MACHINE.search(f"https://example.com{home}")


# Commands.


def named_commands(text: str) -> list[str]:
    """Command lines in code: what stands behind `shadow `, in a span or on a line of a block."""
    spans = re.findall(r"`shadow ([^`\n]+)`", FENCE.sub("", text))
    lines = [
        line
        for block in FENCE.findall(text)
        for line in re.findall(r"^(?:\$ )?shadow( [^\n]*)?$", block, re.M)
    ]
    bare = (re.split(r"\s+#\s|\s*\|\s", line)[0].strip() for line in [*spans, *lines])
    return [line for line in bare if line]


def not_understood(line: str) -> str:
    """Why the real commands do not take a command line; empty where they do.

    `[PATH…]` and names in capitals stand for themselves, `[--write]` for an option.
    """
    words = shlex.split(re.sub(r"[\[\]]|…|\.\.\.", " ", line))
    command: click.Command = commands
    context = click.Context(commands)
    while isinstance(command, click.Group):
        if not words:
            return f"{command.name} alone is no command"
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    options = {name for one in command.params for name in one.opts if name.startswith("-")}
    for word in words:
        name = word.partition("=")[0]
        if name.startswith("-") and name not in {*options, "--help", "-h"}:
            return f"{command.name} has no option {name}"
    return ""


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_command_named_is_one(page: Path) -> None:
    lines = named_commands((ROOT / page).read_text("utf-8"))

    assert {line: why for line in lines if (why := not_understood(line))} == {}


def test_a_command_or_option_that_does_not_exist_is_seen() -> None:
    spans = "`shadow fly`, `shadow run --fast`, `shadow lint [PATH…] [--write]`"
    text = f"{spans}\n```\nshadow gate\nshadow: a job\n```"

    assert [*map(not_understood, named_commands(text))] == [
        "no command fly",
        "run has no option --fast",
        "",
        "",
    ]


def test_the_readme_lists_every_command_and_option_that_writes_a_file() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in ("run", "gate", "report"):
        params = commands.commands[name].params
        for option in (one for param in params for one in param.opts if one.startswith("--")):
            assert option in text, option


# Examples.


@pytest.mark.parametrize(
    ("page", "least"), [("adding-a-scenario.md", 3), ("reading-a-difference.md", 1)]
)
def test_the_examples_print_what_the_page_shows(page: str, least: int, tmp_path: Path) -> None:
    assert check(DOCS / page, desk(tmp_path)) >= least


def test_the_new_scenario_is_ruled_by_its_neighbours_ruling_and_can_be_pinned(
    tmp_path: Path,
) -> None:
    at = desk(tmp_path)
    for block in BLOCK.finditer((DOCS / "adding-a-scenario.md").read_text("utf-8")):
        if block["file"]:
            write(at / block["file"], block["text"])

    assert outcomes(at, "scenarios/invoice-voided/test-invoice-voided.yaml") == {
        "test-invoice-voided#0": "AGREE",
        "test-invoice-voided#1": "RULED",
    }
    assert "manifest written" in told("lint --write", at)
    assert "0 problems" in told("lint", at)


@pytest.fixture
def unruled(tmp_path: Path) -> Path:
    """The scenarios as they would be if nobody had signed the ruling of the example."""
    at = desk(tmp_path)
    (at / RULING).unlink()
    return at


def test_the_example_of_a_ruling_prints_what_the_page_shows(unruled: Path) -> None:
    assert check(DOCS / "writing-a-ruling.md", unruled) == 3


CELLS = ("void-forgets-written-off-debt#1", "one-of-two-debts-voided#2")
FILES = tuple(f"scenarios/invoice-voided/{cell.partition('#')[0]}.yaml" for cell in CELLS)


def outcomes(at: Path, *files: str) -> dict[str, str]:
    done = shadow("run", "--json", *files, at=at, PYTHONPATH=str(ROOT))
    scenarios = json.loads(done.stdout)["scenarios"]
    return {cell["cell"]: cell["outcome"] for one in scenarios for cell in one["cells"]}


def test_a_draft_rules_nothing_until_a_person_completes_it(unruled: Path) -> None:
    page = (DOCS / "writing-a-ruling.md").read_text("utf-8")
    example = next(block for block in BLOCK.finditer(page) if block["file"] == RULING)
    draft = told(f"rule {CELLS[0]}", unruled)
    completed = completed_as(draft, example["text"])

    before = outcomes(unruled, *FILES)
    write(unruled / RULING, draft)
    blank = told(f"run {FILES[0]}", unruled)
    write(unruled / RULING, completed)
    after = outcomes(unruled, *FILES)

    assert {before[cell] for cell in CELLS} == {"DIVERGE"}
    assert "[ruling-incomplete]" in blank
    assert {after[cell] for cell in CELLS} == {"RULED"}
    assert faults_of_rulings(unruled) == set()


def completed_as(draft: str, example: str) -> str:
    """The draft with each key as the example completes it; its clauses stay as drafted."""
    days = {"created": today(), "expires": today() + timedelta(days=180)}
    lines = example.splitlines()
    clauses = [line for line in draft.splitlines() if line.startswith("  - {at:")]
    assert clauses == [line for line in lines if line.startswith("  - {at:")]
    for key, day in days.items():
        lines = [f"{key}: {day}" if line.startswith(f"{key}:") else line for line in lines]
    return "\n".join(lines) + "\n"


def faults_of_rulings(at: Path) -> set[str]:
    """What a gate over the two files says against rulings."""
    done = shadow("gate", "--json", *FILES, at=at, PYTHONPATH=str(ROOT))
    verdict = json.loads(done.stdout)
    assert verdict["figures"]["leak"] == 0
    return {one["slug"] for one in verdict["reasons"] if one["slug"].startswith("ruling-")}


def test_a_completed_ruling_that_pins_another_value_is_refused(unruled: Path) -> None:
    page = (DOCS / "writing-a-ruling.md").read_text("utf-8")
    example = next(block for block in BLOCK.finditer(page) if block["file"] == RULING)
    draft = told(f"rule {CELLS[0]}", unruled)
    text = completed_as(draft, example["text"]).replace("{is: before}", "null")

    write(unruled / RULING, text)

    assert {outcomes(unruled, *FILES)[cell] for cell in CELLS} == {"DIVERGE"}
    assert "ruling-undershoot" in faults_of_rulings(unruled)


# Figures.

EXAMPLE = re.compile(
    r"^\| (\d+ (?:SOUND|REPAIR)[^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$",
    re.M,
)
WORDS = {
    "unproven": {"control_broken": ("I5: x",), "candidate_broken": ("I5: x",)},
    "worse": {"wrongs": ("asks for more than is owed",)},
    "case": {"deferrals": ("refund-failed",)},
}
"""What a word of the examples says of a cell's episode."""


def cells_of(text: str) -> Run:
    """A run of the cells that an example lists, with nothing else that could close its gate."""
    arcs = {unit: taken for unit, taken in ARCS.items() if unit != "pay"}
    made = [cell("voids#0", ("(given)",), control=observation())]
    for group in text.split(","):
        count, klass, outcome, *words = group.split()
        ruling = words[0] if outcome == "RULED" else ""
        changes: dict[str, Any] = {}
        for word in words:
            changes.update(WORDS.get(word, {}) if word == ruling else WORDS[word])
        for _ in range(int(count)):
            differs = outcome in ("RULED", "DIVERGE")
            made.append(
                cell(
                    f"voids#{len(made)}",
                    outcome=Outcome(outcome),
                    klass=Class(klass),
                    control=observation(arcs=arcs),
                    differences=(difference(ruling=ruling),) if differs else (),
                    **changes,
                )
            )
    classes = {name: name for name in ("control-bug", "intended-change")}
    return Run(cells=tuple(made), ruling_classes=classes)


EXAMPLES = EXAMPLE.findall((DOCS / "figures.md").read_text("utf-8"))


def test_there_is_an_example_for_every_figure() -> None:
    closed = {slug for row in EXAMPLES for slug in re.findall(r"`([a-z-]+)`", row[6])}

    assert len(EXAMPLES) == 11
    assert closed >= {"agreement-where-sound", "intended-change-share", "repairs-unproven"}
    assert closed >= {"made-worse", "left-to-a-person", "too-few-cells", "no-sound-case"}


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row[0].strip())
def test_the_examples_of_figures_are_what_the_harness_counts(row: tuple[str, ...]) -> None:
    path = cells_of(row[0]).verdict().paths[PATH]
    figures = path.evidence.figures

    counted = (
        figures.agreement_where_sound,
        figures.intended,
        figures.repairs_proven,
        figures.made_worse.n,
        figures.left_to_a_person.n,
    )
    assert [str(one) for one in counted] == [one.strip() for one in row[1:6]]
    assert {reason.slug for reason in path.reasons} == set(re.findall(r"`([a-z-]+)`", row[6]))


def test_the_thresholds_are_the_built_in_ones() -> None:
    text = (DOCS / "figures.md").read_text("utf-8")
    for threshold in THRESHOLDS:
        value = threshold.default
        written = str(value) if threshold.whole else f"{value.numerator}/{value.denominator}"
        assert re.search(rf"`{threshold.key}`[^|;]{{0,40}}\b{written}\b", text), threshold.key

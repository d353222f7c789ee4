"""`shadow new`: what it lists, what it writes, and what it refuses to write over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.compose import Composition, compose
from harness.document import read_document
from harness.errors import ExitCode, InputError
from harness.lint import lint
from harness.manifest import Manifest, Tombstone
from harness.manifest_file import NAME, write_manifest
from harness.scaffold import filled, named, new, templates_of
from tests.golden_files import golden
from tests.harness.toy_project import ON_TIME, project
from tests.replica_code import bring_control

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Begun:
    """A template of this test's own."""

    family: str = "S01"
    title: str = "A book comes back"
    folder: str = "desk"
    text: str = "id: $id\ntitle: $title\n"


def shipped(folder: Path) -> Path:
    """The shipped configuration with a scenarios folder of this test's own."""
    config = folder / "pyproject.toml"
    text = (ROOT / "pyproject.toml").read_text()
    config.write_text("[tool.shadow]" + text.split("[tool.shadow]")[1].split("\n\n")[0] + "\n")
    (folder / "scenarios").mkdir()
    for name in ("gate.yaml", "fields.yaml"):
        (folder / "scenarios" / name).write_bytes((ROOT / "scenarios" / name).read_bytes())
    bring_control(folder / "scenarios")
    (folder / "docs").symlink_to(ROOT / "docs")
    write_manifest(folder / "scenarios" / NAME, Manifest())
    return config


def began(config: Path, template: str | None, name: str | None, **options: object) -> list[str]:
    said: list[str] = []
    asked = {"title": None, "as_json": False, **options}
    code = new(config, template, name, say=said.append, **asked)  # type: ignore[arg-type]  # spread
    assert code == ExitCode.OPEN
    return said


def linted(config: Path) -> tuple[ExitCode, list[str]]:
    complaints: list[str] = []
    code = lint(
        config,
        (),
        write=False,
        tombstones=(),
        as_json=False,
        say=lambda _: None,
        complain=lambda error: complaints.append(error.slug),
    )
    return code, complaints


def refused(config: Path, template: str, name: str, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        began(config, template, name, **options)
    return caught.value


def test_the_list_names_family_and_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    golden("new-list.txt", "\n".join(began(shipped(tmp_path), None, None)))


def test_the_list_is_no_wider_than_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (listed,) = began(shipped(tmp_path), None, None)

    assert max(map(len, listed.splitlines())) <= 80
    assert listed.endswith("\n\nNext: shadow new TEMPLATE ID")


def test_the_list_as_json_has_every_template(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    (text,) = began(config, None, None, as_json=True)
    listed = json.loads(text)

    assert listed["schema"] == "shadow.new/1"
    assert {row["name"] for row in listed["templates"]} == set(
        templates_of(Composition(config=compose(config, ()).config))
    )
    assert {"name", "family", "title", "folder"} == set(listed["templates"][0])


def test_it_writes_a_scenario_that_lacks_its_then_and_nothing_else(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    (said,) = began(config, "S09", "paid-and-flagged", title="Paid: and still flagged")
    file = tmp_path / "scenarios" / "pay-bad-debt" / "paid-and-flagged.yaml"

    assert read_document(file).data["title"] == "Paid: and still flagged"
    assert said.splitlines()[-1].startswith("Next: ")
    assert str(file) in said.splitlines()[-1]
    assert linted(config) == (ExitCode.INPUT, ["then-missing"])


@pytest.mark.parametrize(
    ("then", "slug"), [("then: {}\n", "then-missing"), ("then:\n", "yaml-empty-value")]
)
def test_an_empty_then_is_refused(tmp_path: Path, then: str, slug: str) -> None:
    config = shipped(tmp_path)
    began(config, "S09", "begun")
    with (tmp_path / "scenarios" / "pay-bad-debt" / "begun.yaml").open("a") as file:
        file.write(then)

    assert linted(config) == (ExitCode.INPUT, [slug])


def test_with_a_then_it_is_a_scenario_that_only_waits_to_be_pinned(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    began(config, "S09", "begun")
    with (tmp_path / "scenarios" / "pay-bad-debt" / "begun.yaml").open("a") as file:
        file.write("then: {truth: {standing: clear}}\n")

    assert linted(config) == (ExitCode.CLOSED, ["scenario-not-in-manifest"])


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    began(config, "S09", "begun")
    before = (tmp_path / "scenarios" / "pay-bad-debt" / "begun.yaml").read_bytes()

    for template in ("S09", "S24"):  # in the same folder, and in another
        error = refused(config, template, "begun")
        assert (error.slug, error.where) == (
            "id-taken",
            str(tmp_path / "scenarios" / "pay-bad-debt" / "begun.yaml"),
        )
    assert (tmp_path / "scenarios" / "pay-bad-debt" / "begun.yaml").read_bytes() == before
    assert [file.name for file in (tmp_path / "scenarios").rglob(".*")] == []


def test_the_id_of_a_scenario_that_was_taken_out_is_not_given_again(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    stones = (Tombstone(id="gone", reason="it said nothing"),)
    write_manifest(tmp_path / "scenarios" / NAME, Manifest(tombstones=stones))

    error = refused(config, "S09", "gone")

    assert error.slug == "id-taken"
    assert "it said nothing" in error.message


@pytest.mark.parametrize("name", ["Big", "../out", "a/b", "", "x" * 101, ".hidden", "gate"])
def test_what_is_no_id_is_refused(tmp_path: Path, name: str) -> None:
    config = shipped(tmp_path)

    assert refused(config, "S09", name).slug == "scenario-id"
    assert [file for file in tmp_path.rglob("*.yaml") if file.stem not in ("gate", "fields")] == []


def test_an_unknown_template_names_the_nearest(tmp_path: Path) -> None:
    error = refused(shipped(tmp_path), "pay-now-and-stay-flaged", "begun")

    assert error.slug == "unknown-template"
    assert "did you mean 'pay-now-and-stay-flagged'?" in error.hint


def test_a_family_with_several_templates_lists_them_and_writes_nothing(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    said: list[str] = []
    with pytest.raises(InputError) as caught:
        new(config, "S50", "begun", title=None, as_json=False, say=said.append)

    assert caught.value.slug == "several-templates"
    assert all(row.startswith("S50 ") for row in said[0].split("\n\n")[0].splitlines())
    assert not list((tmp_path / "scenarios").rglob("begun.yaml"))


def test_a_kit_without_templates_says_what_to_do(tmp_path: Path) -> None:
    config = project(tmp_path, **{"on-time": ON_TIME})

    error = refused(config, "S09", "begun")

    assert (error.slug, error.hint != "") == ("no-templates", True)


def test_a_template_is_found_by_its_name_before_its_family() -> None:
    one, other = Begun(), Begun(family="S02")
    known = {"S02": one, "book": other}

    assert named(known, "S02") == {"S02": one}
    assert named(known, "S01") == {"S02": one}


@pytest.mark.parametrize(
    "title",
    [
        "Plain",
        "No: plain",
        "# hash",
        "yes",
        "12",
        "null",
        "'quoted'",
        "$id",
        "a\nb",
        "[x",
        "x\x1b",
    ],
)
def test_every_title_reads_back_as_it_was_given(tmp_path: Path, title: str) -> None:
    file = tmp_path / "begun.yaml"
    file.write_text(filled(Begun(), "begun", title))

    assert read_document(file).data == {"id": "begun", "title": title}


def test_a_blank_title_is_refused() -> None:
    with pytest.raises(InputError, match="blank"):
        filled(Begun(), "begun", "  ")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    config = shipped(tmp_path)
    (tmp_path / "scenarios" / "pay-bad-debt").write_text("no folder")

    assert refused(config, "S09", "begun").slug == "unwritable"

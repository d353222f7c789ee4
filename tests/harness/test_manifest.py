"""The manifest: what it pins, and every way in which it can be wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.document import parse_document
from harness.errors import InputError
from harness.manifest import Manifest, Present, Tombstone, cells_of, compare, pin
from harness.manifest_file import parse, problem_error, read_manifest, render, write_manifest
from harness.scenario import Scenario
from harness.scenario_file import scenario_of
from tests.harness.toy_project import HELD, LATE, VOCABULARY

EMPTY = b'{"schema": "shadow.manifest/1", "branches": {}, "tombstones": [], "scenarios": []}'


def scenario(name: str, text: str) -> Scenario:
    return scenario_of(parse_document(text.encode(), f"{name}.yaml"), VOCABULARY)


LATE_ONE, HELD_ONE = scenario("late", LATE), scenario("held", HELD)
PRESENT = Present(
    scenarios=(LATE_ONE, HELD_ONE),
    paths={
        "late#0": ("(given)",),
        "late#1": ("webhook.loan_returned",),
        "late#2": ("api.pay_fine",),
        **{id_: ("(unhandled)",) for id_, _ in cells_of(HELD_ONE)},
    },
    branches={"desk.pay": 4, "desk.return": 6},
)


def slugs(manifest: Manifest | None, present: Present) -> list[tuple[str, str]]:
    return [(problem.slug, problem.about) for problem in compare(manifest, present)]


def test_what_is_pinned_is_complete() -> None:
    manifest = pin(PRESENT)

    assert compare(manifest, PRESENT) == ()
    assert manifest.paths() == PRESENT.paths
    assert [one.id for one in manifest.scenarios] == ["held", "late"]


def test_the_file_has_one_line_a_scenario_and_says_the_same_again() -> None:
    manifest = pin(PRESENT, [Tombstone(id="gone", reason="a double of late")])

    content = render(manifest)

    assert parse(content, "manifest.lock") == manifest
    assert render(parse(content, "manifest.lock")) == content
    assert [line for line in content.splitlines() if b'"late"' in line and b"sha256" in line]
    assert len(content.splitlines()) == 14


def test_the_order_of_scenarios_changes_no_byte() -> None:
    turned = replace(PRESENT, scenarios=PRESENT.scenarios[::-1])

    assert render(pin(turned)) == render(pin(PRESENT))


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), unique_by=lambda one: one[0]))
def test_any_tombstone_is_read_as_it_was_written(graves: list[tuple[str, str]]) -> None:
    stones = [Tombstone(id=id_, reason=reason) for id_, reason in graves]
    manifest = pin(Present(scenarios=()), stones)

    assert parse(render(manifest), "manifest.lock") == manifest


def test_no_manifest_is_a_problem() -> None:
    assert slugs(None, PRESENT) == [("manifest-missing", "manifest.lock")]


def test_a_changed_file_is_stale_even_with_the_same_cells() -> None:
    changed = scenario("late", LATE + "# a comment\n")
    present = replace(PRESENT, scenarios=(changed, HELD_ONE))

    assert slugs(pin(PRESENT), present) == [("manifest-stale", "late")]


def test_cells_are_compared_by_id_and_label_and_not_only_counted() -> None:
    shorter = LATE.replace("  - {at: +2d1h, act: api.pay_fine, pays: asked}\n", "")
    swapped = LATE.replace("act: api.pay_fine, pays: asked", "act: sweep")

    less = slugs(pin(PRESENT), replace(PRESENT, scenarios=(scenario("late", shorter), HELD_ONE)))
    other = slugs(pin(PRESENT), replace(PRESENT, scenarios=(scenario("late", swapped), HELD_ONE)))

    assert less == [("manifest-stale", "late"), ("manifest-cell-missing", "late#2")]
    assert other == [
        ("manifest-stale", "late"),
        ("manifest-cell-missing", "late#2"),
        ("cell-not-in-manifest", "late#2"),
    ]


def test_a_new_scenario_is_to_be_pinned() -> None:
    manifest = pin(replace(PRESENT, scenarios=(LATE_ONE,)))

    assert slugs(manifest, PRESENT) == [("scenario-not-in-manifest", "held")]


def test_a_scenario_that_is_gone_needs_a_tombstone_with_a_reason() -> None:
    less = replace(PRESENT, scenarios=(LATE_ONE,))
    manifest = pin(PRESENT)

    buried = replace(manifest, tombstones=(Tombstone(id="held", reason="a double"),))
    silent = replace(manifest, tombstones=(Tombstone(id="held", reason=" "),))

    assert slugs(manifest, less) == [("scenario-removed", "held")]
    assert slugs(buried, less) == []
    assert slugs(silent, less) == [("scenario-removed", "held"), ("tombstone-empty", "held")]


def test_a_file_that_cannot_be_read_is_not_called_removed() -> None:
    less = replace(PRESENT, scenarios=(LATE_ONE,), unusable=("held",))

    assert slugs(pin(PRESENT), less) == []


def test_a_part_of_the_set_calls_nothing_removed() -> None:
    part = replace(PRESENT, scenarios=(LATE_ONE,), whole=False)

    assert slugs(pin(PRESENT), part) == []


def test_a_tombstone_of_a_scenario_that_lives_again_is_dropped() -> None:
    assert pin(PRESENT, [Tombstone(id="late", reason="x")]).tombstones == ()


def test_other_paths_in_a_cell_are_a_problem() -> None:
    moved = replace(PRESENT, paths={**PRESENT.paths, "late#2": ("webhook.loan_returned",)})
    lost = replace(PRESENT, paths={k: v for k, v in PRESENT.paths.items() if k != "late#2"})
    unasked = replace(PRESENT, paths=None)

    assert slugs(pin(PRESENT), moved) == [("paths-changed", "late#2")]
    assert slugs(pin(PRESENT), lost) == [("paths-changed", "late#2")]
    assert slugs(pin(PRESENT), unasked) == []


@pytest.mark.parametrize(
    ("branches", "about"),
    [
        ({"desk.pay": 3, "desk.return": 6}, "desk.pay"),
        ({"desk.pay": 4}, "desk.return"),
        ({"desk.pay": 4, "desk.return": 6, "desk.new": 1}, "desk.new"),
    ],
)
def test_other_totals_of_branches_are_a_problem(branches: dict[str, int], about: str) -> None:
    found = slugs(pin(PRESENT), replace(PRESENT, branches=branches))

    assert found == [("branch-total-changed", about)]


def test_a_problem_is_a_message_that_says_what_to_do() -> None:
    (problem,) = compare(None, PRESENT)

    assert problem_error(problem, Path("manifest.lock")).hint == "shadow lint --write"


@pytest.mark.parametrize(
    ("content", "slug", "where"),
    [
        (b"{", "manifest-malformed", "m:1"),
        (b'{\n"schema": "x",\n<<<<<<< ours', "manifest-malformed", "m:3"),
        (b"[]", "manifest-malformed", "m"),
        (b"\xff", "manifest-malformed", "m:1"),
        (b'{"schema": "shadow.manifest/9", "branches": {}, "scenarios": [], "tombstones": []}',
         "manifest-schema", "m"),
        (b'{"schema": "shadow.manifest/1", "branches": {}, "scenarios": []}',
         "manifest-malformed", "m"),
        (EMPTY.replace(b"[]}", b'[{"id": "a", "sha256": "", "cells": []},'
                                b' {"id": "a", "sha256": "", "cells": []}]}'),
         "manifest-malformed", "m"),
        (EMPTY.replace(b"[]}", b'[{"id": "a", "sha256": "", "cells": [[]]}]}'),
         "manifest-malformed", "m"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_one_message(content: bytes, slug: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(content, "m")

    assert (caught.value.slug, caught.value.where) == (slug, where)


def test_the_file_is_written_whole_and_only_where_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "manifest.lock"

    assert read_manifest(path) is None
    assert write_manifest(path, pin(PRESENT))
    assert not write_manifest(path, pin(PRESENT))
    assert read_manifest(path) == pin(PRESENT)
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.lock"]


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_manifest(tmp_path / "none" / "manifest.lock", pin(PRESENT))

    assert caught.value.slug == "unwritable"

"""A line is read as the file that it would be, whatever it says; only faster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.bulk.line import OneLine, read_line, reads_alike
from harness.document import parse_document
from harness.errors import InputError
from harness.scenario import Scenario
from harness.scenario_file import read_scenario
from tests.harness.line_desk import account, line
from tests.harness.toy_project import VOCABULARY

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), DATA))
@example({"a": "\u2028"})
@example({"a": "\x85"})
@example({"a": "\ufeff"})
@example({"a": "a\\b"})
@example({"": 1})
@example({"k" * 1_100: 1})
@example({"a": 10**18, "b": -(10**18) + 1})
@example({"a": [[[[[]]]], {}], "b": {"c": {}}})
@example({"a": "# no comment", "b": " - x: y ", "c": "yes", "d": "~"})
def test_what_is_decoded_as_json_is_what_the_reader_of_files_reads(data: dict[str, Any]) -> None:
    content = msgspec.json.encode(data) + b"\n"
    if not reads_alike(content, msgspec.json.decode(content)):
        return

    document = parse_document(content, "x.yaml")

    assert json.dumps(document.data) == json.dumps(data)
    assert dict(OneLine(data)) == dict(document.lines)


def test_ordinary_lines_take_the_fast_road() -> None:
    content = line(account(3))

    assert reads_alike(content, json.loads(content))
    titled = {**account(3), "title": "Zurück, 本, und 5 € gezahlt: 'ja'"}
    assert reads_alike(msgspec.json.encode(titled) + b"\n", titled)


@pytest.mark.parametrize(
    "content",
    [b'{"a": 1}', b'{"a":1,"a":1}', b'{"a":1.0}', b'{"a":1e3}', b'{"a":-0}', b'{"a":"\\u0041"}',
     b"[1]", b"7", b'{"a":9999999999999999999}', b'{"a":' + b"[" * 70 + b"]" * 70 + b"}"],
    ids=repr,
)  # fmt: skip
def test_what_could_mean_something_else_is_left_to_the_reader_of_files(content: bytes) -> None:
    assert not reads_alike(content + b"\n", msgspec.json.decode(content))


def as_file(folder: Path, content: bytes, name: str) -> Scenario | str:
    file = folder / f"{name}.yaml"
    file.write_bytes(content + b"\n")
    try:
        return read_scenario(file, VOCABULARY)
    except InputError as error:
        return f"{error.message} [{error.slug}] {error.hint} {error.corrected}"


def as_line(content: bytes, name: str) -> Scenario | str:
    try:
        return read_line(content, name, VOCABULARY)
    except InputError as error:
        return f"{error.message} [{error.slug}] {error.hint} {error.corrected}"


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an unknown key": {"tickt": "x"},
    "no title": {"title": " "},
    "something unwritten": {"title": "TODO"},
    "another id": {"id": "other"},
    "an id that is none": {"id": "No Id"},
    "a fraction": {"given": {"now": "2026-03-02T10:00:00Z", "loans": [], "fine": 1.5}},
    "an unknown act": {"when": [{"at": "+1d", "act": "desk.retrun", "loan": "ln_1"}]},
    "a time that is none": {"when": [{"at": "soon", "act": "sweep"}]},
    "what no world is": {"given": {"now": "never", "loans": []}},
    "an act that cannot be": {"when": [{"at": "+1d", "act": "desk.return", "loan": "ln_9"}]},
    "no provenance": {"provenance": {"kind": "curated", "source": "x"}},
    "a fault that nobody has": {"faults": ["Q77"]},
    "escapes": {"title": 'He said "no"\tand left'},
}


@pytest.mark.parametrize("edit", WRONG.values(), ids=WRONG)
def test_a_line_is_accepted_and_refused_as_its_file_would_be(
    edit: dict[str, Any], tmp_path: Path
) -> None:
    content = json.dumps({**account(3), **edit}, separators=(",", ":")).encode()

    read, told = as_file(tmp_path, content, "desk-3"), as_line(content, "desk-3")

    if isinstance(read, Scenario) and isinstance(told, Scenario):
        assert vars_of(told) == {**vars_of(read), "file": "desk-3.yaml"}
    else:
        assert told == read


def vars_of(scenario: Scenario) -> dict[str, Any]:
    return {name: getattr(scenario, name) for name in Scenario.__dataclass_fields__}


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"{", "line-syntax"),
        (b"id: desk-1", "line-syntax"),
        (b'{"id":"desk-1\xff"}', "line-syntax"),
        (b"[" * 100_000, "line-syntax"),
        (b"[]", "wrong-type"),
        (b"{}", "missing-key"),
        (None, "line-too-large"),
    ],
    ids=["half", "yaml", "bytes", "deep", "list", "empty", "large"],
)
def test_what_is_no_scenario_is_an_error_and_nothing_worse(
    content: bytes | None, slug: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_line(content, "desk-1", VOCABULARY)

    assert caught.value.slug == slug


def test_a_world_that_fails_to_load_one_account_fails_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(VOCABULARY.kit), "load", lambda *_: 1 / 0)

    with pytest.raises(InputError, match="ZeroDivisionError") as caught:
        read_line(line(account(1)).strip(), "desk-1", VOCABULARY)

    assert caught.value.slug == "line-failed"

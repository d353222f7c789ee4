"""YAML as plain data with the line of every place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.document import DEEPEST, parse_document
from harness.errors import InputError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def read(text: str) -> object:
    return parse_document(text.encode(), "f.yaml").data


def refused(content: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_document(content, "f.yaml")
    return caught.value


@given(PLAIN)
def test_any_json_without_floats_is_read_as_json_reads_it(data: object) -> None:
    # "\u007f" and the like may stand in a file only as escapes, which json.dumps writes
    text = json.dumps(data, ensure_ascii=True)
    if "\\ud" in text:  # JSON escapes astral characters as surrogates, which YAML does not have
        return

    assert read(text) == data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("True", "True"),
        ("~", "~"),
        ("12:30:00", "12:30:00"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("0x10", "0x10"),
        ("0o7", "0o7"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("=", "="),
        ('"1"', "1"),
        ("'true'", "true"),
        ("true", True),
        ("null", None),
        ("-7", -7),
        ("0", 0),
    ],
)
def test_only_jsons_scalars_are_more_than_text(text: str, value: object) -> None:
    found = read(f"a: {text}")

    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_every_place_knows_its_line() -> None:
    text = "given:\n  stripe:\n    invoices:\n      - id: a\n        amount: 5\n      - {id: b}\n"
    document = parse_document(text.encode(), "f.yaml")

    assert document.where("given.stripe.invoices[0].amount") == "f.yaml:5"
    assert document.where(("given", "stripe", "invoices", 1, "id")) == "f.yaml:6"
    assert document.where("given.stripe.invoices") == "f.yaml:3"


def test_a_place_that_is_not_there_has_the_line_of_the_nearest_around_it() -> None:
    document = parse_document(b"a:\n  b: 1\n", "f.yaml")

    assert document.where("a.c.d") == "f.yaml:1"
    assert document.where("x") == "f.yaml:1"
    assert document.at(("a", "c", "d")) is None


def test_a_key_that_holds_dots_is_found_by_its_steps() -> None:
    document = parse_document(b"hold:\n  invoice.paid: +3d\n", "f.yaml")

    assert document.where(("hold", "invoice.paid")) == "f.yaml:2"


@pytest.mark.parametrize(
    ("content", "slug", "line"),
    [
        (b"a: &x 1", "yaml-alias", 1),
        (b"a: 1\nb: *x", "yaml-alias", 2),
        (b"a: 1\nb:\n  c: 1\n  c: 2", "yaml-duplicate-key", 4),
        (b"a: 1.5", "yaml-number", 1),
        (b"a: 1e5", "yaml-number", 1),
        (b"a: " + b"9" * 5000, "yaml-number", 1),
        (b"a: !!python/object:os.system x", "yaml-tag", 1),
        (b"a: ! x", "yaml-tag", 1),
        (b"a: 1\n---\nb: 2", "yaml-documents", 2),
        (b"", "file-empty", 1),
        (b"# nothing\n", "file-empty", 1),
        (b"a: 1\nb: \xff", "not-utf8", 2),
        ("a: 1".encode("utf-16"), "not-utf8", 1),
        (b"a: 1\nb: \x01", "yaml-character", 2),
        (b"a: 1\nb: \x1b[2J", "yaml-character", 2),
        (b"a: b: c", "yaml-syntax", 1),
        (b"a: [1,\n2", "yaml-syntax", 2),
        (b"a:\n\tb: 1", "yaml-syntax", 2),
        (b'a: "\\ud800"', "yaml-syntax", 1),
        (b"a: 1\nb:", "yaml-empty-value", 2),
        (b"{a, b}", "yaml-empty-value", 1),
        (b"? [x]\n: 1", "yaml-key", 1),
        (b'"": 1', "yaml-key", 1),
        (b"[" * 1_000_000, "yaml-too-deep", 1),
        (b"{a: " * 100_000, "yaml-too-deep", 1),
        (b"- " * 100_000, "yaml-too-deep", 1),
    ],
)
def test_what_a_reviewer_would_misread_is_refused_with_its_line(
    content: bytes, slug: str, line: int
) -> None:
    error = refused(content)

    assert (error.slug, error.where) == (slug, f"f.yaml:{line}")
    assert error.exit_code == 4


def test_a_duplicate_key_names_both_lines() -> None:
    assert (
        "b.c: the key stands twice, first in line 3"
        in refused(b"a: 1\nb:\n  c: 1\n  c: 2").message
    )


def test_depth_up_to_the_limit_is_read() -> None:
    assert read("[" * DEEPEST + "]" * DEEPEST)


def test_a_byte_order_mark_and_carriage_returns_are_no_content() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1\r\nb: x\r\n", "f.yaml").data == {"a": 1, "b": "x"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_place(content: bytes) -> None:
    try:
        said = parse_document(content, "f.yaml").where()
    except InputError as error:
        said = f"{error.where} {error.message}"

    assert said.startswith("f.yaml:")
    assert said.isprintable()

"""Fields that only one side keeps: named one by one, with a decision each."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.document import parse_document
from harness.errors import InputError
from harness.fields import Field, Fields, fields_of, read_fields

ENTRY = """\
- field: books.billing_db.failed_attempts
  status: retired
  reason: the counter dies with its writer
  decision: docs/decisions/0007-counters.md
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "docs" / "decisions" / "0007-counters.md").write_text("# Counters\n")
    return tmp_path


def field(path: str) -> Field:
    return Field(path=path, status="retired", reason="r", decision="d")


def refused(text: str, root: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        fields_of(parse_document(text.encode(), "fields.yaml"), root=root)
    return caught.value


def test_a_field_is_left_out_and_nothing_else(root: Path) -> None:
    fields = fields_of(parse_document(ENTRY.encode(), "fields.yaml"), root=root)
    facets = {"books": {"billing_db": {"failed_attempts": 3, "bad_debt": True}}, "money": {}}

    projected = fields.project(facets)

    assert projected == {"books": {"billing_db": {"bad_debt": True}}, "money": {}}
    assert facets["books"]["billing_db"]["failed_attempts"] == 3


def test_a_field_that_is_not_there_is_no_error() -> None:
    fields = Fields(fields=(field("books.a.b"), field("response.payable")))

    assert fields.project({"books": {"a": None}}) == {"books": {"a": None}}


def test_one_wildcard_stands_for_the_keys_of_a_collection() -> None:
    fields = Fields(fields=(field("books.invoices.*.x"),))
    books = {"invoices": {"in_1": {"x": 1, "y": 1}, "in_2": {"x": 2}}, "other": {"x": 1}}

    assert fields.project({"books": books}) == {
        "books": {"invoices": {"in_1": {"y": 1}, "in_2": {}}, "other": {"x": 1}}
    }
    assert fields.covers("books.invoices.in_1.x")
    assert fields.covers("books.invoices.in_1.x.deeper")
    assert not fields.covers("books.invoices.in_1.y")
    assert not fields.covers("books.invoices.in_1")


def test_a_file_that_is_not_there_leaves_every_field_compared(tmp_path: Path) -> None:
    assert read_fields(tmp_path / "fields.yaml", root=tmp_path) == Fields()


def test_the_list_may_stand_under_a_key(root: Path) -> None:
    text = "fields:\n" + "".join(f"  {line}\n" for line in ENTRY.splitlines())

    assert fields_of(parse_document(text.encode(), "f"), root=root).fields[0].status == "retired"


@pytest.mark.parametrize(
    ("was", "is_", "slug", "line", "said"),
    [
        ("books.billing", "boks.billing", "unknown-facet", 1, "did you mean 'books'?"),
        ("books.billing_db.failed_attempts", "books", "field-path", 1, "names no field"),
        ("billing_db.failed_attempts", "a..b", "field-path", 1, "names no field"),
        ("failed_attempts", "*", "field-path", 1, "between two keys"),
        ("billing_db.failed_attempts", "*.x", "field-path", 1, "between two keys"),
        ("billing_db.failed_attempts", "a.*.b.*.c", "field-path", 1, "between two keys"),
        ("status: retired", "status: gone", "wrong-value", 2, "'gone'"),
        (
            "reason: the counter dies with its writer",
            'reason: " "',
            "field-reason",
            3,
            "no reason",
        ),
        ("0007-counters", "0008-counters", "unknown-decision-record", 4, "0007-counters.md"),
        ("decision:", "decison:", "unknown-key", 4, "did you mean 'decision'?"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line(
    root: Path, was: str, is_: str, slug: str, line: int, said: str
) -> None:
    error = refused(ENTRY.replace(was, is_, 1), root)

    assert (error.slug, error.where) == (slug, f"fields.yaml:{line}")
    assert said in str(error)


def test_a_field_stands_once(root: Path) -> None:
    error = refused(ENTRY * 2, root)

    assert (error.slug, error.where) == ("field-twice", "fields.yaml:5")

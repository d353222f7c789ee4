"""What recordings are read from: JSON, JSON Lines, folders, lists of ids, keys."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.record import raw_files
from harness.record.pseudonym import pseudonyms, read_key
from harness.record.raw_files import Read, read_lines, read_raw

HERE = "e.json"


def read(folder: Path, text: str | bytes, name: str = HERE) -> Read:
    """Read one file, named without its folder."""
    content = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(content)
    return read_raw([Path(name)])


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ids(read: Read) -> list[tuple[object, str]]:
    return [(raw.data.get("id"), raw.where) for raw in read.found]


def slugs(read: Read) -> list[tuple[str, str]]:
    return [(error.slug, error.where) for error in read.failures]


def test_an_object_alone_is_one(tmp_path: Path) -> None:
    assert ids(read(tmp_path, '{"object": "event", "id": 1}')) == [(1, "e.json")]


def test_a_list_of_stripes_is_turned_round_for_it_names_the_newest_first(tmp_path: Path) -> None:
    found = read(tmp_path, '{"object": "list", "data": [{"id": 2}, {"id": 1}]}')

    assert ids(found) == [(1, "e.json[1]"), (2, "e.json[0]")]


def test_an_array_stays_in_its_order(tmp_path: Path) -> None:
    assert ids(read(tmp_path, '[{"id": 1}, {"id": 2}]')) == [(1, "e.json[0]"), (2, "e.json[1]")]


def test_lines_hold_an_object_or_a_list_each_and_blank_ones_nothing(tmp_path: Path) -> None:
    text = '\ufeff{"id": 1}\n\n  \n{"object": "list", "data": [{"id": 3}, {"id": 2}]}\r\n{"id": 4}'

    found = read(tmp_path, text, "e.jsonl")

    assert ids(found) == [(1, "e.jsonl:1"), (2, "e.jsonl:4[1]"), (3, "e.jsonl:4[0]"),
                          (4, "e.jsonl:5")]  # fmt: skip


def test_a_file_with_several_values_is_read_as_lines_whatever_its_name(tmp_path: Path) -> None:
    assert ids(read(tmp_path, '{"id": 1}\n{"id": 2}\n')) == [(1, "e.json:1"), (2, "e.json:2")]


def test_a_folder_is_read_to_its_depth_with_numbers_by_their_value(tmp_path: Path) -> None:
    for name in ("a/page-10.json", "a/page-9.json", "b.ndjson", "a/b/c.jsonl", "a/notes.txt"):
        file = tmp_path / "all" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('{"id": 1}')

    found = read_raw([Path("all")])

    assert [raw.where for raw in found.found] == [
        "all/a/b/c.jsonl:1", "all/a/page-9.json", "all/a/page-10.json", "all/b.ndjson:1",
    ]  # fmt: skip


def test_a_folder_without_json_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()

    assert slugs(read_raw([Path("none")])) == [("no-files", "none")]


@pytest.mark.parametrize(
    ("text", "slug", "where"),
    [
        ("{", "json-syntax", "e.json:1"),
        ('{"a":\n\n1,}', "json-syntax", "e.json:3"),
        ('{"a": NaN}', "json-syntax", "e.json"),
        ('{"a": -Infinity}', "json-syntax", "e.json"),
        ('{"a": 1, "a": 1}', "json-syntax", "e.json"),
        ('{"x": {"a": 1, "a": 2}}', "json-syntax", "e.json"),
        ("[" * 200_000, "json-syntax", "e.json"),
        ("1", "no-objects", "e.json"),
        ("null", "no-objects", "e.json"),
        ('{"object": "list"}', "no-objects", "e.json"),
        ('{"object": "list", "data": {}}', "no-objects", "e.json"),
        (b'{"a": "\xff"}', "not-utf8", "e.json:1"),
        ("", "json-syntax", "e.json:1"),
    ],
)
def test_what_is_no_json_of_objects_is_named(
    tmp_path: Path, text: str | bytes, slug: str, where: str
) -> None:
    found = read(tmp_path, text)

    assert found.found == ()
    assert slugs(found) == [(slug, where)]


def test_a_bad_member_or_line_leaves_the_others(tmp_path: Path) -> None:
    members = read(tmp_path, '[{"id": 1}, 7, null, {"id": 2}]')
    lines = read(tmp_path, b'{"id": 1}\n{"id": }\n\xff\n3\n{"id": 2}\n', "e.jsonl")

    assert [one for one, _ in ids(members)] == [1, 2]
    assert slugs(members) == [("no-object", "e.json[1]"), ("no-object", "e.json[2]")]
    assert [one for one, _ in ids(lines)] == [1, 2]
    assert slugs(lines) == [
        ("json-syntax", "e.jsonl:2"), ("not-utf8", "e.jsonl:3"), ("no-objects", "e.jsonl:4"),
    ]  # fmt: skip


def test_an_error_never_shows_what_was_recorded(tmp_path: Path) -> None:
    found = read(tmp_path, '["somebody@example.com"]')

    assert "somebody" not in str(found.failures)


def test_a_fraction_stays_exact(tmp_path: Path) -> None:
    (raw,) = read(tmp_path, '{"rate": 0.10000000000000000055, "n": 12345678901234567890}').found

    assert raw.data == {"rate": Decimal("0.10000000000000000055"), "n": 12345678901234567890}


def test_a_file_of_one_value_is_bounded_and_one_of_lines_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_files, "LARGEST", 100)
    monkeypatch.setattr(raw_files, "LONGEST_LINE", 50)
    many = '{"id": 1}\n' * 30

    assert slugs(read(tmp_path, "[" + " " * 100 + "]")) == [("file-too-large", "e.json")]
    assert len(read(tmp_path, many, "e.jsonl").found) == 30
    long = read(tmp_path, many + "x" * 60, "e.jsonl")
    assert slugs(long) == [("line-too-long", "e.jsonl:31")]
    assert len(long.found) == 30


def test_what_is_no_file_is_a_failure_and_no_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "good.json").write_text('{"id": 1}')

    found = read_raw([Path("pipe.json"), Path("missing.json"), Path("good.json")])

    assert slugs(found) == [("not-a-file", "pipe.json"), ("unreadable", "missing.json")]
    assert len(found.found) == 1


def test_lines_of_text_are_read_without_the_space_around_them(tmp_path: Path) -> None:
    (tmp_path / "calls").write_bytes(b"\xef\xbb\xbfreq_1\r\n\n  key 2 \nreq_3")

    assert read_lines(Path("calls")) == ("req_1", "key 2", "req_3")
    (tmp_path / "calls").write_bytes(b"req_1\n\xff\n")
    with pytest.raises(InputError) as caught:
        read_lines(Path("calls"))
    assert (caught.value.slug, caught.value.where) == ("not-utf8", "calls:2")


def test_a_pseudonym_is_the_same_for_the_same_key_and_for_no_other() -> None:
    one, other = pseudonyms(b"k" * 16), pseudonyms(b"l" * 16)

    # RFC 4231 test case 1: HMAC-SHA-256 of "Hi There" under twenty bytes of 0x0b
    assert pseudonyms(b"\x0b" * 20)("Hi There") == "b0344c61d8db3853"
    assert one("cus_1") == pseudonyms(b"k" * 16)("cus_1")
    assert len({one("cus_1"), one("cus_2"), other("cus_1")}) == 3
    assert one("\ud800") != one("?")


def test_a_key_is_read_without_its_line_end_and_made_anew_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"0123456789abcdef\r\n")

    assert read_key(Path("key")) == b"0123456789abcdef"
    assert len(read_key(None)) == 32
    assert read_key(None) != read_key(None)
    (tmp_path / "key").write_bytes(b"0123456789abcde\n")
    with pytest.raises(InputError, match="15 bytes"):
        read_key(Path("key"))


@pytest.mark.parametrize("levels", [61, 900])
def test_what_is_nested_deeper_than_a_scenario_can_be_is_refused(
    tmp_path: Path, levels: int
) -> None:
    """Else whoever walks through it runs out of frames."""
    deep = '{"id": 2, "a": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"

    found = read(tmp_path, '{"id": 1}\n' + deep + "\n", "e.jsonl")

    assert ids(found) == [(1, "e.jsonl:1")]
    assert slugs(found) == [("json-syntax", "e.jsonl:2")]
    assert "nested deeper than 60" in found.failures[0].message

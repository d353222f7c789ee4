"""Where a population is read from: a file, a URL, or the copy of another machine."""

from __future__ import annotations

import builtins
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import proof
from harness.bulk.location import Url, located
from harness.bulk.ranges import Range, bytes_of, cut, lines_of, sources_of, taken
from harness.errors import ExitCode, InputError
from tests.harness.line_desk import Ran, desk, kept, lines, numbers, packed

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
SEVEN = numbers(7)


@pytest.fixture
def memory() -> Iterator[Any]:
    """A file system of fsspec that nobody else has anything in."""
    fsspec = pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


# --- behind a URL


@pytest.mark.parametrize("frames", [False, True], ids=["lines", "frames"])
def test_a_url_is_read_as_the_file_would_be(
    frames: bool, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN) + b"{\n")
    if frames:
        file = packed(tmp_path / "desk.jsonl.zst", lines(SEVEN[:3]), lines(SEVEN[3:]) + b"{\n")
    local = Ran(file)
    url = f"memory://{file.name}"
    memory.pipe(f"/{file.name}", file.read_bytes())

    ran = Ran(url, store="other.db")  # type: ignore[arg-type]  # as a command line names it

    assert ran.code == local.code == ExitCode.INPUT
    assert ran.told["files"][0] == {**local.told["files"][0], "file": url}
    for key in ("accounts", "cells", "free", "parts", "checked_against_itself"):
        assert ran.told[key] == local.told[key]
    without = ("part", "cell", "run")
    assert kept("runs.db", without=without) == kept("other.db", without=without)


def test_a_url_that_is_written_to_meanwhile_ends_the_run(memory: Any) -> None:
    memory.pipe("/p.jsonl", lines(SEVEN))
    (source,) = sources_of([Url("memory://p.jsonl")])
    (piece,) = cut(source)
    assert len(list(lines_of(piece))) == len(SEVEN)
    memory.pipe("/p.jsonl", lines([*SEVEN[1:], SEVEN[0]]))

    with pytest.raises(InputError, match="was written to since the run began"):
        list(lines_of(piece))


@pytest.mark.parametrize("url", ["memory://none.jsonl", "nobody://p.jsonl"])
def test_a_url_that_cannot_be_read_is_an_error_of_its_own(url: str, memory: Any) -> None:
    with pytest.raises(InputError) as error:
        sources_of([Url(url)])

    assert (error.value.slug, error.value.where) == ("unreadable", url)


def test_a_url_may_hold_no_secret(memory: Any) -> None:
    with pytest.raises(InputError) as error:
        located("ftp://me:hunter2@host/p.jsonl")

    assert error.value.slug == "url-secret"
    assert "hunter2" not in str(error.value)
    assert located("s3://bucket/who@example/p.jsonl") == Url("s3://bucket/who@example/p.jsonl")


def test_without_fsspec_a_url_is_refused_and_a_file_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def none(name: str, *args: Any) -> Any:
        if name == "fsspec":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", none)

    assert located("p.jsonl") == Path("p.jsonl")
    with pytest.raises(InputError, match="a URL is read with fsspec") as error:
        located("s3://bucket/p.jsonl")
    assert error.value.slug == "cluster-packages"


# --- another machine's copy


def a_range(file: Path) -> tuple[Range, str]:
    piece = list(cut(sources_of([file])[0], lines=3))[1]
    return piece, hashlib.sha256(bytes_of(piece)).hexdigest()


@pytest.mark.parametrize("frames", [False, True], ids=["lines", "frames"])
def test_a_range_is_taken_by_its_digest_however_old_the_copy_is(
    frames: bool, tmp_path: Path
) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(lines(SEVEN))
    if frames:
        file = packed(tmp_path / "p.jsonl.zst", lines(SEVEN[:3]), lines(SEVEN[3:6]))
    piece, sha256 = a_range(file)
    before = list(lines_of(piece))
    os.utime(file, (1, 1))
    with pytest.raises(InputError, match="was written to"):
        list(lines_of(piece))

    there = taken(piece, sha256)
    file.unlink()

    assert list(lines_of(there)) == before
    assert len(before) == 3


@pytest.mark.parametrize("change", ["a byte", "the end"])
def test_a_copy_that_holds_anything_else_is_refused(change: str, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(lines(SEVEN))
    piece, sha256 = a_range(file)
    content = bytearray(file.read_bytes())
    content[piece.first + 9] ^= 1
    file.write_bytes(bytes(content) if change == "a byte" else lines(SEVEN)[: piece.last - 1])

    with pytest.raises(InputError) as error:
        taken(piece, sha256)

    assert error.value.slug == "range-otherwise"


def test_a_copy_may_differ_where_it_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(lines(SEVEN))
    piece, sha256 = a_range(file)
    file.write_bytes(b"x" * piece.first + lines(SEVEN)[piece.first : piece.last])

    assert taken(piece, sha256) == replace(piece, taken=lines(SEVEN)[piece.first : piece.last])


# --- what a process proves


def test_versions_are_of_what_was_imported_and_of_what_may_be() -> None:
    found = dict(proof.versions(["msgspec", "pytest", "pytest.foo", "json", "nobody"]))

    assert "pytest" in found
    assert found["msgspec"]
    assert "deepdiff" in found  # imported with the first account that differs
    assert not {"shadow-dunning", "hypothesis", "json", "nobody"} & set(found)
    assert list(found) == sorted(found)


def test_two_proofs_differ_in_what_either_has_alone() -> None:
    assert proof.unlike({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == ("b", "c")
    assert proof.unlike({"a": "1"}, {"a": "1"}) == ()

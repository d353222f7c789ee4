"""Frames: each can be read alone, the table fits, ordinary decoders read the whole."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from harness.bulk import frames as framing
from harness.bulk.frames import Frame, FrameWriter, contents, frames_of
from harness.errors import InputError

PIECES = (b'{"a":1}\n{"a":2}\n', b'{"b":3}\n', b'{"c":"' + b"x" * 9_000 + b'"}\n')


def packed(*pieces: bytes) -> bytes:
    out = io.BytesIO()
    writer = FrameWriter(out)
    for piece in pieces:
        writer.add(piece)
    writer.close()
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "lines.jsonl.zst"
    made.write_bytes(packed(*PIECES))
    return made


def test_each_frame_is_read_by_itself_in_any_order(file: Path) -> None:
    frames = frames_of(file)

    assert [frame.content for frame in frames] == [len(piece) for piece in PIECES]
    assert list(contents(file, frames[::-1])) == list(PIECES[::-1])
    for frame, piece in zip(frames, PIECES, strict=True):
        alone = file.read_bytes()[frame.start : frame.start + frame.size]
        assert zstandard.ZstdDecompressor().decompress(alone) == piece
        assert json.loads(piece.splitlines()[0])


def test_every_frame_says_its_size_and_carries_a_checksum(file: Path) -> None:
    for frame, piece in zip(frames_of(file), PIECES, strict=True):
        head = file.read_bytes()[frame.start : frame.start + frame.size]
        said = zstandard.get_frame_parameters(head)
        assert said.content_size == len(piece)
        assert said.has_checksum


def test_an_ordinary_decoder_reads_the_whole_and_skips_the_table(file: Path) -> None:
    with file.open("rb") as stream:
        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        assert reader.read() == b"".join(PIECES)


def test_the_table_is_that_of_the_seekable_format() -> None:
    content = packed(b"a\n", b"bc\n")
    frames = sum(
        len(zstandard.ZstdCompressor(write_checksum=True).compress(p)) for p in (b"a\n", b"bc\n")
    )

    table = content[frames:]

    assert table[:8] == struct.pack("<II", 0x184D2A5E, 2 * 8 + 9)
    assert table[-9:] == struct.pack("<IBI", 2, 0, 0x8F92EAB1)
    assert [row[1] for row in struct.iter_unpack("<II", table[8:-9])] == [2, 3]


def test_no_frame_at_all_is_a_table_alone(tmp_path: Path) -> None:
    empty = tmp_path / "none.jsonl.zst"
    empty.write_bytes(packed())

    assert frames_of(empty) == ()


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6))
def test_what_was_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    file = tmp_path_factory.mktemp("law") / "x.jsonl.zst"
    file.write_bytes(packed(*pieces))

    assert list(contents(file, frames_of(file))) == pieces


WHOLE = packed(*PIECES)
DAMAGED = {
    "an empty file": b"",
    "lines that are not compressed": b"".join(PIECES),
    "no table": WHOLE[: -(8 + 3 * 8 + 9)],
    "a table cut short": WHOLE[:-1],
    "a frame cut out": WHOLE[40:],
    "a count that is too large": WHOLE[:-9] + struct.pack("<IBI", 2**32 - 1, 0, 0x8F92EAB1),
    "a count that is too small": WHOLE[:-9] + struct.pack("<IBI", 2, 0, 0x8F92EAB1),
    "checksums that nobody wrote": WHOLE[:-9] + struct.pack("<IBI", 3, 128, 0x8F92EAB1),
    "another magic number": WHOLE[:-9] + struct.pack("<IBI", 3, 0, 0x8F92EAB2),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_table_that_does_not_fit_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl.zst"
    file.write_bytes(content)

    with pytest.raises(InputError) as refused:
        frames_of(file)

    assert refused.value.slug == "frames-damaged"
    assert "x.jsonl.zst" in refused.value.where


def test_a_changed_byte_of_content_is_seen(file: Path) -> None:
    frames = frames_of(file)
    content = bytearray(file.read_bytes())
    content[frames[1].start + frames[1].size - 1] ^= 1  # of its checksum
    file.write_bytes(content)

    with pytest.raises(InputError) as refused:
        list(contents(file, frames))

    assert refused.value.slug == "frames-damaged"


def test_a_frame_of_another_size_than_the_table_says_is_never_unpacked(file: Path) -> None:
    first, *_ = frames_of(file)
    lying = Frame(start=first.start, size=first.size, content=first.content + 1)

    with pytest.raises(InputError, match="another number of bytes"):
        list(contents(file, (lying,)))


def test_a_table_that_asks_for_too_much_memory_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "LARGEST", 9_000)

    with pytest.raises(InputError, match="does not fit"):
        frames_of(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone.jsonl.zst"

    with pytest.raises(InputError, match="cannot be read"):
        frames_of(gone)
    with pytest.raises(InputError, match="cannot be read"):
        list(contents(gone, ()))

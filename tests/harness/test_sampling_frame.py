"""Frames are read strictly; draws are uniform, made again the same, without burned accounts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.document import parse_document
from harness.errors import InputError
from harness.sampling.draw import Seed, draw, drawable, unlisted
from harness.sampling.drawn_list import list_of, read_list, sizes_of
from harness.sampling.frame import Frame, frame_of, read_frame, stratum_name

DIGEST = "0123456789abcdef" * 4
FRAME = f"""\
population:
  what: accounts that owed anything in the window
  from: 2026-01-01
  to: 2026-03-31
  source: warehouse, billing.accounts, 2026-04-01
made: shadow sample ids
strata:
  segment=pro,currency=usd: {{accounts: 3, sha256: {DIGEST}, ids: frame/pro.ids}}
  segment=free,currency=usd: {{accounts: 0, sha256: {DIGEST}}}
"""
SEED = Seed("frame", "candidate", "previous")
PRO, FREE = "currency=usd,segment=pro", "currency=usd,segment=free"


def frame(text: str = FRAME, folder: Path = Path("scenarios")) -> Frame:
    return frame_of(parse_document(text.encode(), "frame.yaml"), folder)


def listed(folder: Path, strata: Mapping[str, Iterable[str]], *, end: str = "\n") -> Frame:
    """A frame with its lists in a folder."""
    rows = []
    for number, (name, ids) in enumerate(strata.items()):
        content = "".join(f"{one}{end}" for one in ids).encode()
        (folder / f"{number}.ids").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        size = content.count(b"\n")
        rows.append(f"  {name}: {{accounts: {size}, sha256: {digest}, ids: {number}.ids}}\n")
    return frame(FRAME.partition("strata:")[0] + "strata:\n" + "".join(rows), folder)


def ids(count: int, first: int = 0) -> list[str]:
    return [f"recorded-{number:06d}" for number in range(first, first + count)]


# --- the file


def test_a_frame_says_whom_it_speaks_for() -> None:
    read = frame()

    assert [stratum.name for stratum in read.strata] == [FREE, PRO]
    assert (read.accounts, str(read.begins), str(read.ends)) == (3, "2026-01-01", "2026-03-31")
    assert read.strata[1].ids == Path("scenarios/frame/pro.ids")
    assert read.strata[0].ids is None
    assert not read.listed
    assert read.sha256 == hashlib.sha256(FRAME.encode()).hexdigest()


def test_there_may_be_no_frame(tmp_path: Path) -> None:
    assert read_frame(tmp_path / "frame.yaml") is None


def test_a_stratum_is_named_as_the_kit_names_it_in_any_order() -> None:
    assert stratum_name({"segment": "pro", "currency": "usd"}) == PRO


@pytest.mark.parametrize(
    ("old", "new", "slug", "line", "said"),
    [
        ("made:", "maid:", "unknown-key", 6, "did you mean 'made'?"),
        ("  what:", "  waht:", "unknown-key", 2, "did you mean 'what'?"),
        ("made: shadow sample ids\n", "", "missing-key", 1, "'made' is missing"),
        ("shadow sample ids", '" "', "frame-blank", 6, "says nothing"),
        ("accounts that owed anything in the window", '""', "frame-blank", 2, "says nothing"),
        ("2026-01-01", "2026-02-30", "frame-window", 3, "no date"),
        ("2026-01-01", "20260101x", "frame-window", 3, "no date"),
        ("to: 2026-03-31", "to: 2025-12-31", "frame-window", 4, "before it begins"),
        ("accounts: 3", "accounts: -1", "frame-accounts", 8, "-1 accounts"),
        ("accounts: 3", "accounts: true", "wrong-type", 8, "expected int"),
        ("accounts: 3", "accounts: 0", "frame-empty", 7, "no stratum has an account"),
        ("accounts: 3", "acounts: 3", "unknown-key", 8, "did you mean 'accounts'?"),
        (f"sha256: {DIGEST}, ids", f"sha256: {DIGEST[1:]}, ids", "frame-sha256", 8, "no SHA-256"),
        (f"sha256: {DIGEST}, ids", f"sha256: {DIGEST.upper()}, ids", "frame-sha256", 8, "lower"),
        ("frame/pro.ids", "/frame/pro.ids", "frame-ids", 8, "beside the frame"),
        ("frame/pro.ids", '""', "frame-ids", 8, "beside the frame"),
        ("segment=pro,currency=usd", "pro", "frame-stratum", 8, "is no stratum"),
        ("segment=pro,currency=usd", "segment=pro,segment=x", "frame-stratum", 8, "no stratum"),
        (
            "segment=pro,currency=usd",
            "currency=usd,segment=free",
            "frame-stratum",
            9,
            "stands twice",
        ),
        (FRAME.partition("strata:")[2], " {}\n", "frame-empty", 7, "no stratum"),
    ],
)
def test_what_is_wrong_with_a_frame_is_named_with_its_line(
    old: str, new: str, slug: str, line: int, said: str
) -> None:
    assert FRAME.count(old) >= 1

    with pytest.raises(InputError) as error:
        frame(FRAME.replace(old, new, 1))

    assert (error.value.slug, error.value.where) == (slug, f"frame.yaml:{line}")
    assert said in str(error.value)


# --- drawing


def test_a_draw_is_made_again_the_same_in_whatever_order_the_ids_stand(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one = listed(tmp_path, {PRO: ids(200), FREE: ids(50, 200)})
    other = listed(tmp_path / "other", {PRO: reversed(ids(200)), FREE: ids(50, 200)}, end="\r\n")
    sizes = {PRO: 20, FREE: 5}

    assert draw(one, SEED, sizes, ()) == draw(other, SEED, sizes, ())
    assert draw(one, SEED, sizes, ()) == draw(one, SEED, sizes, ())


@pytest.mark.parametrize("field", Seed._fields)
def test_another_seed_draws_other_accounts(field: str, tmp_path: Path) -> None:
    population = listed(tmp_path, {PRO: ids(500)})
    other = SEED._replace(**{field: "other"})

    assert draw(population, SEED, {PRO: 50}, ()) != draw(population, other, {PRO: 50}, ())


def test_two_parts_of_a_seed_cannot_stand_for_each_other(tmp_path: Path) -> None:
    population = listed(tmp_path, {PRO: ids(500)})
    shifted = Seed("frame\ncandidate", "previous", "")

    assert draw(population, SEED, {PRO: 9}, ()) != draw(population, shifted, {PRO: 9}, ())


def test_burned_accounts_are_counted_and_not_drawn(tmp_path: Path) -> None:
    population = listed(tmp_path, {PRO: ids(40), FREE: ids(10, 40)})
    burned = {*ids(40)[:30], "recorded-unknown"}

    drawn = draw(population, SEED, {PRO: 40, FREE: 3}, burned)

    assert drawn[PRO].drawn == tuple(ids(40)[30:])
    assert drawn[PRO].burned == tuple(ids(40)[:30])
    assert (drawn[PRO].accounts, drawn[FREE].burned) == (40, ())
    assert drawable(population, burned) == {PRO: 10, FREE: 10}


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 60), size=st.integers(0, 70), seed=st.text("ab", max_size=4))
def test_a_draw_has_the_size_that_is_asked_for_and_nobody_twice(
    count: int, size: int, seed: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    population = listed(tmp_path_factory.mktemp("draw"), {PRO: ids(count)})

    drawn = draw(population, SEED._replace(previous=seed), {PRO: size}, ())[PRO].drawn

    assert len(drawn) == len(set(drawn)) == min(size, count)
    assert set(drawn) <= set(ids(count))


def test_every_account_is_drawn_as_often_as_any_other(tmp_path: Path) -> None:
    """Chi-square of 2,000 draws of 5 among 20, 19 degrees: 43.8 is exceeded once in a thousand."""
    population = listed(tmp_path, {PRO: ids(20)})
    tally: Counter[str] = Counter()
    for number in range(2_000):
        tally.update(
            draw(population, SEED._replace(previous=str(number)), {PRO: 5}, ())[PRO].drawn
        )

    chi = sum((tally[one] - 500) ** 2 / (500 * 15 / 20) for one in ids(20)) * 19 / 20
    assert chi < 43.8


@pytest.mark.parametrize(
    ("content", "slug", "said"),
    [
        ("recorded-1\nrecorded-2\n", "ids-changed", "SHA-256"),
        (None, "frame-ids-missing", "is not there"),
    ],
)
def test_a_list_that_is_not_the_frames_is_not_drawn_from(
    content: str | None, slug: str, said: str, tmp_path: Path
) -> None:
    population = listed(tmp_path, {PRO: ids(2)})
    file = tmp_path / "0.ids"
    file.unlink() if content is None else file.write_text(content)

    with pytest.raises(InputError, match=said) as error:
        draw(population, SEED, {PRO: 1}, ())

    assert error.value.slug == slug


def test_a_list_of_another_length_than_the_frame_says_is_refused(tmp_path: Path) -> None:
    whole = listed(tmp_path, {PRO: ids(7)})
    text = FRAME.partition("strata:")[0]
    text += f"strata:\n  {PRO}: {{accounts: 8, sha256: {whole.strata[0].sha256}, ids: 0.ids}}\n"

    with pytest.raises(InputError) as error:
        draw(frame(text, tmp_path), SEED, {PRO: 1}, ())

    assert error.value.slug == "ids-count"
    assert "7 ids, the frame says 8" in error.value.message


@pytest.mark.parametrize(
    ("bad", "line"), [("Recorded-1", 3), ("", 3), ("two ids", 3), ("x" * 300, 3), ("é", 3)]
)
def test_a_line_that_is_no_id_is_named(bad: str, line: int, tmp_path: Path) -> None:
    population = listed(tmp_path, {PRO: [*ids(2), bad]})

    with pytest.raises(InputError) as error:
        draw(population, SEED, {PRO: 1}, ())

    assert error.value.slug == "ids-line"
    assert error.value.where.endswith(f"0.ids:{line}")


def test_an_account_that_stands_twice_is_named_with_both_places(tmp_path: Path) -> None:
    twice = listed(tmp_path, {PRO: [*ids(5), ids(5)[1]]})
    with pytest.raises(InputError) as error:
        draw(twice, SEED, {PRO: 1}, ())
    assert error.value.slug == "ids-twice"
    assert error.value.where.endswith("0.ids:6")
    assert "0.ids:2 already" in error.value.message

    both = listed(tmp_path, {PRO: ids(5), FREE: ids(3, 4)})
    with pytest.raises(InputError) as error:
        draw(both, SEED, {PRO: 1}, ())
    assert error.value.slug == "ids-twice"
    assert error.value.where.endswith("0.ids:5")
    assert "1.ids:1 already" in error.value.message


def test_what_is_in_no_list_is_a_stranger(tmp_path: Path) -> None:
    population = listed(tmp_path, {PRO: ids(5), FREE: ids(3, 5)})

    assert unlisted(population, {ids(1)[0], ids(1, 7)[0], "made-up"}) == {"made-up"}


# --- the list of a draw


def test_a_list_is_read_back_as_it_was_drawn(tmp_path: Path) -> None:
    population = listed(tmp_path, {PRO: ids(9), FREE: ids(3, 9)})
    drawn = draw(population, SEED, {PRO: 4, FREE: 0}, ids(2))
    content = list_of(drawn, SEED)

    assert read_list(content, sizes_of(drawn), "file") == drawn
    assert content.startswith(b"# frame frame\n# candidate candidate\n# previous previous\n")


@pytest.mark.parametrize(
    "fault",
    [
        lambda text: text.replace("drawn\n", "burned\n", 1),
        lambda text: text.rpartition("recorded")[0],
        lambda text: text + "recorded-000777\tcurrency=usd,segment=pro\tdrawn\n",
        lambda text: text.replace("recorded-", "recoded-", 1),
        lambda text: text.replace("segment=pro", "segment=por", 1),
    ],
)
def test_a_list_that_was_changed_is_not_the_one_that_was_drawn(
    fault: object, tmp_path: Path
) -> None:
    population = listed(tmp_path, {PRO: ids(9)})
    drawn = draw(population, SEED, {PRO: 4}, ())
    changed = fault(list_of(drawn, SEED).decode()).encode()  # type: ignore[operator]

    with pytest.raises(InputError) as error:
        read_list(changed, sizes_of(drawn), "file")

    assert error.value.slug == "sample-list"

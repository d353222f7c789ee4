"""Replaying again: what nothing has changed for is found, and comes out as if it were replayed."""

from __future__ import annotations

import marshal
import pickle
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from msgspec import structs

from harness.bulk import range_replay, reuse
from harness.bulk import replay as replaying
from harness.bulk.reuse import CONTROL, PAIR, Reuse, key_of
from harness.errors import ExitCode, InputError
from harness.kept import fingerprint
from harness.kept import shelf as shelf_module
from harness.kept.control import control_lived
from harness.kept.packing import packed, unpacked
from harness.kept.shelf import ASIDE, MARK, MOST, SUFFIX, Open, Shelf
from harness.lockstep import Lockstep
from harness.store import reader, writer
from harness.store.opening import opened
from tests.harness.line_desk import (
    DEADLY,
    Ran,
    account,
    deadly,
    desk,
    kept,
    killed,
    line,
    lines,
    numbers,
)
from tests.harness.planted import CANDIDATE, PAY, RETURNED, edit
from tests.harness.test_planted_outcomes import RULING, TODAY
from tests.harness.toy_project import KIT

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

KEPT = Path("kept")


def counts(ran: Ran) -> tuple[int, int]:
    """Accounts that were found, and that were replayed because they were not."""
    told = ran.told["kept"]
    return told["found"], told["replayed"]


def bodies(change: Callable[[bytes, bytes], bytes]) -> None:
    """Write all rows of the pair's shelf anew, where there is one: key and body → body."""
    (file,) = KEPT.glob(f"{PAIR}-*{SUFFIX}")
    with closing(sqlite3.connect(file)) as at, at:
        for key, body in at.execute("SELECT key, body FROM kept").fetchall():
            at.execute("UPDATE kept SET body = ? WHERE key = ?", (change(key, body), key))


def test_what_nothing_changed_for_is_found_and_comes_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(numbers(9)))
    plain = Ran(file, store="plain.db", by=4)
    first = Ran(file, store="first.db", by=4, kept=KEPT)

    again = Ran(file, store="again.db", by=4, kept=KEPT)

    assert plain.told["kept"] is None
    assert counts(first) == (0, 9)
    assert counts(again) == (9, 0)
    assert 3 <= again.told["kept"]["replayed_again"] < 9  # one of each range, or as lots fall
    assert kept("plain.db") == kept("first.db") == kept("again.db")
    assert first.code == again.code == plain.code == ExitCode.CLOSED
    assert again.complaints == []


def test_what_the_other_process_saw_is_kept_and_it_is_not_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled, other = numbers(2, sampled=True), numbers(2)
    file = desk(tmp_path, monkeypatch, lines([*sampled[:1], *other]))
    Ran(file, store="first.db", by=9, kept=KEPT)

    def begun(config: Path, files: list[Path]) -> Any:
        raise AssertionError(f"the other process is begun for {len(files)} accounts")

    monkeypatch.setattr(range_replay, "SecondProcess", begun)
    again = Ran(file, store="again.db", by=9, kept=KEPT)

    assert counts(again) == (3, 0)
    assert kept("first.db") == kept("again.db")


EDITS = (
    (PAY, ("ports.member.update(fine=0)", "ports.member.update(fine=0, blocked=False)")),
    (PAY, ('{"status": 200, "receipt": receipt}', '{"status": 201, "receipt": receipt}')),
    (PAY, ('"nothing_to_pay"', '"nothing_due"')),
    (RETURNED, ("days * 25", "days * 24")),
    (RETURNED, ("if days > 0:", "if days > 1:")),
    (RETURNED, ('ports.notifier.send("fined", days=days)', "pass")),
    (RETURNED, ('ports.reason("late", days=days)', 'raise ValueError("late")')),
    (CANDIDATE, ('ENGINE = candidate("new desk", 25)', 'ENGINE = candidate("new desk", 26)')),
    (CANDIDATE, ("if member.blocked and not member.fine:", "if member.blocked:")),
    (CANDIDATE, ('raise Refused("conflict", "nothing_to_pay")', 'raise KeyError("fine")')),
    (CANDIDATE, ('return {"status": 200, "receipt": receipt}', "return {}")),
    (CANDIDATE, ("days = 0 if loan is None", "days = 1 if loan is None")),
)


@pytest.mark.parametrize("seed", range(2))
def test_after_any_edits_it_comes_out_as_a_full_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Edits of either engine and of accounts, made and taken back at random, in any order."""
    chance = random.Random(seed)  # noqa: S311  # edits are no secret
    which = numbers(12)
    file = desk(tmp_path, monkeypatch, lines(which))
    made: set[int] = set()
    found = replayed = 0

    for step in range(8):
        number = chance.randrange(len(EDITS))
        name, (old, new) = EDITS[number]
        edit(tmp_path / name, (new, old) if number in made else (old, new))
        made ^= {number}
        if chance.random() < 0.4:
            which = [*which[1:], chance.randrange(1_000, 9_000)]
            file.write_bytes(lines(dict.fromkeys(which)))
        for ran in range(2):
            partly = Ran(file, store=f"partly-{step}-{ran}.db", by=6, kept=KEPT)
            found, replayed = found + counts(partly)[0], replayed + counts(partly)[1]
        whole = Ran(file, store=f"whole-{step}.db", by=6)

        assert kept(f"partly-{step}-0.db") == kept(f"whole-{step}.db")
        assert kept(f"partly-{step}-1.db") == kept(f"whole-{step}.db")
        assert partly.code == whole.code

    assert found
    assert replayed


def test_rulings_and_dates_are_asked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk(tmp_path, monkeypatch, lines([3, 6, 7]))
    first = Ran(file, store="first.db", kept=KEPT)
    ruling = tmp_path / "scenarios" / "rulings" / "paid.yaml"
    ruling.parent.mkdir(parents=True)
    ruling.write_text(RULING.replace("late#2", "desk-3#2"))

    ruled = Ran(file, store="ruled.db", kept=KEPT)
    plain = Ran(file, store="plain.db")
    monkeypatch.setattr(replaying, "today", lambda _: TODAY + timedelta(days=200))
    expired = Ran(file, store="expired.db", kept=KEPT)

    assert counts(ruled) == counts(expired) == (3, 0)
    assert [one.told["cells"]["RULED"] for one in (first, ruled, plain, expired)] == [0, 1, 1, 0]
    assert kept("ruled.db") == kept("plain.db")


def altered(key: bytes, body: bytes) -> bytes:
    """Another answer in every row, which says of itself that it is whole."""
    (name,) = NAMES
    one = Open(shelf=Shelf(KEPT, PAIR, name))
    content = one._content(key, body)
    assert content is not None
    form, second = marshal.loads(content)  # noqa: S302  # written by this test
    (head, cells, *rest), back = unpacked(form).form
    act, paths, _, *more = cells[-1]
    last = (act, paths, "UNDECIDABLE", *more)
    content = marshal.dumps((packed(((head, (*cells[:-1], last), *rest), back)), second))
    pack = zstandard.ZstdCompressor().compress(content)
    return one._mark(key, pack) + pack


def alike(key: bytes, body: bytes) -> bytes:
    """That both sides left the same everywhere, in every row, which says that it is whole."""
    one = Open(shelf=Shelf(KEPT, PAIR, NAMES[0]))
    content = one._content(key, body)
    assert content is not None
    form, second = marshal.loads(content)  # noqa: S302  # written by this test
    front, sides, back = marshal.loads(form)  # noqa: S302  # likewise
    form = marshal.dumps((front, (True,) * len(sides), back))
    pack = zstandard.ZstdCompressor().compress(marshal.dumps((form, second)))
    return one._mark(key, pack) + pack


NAMES: list[str] = []


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Note under which fingerprint something is kept."""
    made = fingerprint.pair

    def noted(composition: Any) -> Any:
        found = made(composition)
        NAMES[:] = [found.name]
        return found

    monkeypatch.setattr(fingerprint, "pair", noted)
    yield
    NAMES.clear()


def test_what_was_altered_voids_the_run_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of each range is replayed all the same, so the first range finds it."""
    file = desk(tmp_path, monkeypatch, lines(numbers(6)))
    plain = Ran(file, store="plain.db", by=6)
    Ran(file, store="first.db", by=6, kept=KEPT)
    bodies(altered)

    void = Ran(file, store="void.db", by=6, kept=KEPT)
    store = opened("void.db", make=False)
    states = set(writer.states(store, void.run).values())

    assert void.code is ExitCode.VOID
    assert void.slugs == ["kept-otherwise"]
    assert "(cell #" in void.complaints[0].message
    assert not void.told["complete"]
    assert states == {writer.ANNOUNCED}
    assert reader.one(store, void.run).totals.expected.count == 0
    assert {one.suffix for one in KEPT.iterdir()} == {ASIDE}  # nobody finds it again

    after = Ran(file, store="void.db", by=6, kept=KEPT, resume=void.run)

    assert counts(after) == (0, 6)
    assert after.code == plain.code
    assert kept("void.db", without=("made_of",)) == kept("plain.db", without=("made_of",))


def test_lots_find_a_row_that_says_wrongly_that_both_sides_left_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines([3]))
    Ran(file, store="first.db", kept=KEPT)
    bodies(alike)

    void = Ran(file, store="void.db", kept=KEPT)

    assert (void.code, void.slugs) == (ExitCode.VOID, ["kept-otherwise"])


def test_an_engine_that_differs_from_what_it_did_voids_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that goes by what no fingerprint knows."""
    file = desk(tmp_path, monkeypatch, lines([3]))
    Ran(file, store="first.db", kept=KEPT)
    charge = type(KIT).outcome
    monkeypatch.setattr(
        type(KIT), "outcome", lambda self, world: {**charge(self, world), "asks": 77}
    )

    void = Ran(file, store="void.db", kept=KEPT)

    assert (void.code, void.slugs) == (ExitCode.VOID, ["kept-otherwise"])


@pytest.mark.parametrize(
    "harm",
    [
        lambda _, body: body[:-1] + bytes([body[-1] ^ 1]),
        lambda _, body: body[: MARK + 3],
        lambda _, body: b"",
        lambda _, body: body[1:],
    ],
    ids=["flipped", "cut off", "empty", "moved"],
)
def test_what_is_damaged_is_not_found_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[bytes, bytes], bytes]
) -> None:
    file = desk(tmp_path, monkeypatch, lines(numbers(4)))
    Ran(file, store="first.db", by=4, kept=KEPT)
    bodies(harm)

    again = Ran(file, store="again.db", by=4, kept=KEPT)
    mended = Ran(file, store="mended.db", by=4, kept=KEPT)

    assert counts(again) == (0, 4)
    assert again.told["kept"]["damaged"] == 4
    assert counts(mended) == (4, 0)
    assert kept("first.db") == kept("again.db") == kept("mended.db")


def test_a_row_of_another_form_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(key: bytes, _: bytes) -> bytes:
        one = Open(shelf=Shelf(KEPT, PAIR, NAMES[0]))
        form = ((("simulated", (), (), None), ((1, 2),), (), ()), ((((0,), (0,)),), ()))
        pack = zstandard.ZstdCompressor().compress(marshal.dumps((packed(form), None)))
        return one._mark(key, pack) + pack

    file = desk(tmp_path, monkeypatch, lines(numbers(2)))
    Ran(file, store="first.db", kept=KEPT)
    bodies(other)

    again = Ran(file, store="again.db", kept=KEPT)

    assert counts(again) == (0, 2)
    assert again.told["kept"]["damaged"] == 2
    assert kept("first.db") == kept("again.db")


def test_a_row_in_the_place_of_another_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(numbers(2)))
    Ran(file, store="first.db", kept=KEPT)
    found: dict[bytes, bytes] = {}
    bodies(lambda key, body: found.setdefault(key, body))
    one, other = found
    swapped = {one: found[other], other: found[one]}
    bodies(lambda key, _: swapped[key])

    again = Ran(file, store="again.db", kept=KEPT)

    assert counts(again) == (0, 2)
    assert again.told["kept"]["damaged"] == 2


def test_a_file_that_is_none_is_told_and_everything_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(numbers(3)))
    first = Ran(file, store="first.db", kept=KEPT)
    for shelf in KEPT.glob(f"*{SUFFIX}"):
        shelf.write_bytes(b"nothing that anybody could read" * 999)

    again = Ran(file, store="again.db", kept=KEPT)

    assert counts(again) == (0, 3)
    assert again.slugs == ["kept-trouble"]
    assert again.code == first.code
    assert kept("first.db") == kept("again.db")


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines([1]))
    (tmp_path / "taken").write_text("no folder")

    with pytest.raises(InputError) as caught:
        Ran(file, store="first.db", kept=Path("taken"))

    assert caught.value.slug == "kept-folder"


def test_what_may_come_out_otherwise_is_not_kept_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several things at once, and a line that is no scenario."""
    race = account(1, name="desk-race")
    race["when"].append(
        {"together": [{"at": "+3d", "act": "api.pay_fine"}, {"at": "+3d", "act": "sweep"}]}
    )
    file = desk(tmp_path, monkeypatch, line(race) + line({"id": "desk-x"}) + lines([1]))
    Ran(file, store="first.db", by=3, kept=KEPT)

    again = Ran(file, store="again.db", by=3, kept=KEPT)

    assert counts(again) == (1, 1)
    assert again.told["kept"]["not_kept"] == 1
    assert again.told["accounts"]["not_run"]
    assert kept("first.db") == kept("again.db")


def test_the_longest_unused_shelves_are_taken_down(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        Shelf(tmp_path, PAIR, f"{number:032d}").begin()
        with Shelf(tmp_path, PAIR, f"{number:032d}").opened():
            pass

    assert len(list(tmp_path.glob(f"*{SUFFIX}"))) == MOST
    assert Shelf(tmp_path, PAIR, f"{MOST + 2:032d}").file.exists()


def test_lots_hang_on_the_run_and_there_is_always_one(tmp_path: Path) -> None:
    contents = [f"{number}".encode() for number in range(2_000)]
    with (
        Shelf(tmp_path, PAIR, "0" * 64).opened() as open_,
        Shelf(tmp_path, CONTROL, "0" * 64).opened() as other,
    ):
        open_.put({key_of(one): b"x" for one in contents})
        drawn = []
        for run in ("one", "other"):
            found = Reuse(open=open_, control=other)
            found.draw(contents, run)
            drawn.append(found.drawn)
            found.draw(contents[:3], run)
            assert 1 <= len(found.drawn) <= 3

    assert all(8 <= len(one) <= 40 for one in drawn)
    assert drawn[0] != drawn[1]


CENTS = ('ENGINE = candidate("new desk", 25)', 'ENGINE = candidate("new desk", 26)')


def test_a_change_of_the_candidate_runs_no_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the control answers is noted in a file: only who is drawn is in it."""
    file = desk(tmp_path, monkeypatch, lines(range(3, 30, 3)))
    first = Ran(file, store="first.db", by=9, kept=KEPT)
    edit(tmp_path / CANDIDATE, CENTS)
    real = Lockstep.pair

    def pair(self: Any, spec: Any, before: Any) -> Any:
        (tmp_path / f"ran-{self.scenario.id}").touch()  # from another process
        return real(self, spec, before)

    monkeypatch.setattr(Lockstep, "pair", pair)
    again = Ran(file, store="again.db", by=9, kept=KEPT)
    ran = [one.name for one in tmp_path.glob("ran-*")]
    monkeypatch.setattr(Lockstep, "pair", real)
    plain = Ran(file, store="plain.db", by=9)

    told = again.told["kept"]
    assert (told["found"], told["replayed"], told["control_found"]) == (0, 9, 9)
    assert 1 <= told["replayed_again"] < 9  # as lots fall
    assert len(ran) == told["replayed_again"]
    assert again.told["cells"] == plain.told["cells"] != first.told["cells"]
    assert kept("again.db") == kept("plain.db")

    third = Ran(file, store="third.db", by=9, kept=KEPT)

    assert counts(third) == (9, 0)
    assert kept("third.db") == kept("plain.db")


def test_events_that_are_held_and_items_that_are_moot_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = account(3, name="desk-held")
    held["when"][0]["hold"] = {"loan.returned": "+3d"}
    moot = account(3, name="desk-moot")
    moot["when"].append({"at": "+5d", "deliver": "loan.returned", "of": "ln_7"})
    refused = account(1, name="desk-refused")
    refused["when"].append({"at": "+5d", "act": "api.pay_fine", "pays": "asked"})
    file = desk(tmp_path, monkeypatch, b"".join(map(line, (held, moot, refused))))
    Ran(file, store="first.db", by=3, kept=KEPT)
    edit(tmp_path / CANDIDATE, CENTS)

    again = Ran(file, store="again.db", by=3, kept=KEPT)
    Ran(file, store="plain.db", by=3)

    assert again.told["kept"]["control_found"] == 3
    assert kept("again.db") == kept("plain.db")


def test_a_control_that_was_altered_voids_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines([3, 6]))
    Ran(file, store="first.db", kept=KEPT)
    edit(tmp_path / CANDIDATE, CENTS)
    monkeypatch.setattr(
        reuse,
        "control_lived",
        lambda content, package: tuple(
            one._replace(
                control=structs.replace(one.control, facets={**one.control.facets, "money": {}})
            )
            for one in control_lived(content, package)
        ),
    )

    void = Ran(file, store="void.db", kept=KEPT)

    assert (void.code, void.slugs) == (ExitCode.VOID, ["kept-otherwise"])
    assert {one.suffix for one in KEPT.glob(f"{CONTROL}-*")} == {ASIDE}


class Deed:
    """It does something when it is read."""

    def __reduce__(self) -> Any:
        return (print, ("read",))


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps((Deed(),)),
        b"\x80\x04c" + b"desk_world.kit\nKIT.load.__globals__\n.",
        b"\x80\x04cposix\nsystem\n.",
        b"",
        b"\x80",
    ],
)
def test_bytes_that_are_no_world_are_not_read(
    content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        control_lived(content, "desk_world")

    assert capsys.readouterr().out == ""


def test_workers_that_are_killed_leave_whole_rows_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account that ends them is replayed each time; what stood beside it is found."""
    one, other = numbers(2)
    content = lines([one]) + line(killed(7)) + lines([other])
    file = desk(tmp_path, monkeypatch, content)
    deadly(monkeypatch, DEADLY, lambda: True)

    first = Ran(file, store="first.db", by=3, kept=KEPT)
    again = Ran(file, store="again.db", by=3, kept=KEPT)

    assert first.slugs == again.slugs == ["account-lost"]
    assert again.told["kept"]["found"] == 2
    assert again.told["kept"]["damaged"] == 0
    assert kept("first.db") == kept("again.db")


def test_two_runs_may_write_at_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, PAIR, "0" * 64)
    with shelf.opened() as one, shelf.opened() as other:
        assert one.put({b"a": b"1", b"b": b"2"}) == 2
        assert other.put({b"b": b"3", b"c": b"4"}) == 2

        assert [one.take(key) for key in (b"a", b"b", b"c", b"d")] == [b"1", b"3", b"4", None]
        assert one.trouble == other.trouble == ""


def test_a_shelf_that_somebody_else_holds_is_told_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "PATIENCE", 0.01)
    shelf = Shelf(tmp_path, PAIR, "0" * 64)
    with (
        shelf.opened() as one,
        closing(sqlite3.connect(shelf.file, isolation_level=None)) as holder,
    ):
        holder.execute("BEGIN EXCLUSIVE")
        assert one.put({b"a": b"1"}) == 0
        assert one.take(b"a") is None
        assert "locked" in one.trouble
        holder.execute("ROLLBACK")

        assert one.put({b"a": b"1"}) == 1
        assert one.take(b"a") == b"1"


def test_what_is_kept_here_is_not_for_the_machines_of_a_cluster(tmp_path: Path) -> None:
    asked = replaying.Asked(
        config=None, files=(), store="runs.db", cluster="tcp://127.0.0.1:1", kept=tmp_path
    )

    with pytest.raises(InputError) as refused:
        replaying.replay(asked, as_json=False, say=print, complain=print)

    assert refused.value.slug == "kept-elsewhere"

"""Who is given ranges, and whose parts are taken: a cluster of fakes that do as they are told."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import cluster, outpost
from harness.bulk.cluster import Cluster
from harness.bulk.outpost import Errand, Job, Told
from harness.bulk.range_replay import Filling
from harness.bulk.ranges import Range, cut, sources_of
from harness.bulk.serving import Done, Failed, Refused
from harness.errors import HarnessError, InputError
from tests.harness.line_desk import lines, numbers

PROOF = {"harness": "1", "world": "2"}
OTHER = {"harness": "1", "world": "3"}
JOB = Job(name="t", config=Path("c"), today=date(2026, 3, 1), patience=1)
NOBODY = "nobody"
"""What a worker comes to that never answers."""


def asked_for_proof(_: Job) -> None:
    """Stands for what is sent; nobody runs it."""


def asked_for_range(_: Job, errand: Errand) -> int:
    return errand.piece.first


@dataclass
class Future:
    key: str
    came: Any
    cancelled: bool = False

    @property
    def status(self) -> str:
        return "error" if isinstance(self.came, BaseException) else "finished"

    def exception(self, timeout: float) -> Any:
        return self.came

    def result(self, timeout: float) -> bytes:
        if self.came is None:
            raise TimeoutError
        return pickle.dumps(self.came)

    def add_done_callback(self, tell: Callable[[Future], None]) -> None:
        if self.came != NOBODY:
            tell(self)

    def cancel(self, force: bool) -> None:
        self.cancelled = True


@dataclass
class Dask:
    """Workers by address; each comes to what its function says, told how often it was asked."""

    workers: dict[str, Callable[[int | None, int], Any]]
    given: list[tuple[str, int | None]] = field(default_factory=list)
    looked: int = 0
    changes: Mapping[int, Callable[[Dask], None]] = field(default_factory=dict)
    status: str = "running"
    scheduler: Any = None

    def nthreads(self) -> dict[str, int]:
        self.looked += 1
        if self.looked in self.changes:
            self.changes[self.looked](self)
        return dict.fromkeys(self.workers, 1)

    def submit(self, loads: Any, blob: bytes, *, key: str, workers: list[str], pure: bool) -> Any:
        (address,) = workers
        first = loads(blob)
        times = sum(1 for one, begin in self.given if one == address and begin is not None)
        self.given.append((address, first))
        return Future(key, self.workers[address](first, times))


@pytest.fixture(autouse=True)
def _sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outpost, "proved", asked_for_proof)
    monkeypatch.setattr(outpost, "replayed", asked_for_range)
    monkeypatch.setattr(cluster, "LOOK", 0.0)
    monkeypatch.setattr(cluster, "TICK", 0.01)


@pytest.fixture
def ranges(tmp_path: Path) -> list[Range]:
    file = tmp_path / "p.jsonl"
    file.write_bytes(lines(numbers(3)))
    return list(cut(sources_of([file])[0], lines=1))


def good(first: int | None, _: int) -> Any:
    return Told(PROOF, None if first is None else Done(first))


def answers(
    dask: Dask, ranges: list[Range], *, tries: int = 2
) -> tuple[list[tuple[int, Any]], list[HarnessError]]:
    """Where each range begins and what came of it, in order of the first; and what was said."""
    said: list[HarnessError] = []
    staff = Cluster(client=dask, job=JOB, expected=PROOF, complain=said.append, wait=0.05)
    found = [(piece.first, part) for piece, part in staff.answers(ranges, tries=tries)]
    return sorted(found), said


def whole(ranges: list[Range]) -> list[tuple[int, Any]]:
    return [(one.first, one.first) for one in ranges]


def test_each_range_is_given_once_and_only_after_a_proof(ranges: list[Range]) -> None:
    dask = Dask({"a": good, "b": good})

    assert answers(dask, ranges) == (whole(ranges), [])
    assert dask.given[:2] == [("a", None), ("b", None)]
    assert sorted(first for _, first in dask.given if first is not None) == [
        one.first for one in ranges
    ]


@pytest.mark.parametrize(
    ("came", "slug"),
    [
        (Told(OTHER, None), "worker-otherwise"),
        (Told({"harness": "1"}, None), "worker-otherwise"),
        (Told(None, None), "worker-unusable"),
        (Told(None, Failed("Traceback\nSyntaxError: x")), "worker-unusable"),
        (Told(None, Refused("config-missing", "none", "", "")), "config-missing"),
        (ModuleNotFoundError("No module named 'harness'"), "worker-unusable"),
        (None, "worker-unusable"),
    ],
)
def test_who_proves_nothing_is_given_nothing(came: Any, slug: str, ranges: list[Range]) -> None:
    dask = Dask({"bad": lambda *_: came, "good": good})

    found, said = answers(dask, ranges)

    assert found == whole(ranges)
    assert [(one.slug, one.where) for one in said] == [(slug, "bad")]
    assert [first for address, first in dask.given if address == "bad"] == [None]


@pytest.mark.parametrize(
    ("came", "slug"),
    [
        (Told(OTHER, Done(99)), "worker-otherwise"),
        (Told(PROOF, Refused("range-otherwise", "other", "p.jsonl", "")), "range-otherwise"),
        (Told(PROOF, Refused("worker-failed", "no room", "", "")), "worker-failed"),
        (ModuleNotFoundError("No module named 'harness'"), "worker-unusable"),
    ],
)
def test_a_part_of_who_is_not_what_it_was_is_not_taken_and_costs_no_try(
    came: Any, slug: str, ranges: list[Range]
) -> None:
    """Even where it was the last try: its range goes to somebody else."""

    def bad(first: int | None, times: int) -> Any:
        return good(first, times) if first is None else came

    dask = Dask({"bad": bad, "good": good})

    found, said = answers(dask, ranges, tries=1)

    assert found == whole(ranges)
    assert [one.slug for one in said] == [slug]
    assert said[0].where.startswith("bad")
    assert len([first for address, first in dask.given if address == "bad"]) == 2


class KilledWorker(Exception):
    """As Dask names it."""


@pytest.mark.parametrize(
    "came",
    [Told(PROOF, None), None, KilledWorker("shadow-1")],
    ids=["process", "fetch", "worker"],
)
@pytest.mark.parametrize("tries", [1, 2, 3])
def test_a_range_that_loses_processes_is_given_up_after_so_many(
    came: Any, tries: int, ranges: list[Range]
) -> None:
    deadly = ranges[1].first

    def one(first: int | None, times: int) -> Any:
        return came if first == deadly else good(first, times)

    dask = Dask({"a": one})
    found, said = answers(dask, ranges, tries=tries)

    assert found == [(at, None if at == deadly else at) for at, _ in whole(ranges)]
    assert not said
    assert [first for _, first in dask.given].count(deadly) == tries


def test_a_worker_that_is_gone_loses_what_it_had_and_one_that_joins_is_asked_first(
    ranges: list[Range],
) -> None:
    def hangs(first: int | None, times: int) -> Any:
        return good(first, times) if first is None else NOBODY

    def swap(dask: Dask) -> None:
        dask.workers = {"new": good}

    dask = Dask({"old": hangs}, changes={20: swap})

    found, said = answers(dask, ranges)

    assert (found, said) == (whole(ranges), [])
    assert next(first for address, first in dask.given if address == "new") is None


def test_a_cluster_of_which_nothing_can_be_taken_says_why(ranges: list[Range]) -> None:
    dask = Dask({"a": lambda *_: Told(OTHER, None), "b": lambda *_: Told(OTHER, None)})

    with pytest.raises(InputError, match="none of its 2 workers") as error:
        answers(dask, ranges)

    assert error.value.slug == "cluster-refused"
    assert "runs other world" in error.value.hint


def test_an_empty_cluster_is_waited_for_and_not_for_ever(ranges: list[Range]) -> None:
    with pytest.raises(InputError) as error:
        answers(Dask({}), ranges)
    assert error.value.slug == "cluster-empty"

    late = Dask({}, changes={3: lambda dask: dask.workers.update(a=good)})
    assert answers(late, ranges) == (whole(ranges), [])


def test_who_was_not_waited_for_is_asked_again(ranges: list[Range]) -> None:
    """A proof that was under way when all was done is not what a worker is refused for."""

    def slow(first: int | None, times: int) -> Any:
        late = first is None and dask.given.count(("slow", None)) == 1
        return NOBODY if late else good(first, times)

    dask = Dask({"good": good, "slow": slow})
    staff = Cluster(client=dask, job=JOB, expected=PROOF, complain=print, wait=0.05)
    assert len(list(staff.answers(ranges))) == len(ranges)
    del dask.workers["good"]

    found = [(piece.first, part) for piece, part in staff.answers(ranges)]

    assert sorted(found) == whole(ranges)
    assert {address for address, _ in dask.given[-len(ranges) :]} == {"slow"}


@dataclass
class Closing(Dask):
    """A client that gave its scheduler up while this process was busy, and closed."""

    at: str = ""

    def nthreads(self) -> dict[str, int]:
        if self.looked and self.at == "look":
            self.status = "closed"
            raise AttributeError("'NoneType' object has no attribute 'ncores'")
        return super().nthreads()

    def submit(self, *args: Any, **more: Any) -> Any:
        if self.given and self.at == "submit":
            self.status = "closed"
            raise KilledWorker("Client is closed. Can't send update-graph message.")
        return super().submit(*args, **more)


@pytest.mark.parametrize("at", ["look", "submit"])
def test_a_client_that_closed_by_itself_is_a_cluster_that_is_lost(
    at: str, ranges: list[Range]
) -> None:
    with pytest.raises(InputError) as error:
        answers(Closing({"a": good}, at=at), ranges)

    assert error.value.slug == "cluster-lost"
    assert "resume the run" in error.value.hint


def test_what_a_process_raises_is_raised_here(ranges: list[Range]) -> None:
    def raises(first: int | None, times: int) -> Any:
        return good(first, times) if first is None else Told(PROOF, Failed("a trace"))

    with pytest.raises(RuntimeError, match="a trace"):
        answers(Dask({"a": raises}), ranges)


def test_a_range_is_sent_as_another_machine_can_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ranges: list[Range]
) -> None:
    monkeypatch.chdir(tmp_path)
    (source,) = sources_of([Path("p.jsonl")])
    (piece,) = cut(source)

    sent = cluster._errand(piece).piece

    assert sent.source.file == tmp_path / "p.jsonl"
    assert sent.place == piece.place
    assert Filling(sent).part().place.source == "p.jsonl"

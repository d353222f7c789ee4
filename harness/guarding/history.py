"""History: since when something holds, by the commits that say so and not by dates in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.clearance.git import Commit, Repository
from harness.clearance.tree import RevisionTree
from harness.errors import InputError


def steady_since(
    repository: Repository, tip: str, holds: Callable[[RevisionTree], bool], *, until: int
) -> int | None:
    """When something began to hold that holds ever since, in UTC epoch seconds.

    The way back goes over first parents, that is over what was merged and when. A commit counts as
    at least as late as those before it, so that none makes itself older than its history.

    Args:
        repository: the clone, with its whole history.
        tip: the commit that the way begins at, by its id.
        holds: asked of one commit after the other, the newest first.
        until: early enough; how much earlier it was is not asked.

    Returns:
        None where it does not hold at the tip, or nobody can say since when.
    """
    since: int | None = None
    for commit, at in _first_parents(repository, tip):
        if not holds(RevisionTree(repository, commit)):
            return since
        since = at
        if at <= until:
            return since
    return since


def committed(repository: Repository, commit: str) -> int:
    """When a commit was committed, in UTC epoch seconds; 0 where it has no parent."""
    parent = _before(repository, commit, 1)
    if not parent:
        return 0
    found = {one.id: one for one in repository.commits(parent, commit)}
    return found[commit].committer.at


def _first_parents(repository: Repository, tip: str) -> Iterator[tuple[str, int]]:
    """First parents, newest first, each with when it counts as made; the very first left out."""
    root = _first(repository, tip)
    known: dict[str, Commit] = {one.id: one for one in repository.commits(root, tip)}
    chain: list[Commit] = []
    at = tip
    while at in known:
        chain.append(known[at])
        at = known[at].parents[0] if known[at].parents else ""
    times: list[int] = []
    for commit in reversed(chain):
        times.append(max(commit.committer.at, times[-1] if times else 0))
    yield from zip((commit.id for commit in chain), reversed(times), strict=True)


def _first(repository: Repository, tip: str) -> str:
    """The first commit that first parents lead to."""
    step = 1
    while _before(repository, tip, step):
        step *= 2
    least, most = step // 2, step  # the one is there, the other is not
    while most - least > 1:
        middle = (least + most) // 2
        if _before(repository, tip, middle):
            least = middle
        else:
            most = middle
    return _before(repository, tip, least)


def _before(repository: Repository, commit: str, count: int) -> str:
    """The ancestor so many first parents back; empty where there is none."""
    try:
        return repository.resolve(f"{commit}~{count}")
    except InputError:
        return ""

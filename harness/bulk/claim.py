"""A claim: what a worker of a cluster hands on, which is believed only with the right proof."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any, Final

from harness.bulk.outpost import Told
from harness.bulk.proof import Proof, unlike
from harness.bulk.serving import Refused, Said
from harness.errors import InputError
from harness.text import visible

FETCH: Final = 60.0
"""Seconds that an answer which is there may take to come."""

KILLED: Final = "KilledWorker"
"""What Dask raises for a task that cost it workers; by name, so that only a client imports it."""


def claimed(future: Any, expected: Proof, *, proving: bool) -> Told | InputError | None:
    """What a worker handed on, if it may be believed.

    Args:
        future: of Dask, of a task that is over.
        expected: what a process has to prove.
        proving: whether it was asked for nothing else.

    Returns:
        It; why the worker is given nothing more; or None where it was lost over a range.
    """
    if future.status == "error":
        return _failed(future.exception(timeout=FETCH), proving=proving)
    try:
        told: Told = pickle.loads(future.result(timeout=FETCH))  # noqa: S301  # a worker's
    except Exception:  # noqa: BLE001  # cancelled, or its worker went before it was fetched
        return _unusable("it was lost before it proved anything") if proving else None
    if told.proof is None:
        return _error(given_up(told.said))
    other = unlike(expected, told.proof)
    if other:
        return otherwise("", other, "it")
    return _error(told.said) if isinstance(told.said, Refused) else told


def _error(said: Refused) -> InputError:
    return InputError(said.slug, said.message, said.where, said.hint)


def given_up(said: Said | None) -> Refused:
    """Why a process never proved anything, and is asked for nothing more."""
    if isinstance(said, Refused):
        return said
    detail = getattr(said, "trace", "it ended before it said anything").strip().splitlines()[-1]
    error = _unusable(visible(detail))
    return Refused(error.slug, error.message, error.where, error.hint)


def _failed(error: BaseException | None, *, proving: bool) -> InputError | None:
    """Why a worker could not do what it was asked; None where it was lost over a range."""
    if not proving and (error is None or type(error).__name__ == KILLED):
        return None
    return _unusable(f"{type(error).__name__}: {visible(str(error))}")


def _unusable(detail: str) -> InputError:
    message = f"no process that replays can be started there: {detail}"
    hint = "install the project where its workers run, in the same version; its log says more"
    return InputError("worker-unusable", message, hint=hint)


def otherwise(where: str, other: Sequence[str], who: str) -> InputError:
    """Somebody runs something else than this process.

    Args:
        where: of it.
        other: what differs.
        who: is said to run it.
    """
    message = f"{who} runs other {', '.join(other)}: nothing of it is taken"
    hint = "install there what is installed here, to the byte, and start its worker again"
    return InputError("worker-otherwise", message, where, hint)

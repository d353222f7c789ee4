"""A twin of a world: its fork, or the world as it comes back from bytes.

Replay forks, because that costs microseconds. The self-check loads each world from bytes instead:
bytes share nothing, so a fork that does comes out as an engine that differs from itself.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator

from harness.ports import World


def twin(world: World, *, reload: bool) -> World:
    """A world in the same state with an empty journal; `reload` takes it through bytes.

    Raises:
        Exception: `reload`, and the world cannot be pickled.
    """
    return next(twins(world, reload=reload))


def twins(world: World, *, reload: bool) -> Iterator[World]:
    """As many twins as are asked for, none of which shares anything with another.

    Raises:
        Exception: `reload`, and the world cannot be pickled.
    """
    written = pickle.dumps(world, pickle.HIGHEST_PROTOCOL) if reload else b""
    while True:
        same: World = pickle.loads(written) if reload else world  # noqa: S301  # written above
        yield same.fork()

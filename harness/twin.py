"""A twin of a world: its fork, or the world as it comes back from bytes.

Replay forks, because that costs microseconds. The self-check loads each world from bytes instead:
bytes share nothing, so a fork that does comes out as an engine that differs from itself.
"""

from __future__ import annotations

import pickle

from harness.ports import World


def twin(world: World, *, reload: bool) -> World:
    """A world in the same state with an empty journal; `reload` takes it through bytes.

    Raises:
        Exception: `reload`, and the world cannot be pickled.
    """
    if not reload:
        return world.fork()
    written = pickle.dumps(world, pickle.HIGHEST_PROTOCOL)
    loaded: World = pickle.loads(written)  # noqa: S301  # written on the line before
    return loaded.fork()

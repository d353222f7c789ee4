"""What came of a self-test: how much was found, what was missed, and what was invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.errors import Void
from harness.reason import some

MOST: Final = 3
"""How many plants a message names before it counts the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """What came of it.

    Attributes:
        planted, found: how many divergences there were, and how many came out whole.
        missed: plants that did not come out whole, each with a line that was not told.
        invented: plants and clean pairs of which something else was told, with the first such.
        unplanted: invariants of the configuration that nobody has seen to fire.
    """

    planted: int
    found: int
    missed: tuple[str, ...]
    invented: tuple[str, ...]
    unplanted: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether anything that the harness says can be relied on."""
        return self.planted > 0 and self.found == self.planted and not self.invented

    def relied_on(self) -> SelfTest:
        """Itself.

        Raises:
            Void: a plant was missed, or something was invented.
        """
        if self.sound:
            return self
        counts = f"{self.found} of {self.planted} planted divergences found"
        parts = [f"missed {some(self.missed, most=MOST)}"] if self.missed else []
        parts += [f"invented {some(self.invented, most=MOST)}"] if self.invented else []
        message = f"{counts}, {len(self.invented)} invented: {'; '.join(parts)}"
        advice = "nothing that this run says counts: undo what was changed last in the harness"
        if any(word in message for word in ("broken_by", "kept_by")):
            advice = "correct the invariant, or the facts that it is tried on"
        raise Void("self-test-failed", message, hint=advice)

    def in_words(self) -> str:
        """One line; invariants that nobody has seen to fire are named in it."""
        found = "all" if self.found == self.planted else str(self.found)
        invented = len(self.invented) or "none"
        line = f"planted {self.planted}, {found} found, {invented} invented"
        if self.unplanted:
            line += f"; invariants that nobody saw fire: {some(self.unplanted)}"
        return line

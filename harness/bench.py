"""The bench: what scenarios are replayed with one at a time, composed once in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.compose import Composition
from harness.config import Config
from harness.court import Court, Heard
from harness.errors import InputError
from harness.loading import OTHER_FILES, OTHER_FOLDERS, SUFFIX
from harness.moment import today
from harness.ruling import Ruling
from harness.run import replay
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, read_scenario
from harness.setup import Setup
from harness.text import shown_path

RULINGS: Final = Path("rulings")
"""The folder of rulings, from the scenarios' folder on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Both sides, the rulings in force, and the words that a scenario may use.

    Attributes:
        refused: why some ruling files cover nothing.
        level: rehearsal or production.
    """

    setup: Setup
    court: Court
    vocabulary: Vocabulary
    refused: tuple[InputError, ...]
    level: str

    @property
    def rulings(self) -> Mapping[str, Ruling]:
        """Those in force, by id."""
        return {ruling.id: ruling for ruling in self.court.rulings}

    def read(self, file: Path) -> Scenario:
        """Read one scenario file; a link stands for what it leads to, as in a whole run.

        Raises:
            InputError: it cannot be read or says something that cannot be.
        """
        return read_scenario(file.resolve() if file.is_symlink() else file, self.vocabulary)

    def refused_in(self, file: Path) -> tuple[InputError, ...]:
        """Why a ruling file covers nothing."""
        names = {shown_path(file), shown_path(file.resolve())}
        return tuple(
            error
            for error in self.refused
            if names & {error.where, error.where.rpartition(":")[0]}
        )

    def hear(self, scenario: Scenario) -> Heard:
        """Replay one scenario in this process and judge it."""
        return self.court.hear(scenario, *replay(self.setup, scenario))

    def stratum(self, scenario: Scenario) -> Mapping[str, str]:
        """What kind of account a scenario is about, in the kit's words."""
        kit = self.setup.kit
        return kit.stratum(kit.load(scenario.given))


def bench(config: Config) -> Bench:
    """Compose it.

    Raises:
        InputError: engines, policy or fields cannot be used.
    """
    composition = Composition(config=config)
    return Bench(
        setup=composition.setup(),
        court=composition.court(today(config.root)),
        vocabulary=composition.vocabulary,
        refused=composition.rulings.refused,
        level=composition.policy.level,
    )


def is_scenario_file(below: Path) -> bool:
    """Whether a path, from the scenarios' folder on, is one that a whole run would read."""
    return (
        below.suffix == SUFFIX
        and below.name not in OTHER_FILES
        and OTHER_FOLDERS.isdisjoint(below.parts[:-1])
        and not any(part.startswith(".") for part in below.parts)
    )

"""A population: accounts that a domain draws by a seed, found beside its world by convention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, Protocol

import msgspec

from harness.compose import Composition
from harness.dotted import resolve
from harness.errors import InputError
from harness.missing import refused
from harness.text import quoted, visible

MODULE: Final = "population"
ATTRIBUTE: Final = "POPULATION"
PARTS: Final = frozenset({"title", "family", "ticket", "deliverable", "given", "when"})
"""What a population says of an account; the rest of the line is not its to say."""


class Population(Protocol):
    """A domain's accounts, all of them, without end."""

    @property
    def version(self) -> str:
        """Another text as soon as an account of some seed is another one."""
        ...

    def account(self, seed: int, number: int) -> Mapping[str, Any]:
        """Account `number`, from 1, of a seed: the parts of a scenario, as plain data.

        It is the same whatever else is drawn, and on every platform.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A population and a seed: lines of simulated accounts.

    Attributes:
        name: the population's module.
    """

    name: str
    population: Population
    seed: int

    def line(self, number: int) -> tuple[bytes, str]:
        """An account as a line without its end, and the family that it is of.

        Id and provenance are written here, so that no population can pass for a recording.

        Raises:
            InputError: the population failed, or said what is not its to say.
        """
        try:
            said = self.population.account(self.seed, number)
            strange = sorted(PARTS.symmetric_difference(said))
            if strange:
                raise ValueError(f"it says of {', '.join(strange)} too much or nothing")
            line = msgspec.json.encode(
                {
                    "id": f"sim-{self.seed}-{number}",
                    "title": said["title"],
                    "family": said["family"],
                    "ticket": said["ticket"],
                    "deliverable": said["deliverable"],
                    "provenance": {"kind": "simulated", "source": self.source(number)},
                    "given": said["given"],
                    "when": said["when"],
                }
            )
        except Exception as error:  # it is somebody else's module: it may fail in any way
            told = visible(f"{type(error).__name__}: {error}")
            message = f"account {number} of seed {self.seed}: {told}"
            raise InputError("population-failed", message, self.name, "correct it") from error
        return line, str(said["family"])

    def source(self, number: int) -> str:
        """Where an account comes from, so that anybody can draw it again."""
        made = f"{self.name} version {self.population.version}"
        return f"shadow simulate, {made}, seed {self.seed}, account {number}"


def simulation(composition: Composition, seed: int) -> Simulation:
    """The population beside the configured world: `desk.kit:KIT` has its own in `desk.population`.

    Raises:
        InputError: there is none, or it cannot be imported.
    """
    config = composition.config
    _ = composition.kit  # puts the configuration's folder on the import path
    package = config.world.partition(":")[0].rpartition(".")[0]
    name = f"{package}.{MODULE}"
    if not package or find_spec(name) is None:
        message = f"the world {quoted(config.world)} has no population"
        beside = f"{name}:{ATTRIBUTE}" if package else f"package.{MODULE}:{ATTRIBUTE}"
        fix = f"write {beside} beside a world in a package, as docs/simulate.md says"
        raise InputError("no-population", message, str(config.file), fix)
    with refused(*composition.strangers("world")):
        population: Population = resolve(
            f"{name}:{ATTRIBUTE}", key=MODULE, root=config.root, where=str(config.file)
        )
    return Simulation(name=name, population=population, seed=seed)

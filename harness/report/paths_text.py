"""The control's paths as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType

from harness.branches import Unit
from harness.ports import Path
from harness.report.terminal import Look, blank, grid, heading, printed, words


def paths_text(
    paths: Mapping[str, Path],
    units: Mapping[str, Unit],
    scenarios: Mapping[str, Sequence[str]],
    *,
    look: Look | None = None,
) -> str:
    """Each path with its triggers, stores, code and the scenarios that run it.

    Args:
        paths: by id.
        units: the control's code, by id.
        scenarios: path → ids of the scenarios that run it.
        look: width and colour.
    """
    parts: list[RenderableType] = []
    for name, path in paths.items():
        parts.extend((heading(name), grid(_rows(name, path, units, scenarios)), blank()))
    shared = sorted(unit.id for unit in units.values() if not unit.path)
    parts.append(heading(f"Paths: {len(paths)}"))
    for unit in shared:
        parts.append(words(f"shared code {unit}: {len(units[unit].arcs)} branches", indent=2))
    parts.extend((blank(), words("Next: shadow gate")))
    return printed(look or Look(), parts)


def _rows(
    name: str, path: Path, units: Mapping[str, Unit], scenarios: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    mine = [unit for unit in units.values() if unit.path == name]
    ran = sorted(scenarios.get(name, ()))
    yield "triggers", ", ".join(path.triggers) or "none"
    yield "origin", path.origin
    yield "reads", ", ".join(path.reads) or "nothing"
    yield "writes", ", ".join(path.writes) or "nothing"
    yield "code", f"{path.module}, {sum(len(unit.arcs) for unit in mine)} branches"
    yield "scenarios", f"{len(ran)}: {', '.join(ran)}" if ran else "none runs it"

"""What was measured, as docs/benchmarks.md shows it: a table for each part, and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

import matplotlib as mpl
from alone import ROOT
from measured import Measured

PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = PAGE.with_suffix(".svg")
BEGIN = "<!-- written by benchmarks/population.py: from here -->"
END = "<!-- to here -->"
TITLES = {
    "ways": "Engines alone, lockstep, other ways",
    "scaling": "Two workers",
    "again": "Once more, with nothing changed",
    "growth": "Growth",
    "houses": "Growth to a million, small engines",
}
PANELS = {
    "ways": "CPU ms an account (a look and eight acts)",
    "growth": "shadow replay, by size of the population",
    "houses": "shadow replay of small engines (a look and three acts)",
}
"""Parts that are drawn, each with what it shows."""

WIDTH = 150
"""Characters of a line of words in the page."""

GREY, BLUE, ORANGE = "#9aa0a6", "#1f5f99", "#c8731f"


def write(found: Mapping[str, Measured]) -> None:
    """Put tables and plot into the page, and leave the words around them.

    Raises:
        SystemExit: the page does not say where they belong.
    """
    before, begin, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE.name}: the figures belong between {BEGIN!r} and {END!r}")
    told = "\n".join(tables(found))
    PAGE.write_text(f"{before}{BEGIN}\n\n{told}\n{END}{after}", "utf-8")
    plot(found)


def tables(found: Mapping[str, Measured]) -> Iterator[str]:
    """The lines of Markdown."""
    for name, title in TITLES.items():
        if name not in found:
            continue
        one = found[name]
        told = fill(f"{one.how} {one.where}.", WIDTH, break_on_hyphens=False)
        yield f"## {title}\n\n{told}\n"
        yield "| | measured | wanted | met |\n|---|---|---|---|"
        for row in one.rows:
            yield f"| {row.what} | {row.form.format(row.value)} | {row.wanted} | {row.met} |"
        yield ""


def plot(found: Mapping[str, Measured]) -> None:
    """Draw what was measured, as SVG whose text is text."""
    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "shadow", "font.size": 9})
    panels = [name for name in PANELS if name in found]
    figure, axes = pyplot.subplots(len(panels), squeeze=False, figsize=(7.5, 3.2 * len(panels)))
    for axis, name in zip(axes[:, 0], panels, strict=True):
        (lines if found[name].points else bars)(axis, found[name])
        axis.set_title(PANELS[name], loc="left")
    figure.tight_layout()
    figure.savefig(PLOT, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    text = PLOT.read_text("utf-8")  # matplotlib leaves blanks at ends of lines
    PLOT.write_text("".join(f"{line.rstrip()}\n" for line in text.splitlines()), "utf-8")


def bars(axis: Any, one: Measured) -> None:
    """A bar for each way; ours stand out."""
    names = list(one.bars)[::-1]
    values = [one.bars[name] for name in names]
    colours = [BLUE if name.startswith("lockstep") else GREY for name in names]
    labels = [fill(name.replace("`", ""), 30) for name in names]
    drawn = axis.barh(labels, values, color=colours)
    axis.bar_label(drawn, fmt="%.1f", padding=3)
    axis.set_xlim(right=max(values) * 1.1)
    axis.spines[["top", "right"]].set_visible(False)


def lines(axis: Any, one: Measured) -> None:
    """CPU an account and the largest process, by size."""
    sizes = [int(size) for size in one.points]
    cpu, peak = zip(*one.points.values(), strict=True)
    axis.plot(sizes, cpu, "o-", color=BLUE)
    axis.set(xscale="log", xlabel="accounts", ylim=(0, max(cpu) * 1.2))
    axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axis.minorticks_off()
    axis.set_ylabel("CPU ms an account", color=BLUE)
    other = axis.twinx()
    other.plot(sizes, peak, "s--", color=ORANGE)
    other.set_ylim(0, max(*peak, 120) * 1.2)
    other.set_ylabel("MiB, largest process", color=ORANGE)
    for side in (axis, other):
        side.spines["top"].set_visible(False)

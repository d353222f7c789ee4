"""Totals and the four figures as people read them: never added up to one percentage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.figures import Figures


def counts(totals: Mapping[str, int]) -> str:
    """`expected 12 = AGREE 5 + RULED 7`: what is zero is left out, what is missing shows."""
    told = [f"{name} {n}" for name, n in totals.items() if n and name != "expected"]
    counted = sum(n for name, n in totals.items() if name != "expected")
    sign = "=" if counted == totals.get("expected", 0) else "is not"
    return f"expected {totals.get('expected', 0)} {sign} {' + '.join(told) or 'nothing'}"


def cell_counts(totals: Mapping[str, int], unknown_state: int) -> str:
    """The counts of cells; those without a result for want of recorded state are told apart."""
    told = counts(totals)
    if not unknown_state:
        return told
    lost = totals.get("NOT_RUN", 0)
    return f"{told}; NOT_RUN {lost}, of these {unknown_state} for state that nobody recorded"


def listed(counted: Mapping[str, int]) -> str:
    """`curated 12, recorded 3`, or none."""
    return ", ".join(f"{name} {n}" for name, n in counted.items()) or "none"


def figure_rows(figures: Figures) -> Iterator[tuple[str, str, str]]:
    """The four figures, in their order."""
    intended = figures.intended.n
    extra = f", {intended} changed on purpose" if intended else ""
    agreed, proven = figures.agreement_where_sound, figures.repairs_proven
    yield "1", "agreement where the control was right", f"{agreed}{extra}"
    yield "2", "repairs proven where it was not", str(proven)
    yield "3", "made worse", str(figures.made_worse.n)
    yield "4", "left to a person", str(figures.left_to_a_person.n)


def figures_line(figures: Figures) -> str:
    """The four figures of one path on a line, in their order."""
    agreed, proven = figures.agreement_where_sound, figures.repairs_proven
    intended = f" and {figures.intended.n} changed on purpose" if figures.intended.n else ""
    worse, deferred = figures.made_worse.n, figures.left_to_a_person.n
    return (
        f"1 agreement {agreed}{intended}; 2 repairs proven {proven}; 3 made worse {worse}; "
        f"4 left to a person {deferred}"
    )

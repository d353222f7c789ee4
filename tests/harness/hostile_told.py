"""A run in which every text that somebody could write is hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from msgspec import structs

from harness.clause import Clause, Literal
from harness.errors import InputError
from harness.model import Difference, Finding, Outcome
from harness.report.told import Told
from harness.scenario import Provenance
from tests.harness.many_told import RULED, told
from tests.harness.story import SCENARIO, cells, free_run

ALARM: Final = "<img src=x onerror=\"window.obeyed='yes';alert(1)\">"
HOSTILE: Final = (
    "</script><script>window.obeyed='yes';alert(1)</script>",
    "</style></title></textarea><script>window.obeyed='yes'</script>",
    ALARM,
    "\" onmouseover=\"window.obeyed='yes'\" x='",
    "' autofocus onfocus=alert(1) '",
    "{{ 7 * 7 }}{% raw %}{# #}${7*7}",
    "<!--<script>",
    "]]>&lt;b&gt;&amp;",
    "javascript:alert(1)",
    "a\u202eb\u2066c\u200dd\ufeff",
    "nul \x00 escape \x1b[2J bell \x07",
    "line\u2028separator\u2029paragraph",
    "\U0001f4b8 money \U0001f600",
    "W" * 10_000,
    "\ud800 alone",
)
"""Texts that a careless page would obey, or break at."""


def hostile(text: str) -> Told:
    """The run told by hand, with `text` in every field of scenario, ruling, reason and value."""
    name = f"s {text}"
    scenario = replace(
        SCENARIO, id=name, title=text, family=text, ticket=text, deliverable=text,
        provenance=Provenance(kind="curated", source=text), faults=(text,), file=text,
    )  # fmt: skip
    ruling = replace(
        RULED, id=f"R {text}", title=text, reason=text, ticket=text, owner=text, approver=text,
        quirk=text, quirks={f"{name}#1": text}, harm=text, loss=text, max_loss={text: 1},
        cells=(f"{name}#1", text), where=text,
        expect=(Clause(at=text, facet="books", steps=("x",), control=Literal(data=text),
                       candidate=Literal(data={text: text}), where=text),),
    )  # fmt: skip
    judged = [_cell(number, name, text, ruling.id) for number in range(3)]
    end = {"truth": {"owes": {text: 1}}, "customer": {"asks": {text: 1}, text: text}}
    free = replace(
        free_run(), scenario=name, then=(text,), moot=(text,), broken=(text,), findings=(text,),
        ends={"control": end, "candidate": {**end, "customer": {text: "other"}}},
    )  # fmt: skip
    failure = InputError(text, text, text, text)
    return told([scenario], judged, [free], [ruling], [failure])


def _cell(number: int, name: str, text: str, ruling: str) -> Any:
    cell = cells()[number]
    episode = cell.episode
    assert episode.control is not None
    assert episode.candidate is not None
    this = f"{name}#{number}"
    different = Difference(
        facet="books", at="flag", control=text, candidate=[text, {text: text}],
        owners=episode.paths, ruling=ruling if number else "",
    )  # fmt: skip
    said = ({"rule": text, text: text},)
    return replace(
        cell,
        episode=replace(
            episode, id=this, scenario=name, act=text, state=this,
            stratum={"segment": text, text: text},
            before={"flag": text}, control_broken=(text,), candidate_broken=(text,), unmet=(text,),
            wrongs=(text,), harm=(text,), loss={text: 1}, deferrals=(text,),
            control=structs.replace(
                episode.control, reasons=said, refusal={"kind": text, "code": text},
                handlers=((text, text),), crash=(text, text, text), traps=(text,),
            ),
            candidate=structs.replace(episode.candidate, reasons=said, timeout=text),
        ),
        outcome=Outcome.DIVERGE,
        findings=(Finding(outcome=Outcome.DIVERGE, slug=text, detail=text),),
        differences=(different,),
        rulings=(ruling,) if number else (),
    )  # fmt: skip

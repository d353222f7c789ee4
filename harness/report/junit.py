"""A run as JUnit XML, the way CI systems read test results.

A suite is a scenario and a case is a cell; its free run is one more. What could not be run or
compared is an error and never `skipped`, which CI systems show as fine. The file has no times and
no dates, so the same run gives the same bytes; `time` is 0 because some readers stumble where it
is missing. Beyond the schema of the Jenkins xUnit plugin (junit-10) a case has `file`, which
GitLab reads, and `line`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from xml.etree import ElementTree

from harness.errors import HarnessError
from harness.gate import Gate, Verdict
from harness.model import Cell, Free, FreeRun, Outcome
from harness.reason import Reason
from harness.report.free_remarks import free_remarks
from harness.report.places import Places, Spot
from harness.report.timeline import first_cause, remarks, rows
from harness.report.told import Told
from harness.scenario import Scenario, episodes
from harness.text import visible

PASSES: Final = frozenset({Outcome.AGREE, Outcome.RULED, Free.KEPT})
FAILURES: Final = frozenset(
    {Outcome.DIVERGE, Outcome.DRIFT, Free.BROKEN, Free.THEN_FAILED, Free.MOOT}
)
"""Judged and found wrong; every other outcome means that nothing was judged: an error."""

FREE: Final = "free run"
WHOLE: Final = "the whole gate"
GATE: Final = "gate"
FILES: Final = "files that could not be used"
PINNED: Final = "pinned and without a result"


class Case(NamedTuple):
    """One test case.

    Attributes:
        outcome: what it came to.
        says: why it does not pass, line by line, the first line being the message.
        out: what a case that passes has to say, e.g. its rulings.
    """

    classname: str
    name: str
    outcome: str
    says: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    spot: Spot = Spot()

    @property
    def tag(self) -> str:
        if self.outcome in PASSES or self.outcome == Gate.OPEN:
            return ""
        failed = self.outcome in FAILURES or self.outcome == Gate.CLOSED
        return "failure" if failed else "error"


class Suite(NamedTuple):
    """The cases that belong together; `file` is empty where they come from no one file."""

    name: str
    file: str
    cases: tuple[Case, ...]

    def count(self, tag: str) -> int:
        return sum(case.tag == tag for case in self.cases)


def junit_xml(told: Told) -> str:
    """The run, and the gate where one was asked for, as one document that ends with a newline."""
    suites = _distinct(suite for suite in _suites(told) if suite.cases)
    root = ElementTree.Element("testsuites", {"name": "shadow", **_counts(suites)})
    for suite in suites:
        root.append(_suite_element(suite))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _distinct(suites: Iterable[Suite]) -> list[Suite]:
    """No two cases by one name: GitLab reads the first and drops the others."""
    seen: Counter[tuple[str, str]] = Counter()

    def named(case: Case) -> Case:
        key = (case.classname, case.name)
        seen[key] += 1
        return case if seen[key] == 1 else named(case._replace(name=f"{case.name} ({seen[key]})"))

    return [suite._replace(cases=tuple(map(named, suite.cases))) for suite in suites]


def _counts(suites: Iterable[Suite]) -> dict[str, str]:
    listed = list(suites)
    return {
        "tests": str(sum(len(suite.cases) for suite in listed)),
        "failures": str(sum(suite.count("failure") for suite in listed)),
        "errors": str(sum(suite.count("error") for suite in listed)),
        "time": "0",
    }


def _suite_element(suite: Suite) -> ElementTree.Element:
    attributes = {"name": _line(suite.name), **_counts([suite]), "skipped": "0"}
    if suite.file:
        attributes["file"] = _line(suite.file)
    element = ElementTree.Element("testsuite", attributes)
    for case in suite.cases:
        element.append(_case_element(case))
    return element


def _case_element(case: Case) -> ElementTree.Element:
    attributes = {"classname": _line(case.classname), "name": _line(case.name), "time": "0"}
    if case.spot.file:
        attributes["file"] = _line(case.spot.file)
        if case.spot.line:
            attributes["line"] = str(case.spot.line)
    element = ElementTree.Element("testcase", attributes)
    if case.tag:
        message = case.says[0] if case.says else case.outcome
        about = {"type": _line(case.outcome), "message": _line(message)}
        ElementTree.SubElement(element, case.tag, about).text = _lines(case.says or (message,))
    if case.out:
        ElementTree.SubElement(element, "system-out").text = _lines(case.out)
    return element


def _line(text: str) -> str:
    """Text that fits an attribute: what XML 1.0 cannot hold has no glyph, so it is escaped."""
    return visible(str(text))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(map(_line, texts))


def _suites(told: Told) -> Iterator[Suite]:
    places = Places(told.scenarios)
    if told.verdict is not None:
        yield Suite(GATE, "", tuple(_gate(told.verdict)))
    yield Suite(FILES, "", tuple(_unusable(error, places) for error in told.failures))
    cells: dict[str, list[Cell]] = {}
    for cell in told.cells:
        cells.setdefault(cell.episode.scenario, []).append(cell)
    free: dict[str, list[FreeRun]] = {}
    for run in told.free:
        free.setdefault(run.scenario, []).append(run)
    scenarios = {one.id: one for one in told.scenarios}
    for name in sorted({*scenarios, *cells, *free}):
        scenario = _Scenario(name, scenarios.get(name), told, places)
        yield scenario.suite(cells.get(name, []), free.get(name, []))
    if told.verdict is not None:
        yield Suite(PINNED, "", tuple(_lost(told, told.verdict)))


def _gate(verdict: Verdict) -> Iterator[Case]:
    whole = [_reason(reason) for reason in verdict.reasons]
    yield Case(GATE, WHOLE, str(verdict.gate), tuple(whole))
    for name, path in verdict.paths.items():
        yield Case(GATE, name, str(path.gate), tuple(map(_reason, path.reasons)))


def _reason(reason: Reason) -> str:
    return f"{reason.slug}: found {reason.found}; needed: {reason.needed}"


def _unusable(error: HarnessError, places: Places) -> Case:
    name = f"{error.where or 'no place'} {error.slug}"
    return Case(FILES, name, error.slug, tuple(str(error).splitlines()), (),
                places.named(error.where))  # fmt: skip


class _Scenario(NamedTuple):
    """What the cases of one scenario are made from."""

    name: str
    scenario: Scenario | None
    told: Told
    places: Places

    def suite(self, cells: Sequence[Cell], free: Sequence[FreeRun]) -> Suite:
        """Every cell in its order, those without a result, then the free run."""
        first = first_cause(cells)
        cases = [self._cell(cell, first) for cell in cells]
        cases.extend(self._without_result({cell.episode.id for cell in cells}))
        cases.extend(self._free(run) for run in free)
        if not free:
            says = ("NOT_RUN: the scenario has no free run", f"shadow show {self.name}")
            cases.append(self._case(FREE, Free.NOT_RUN, says, self.places.free(self.name)))
        return Suite(self.name, self.file, tuple(cases))

    @property
    def file(self) -> str:
        return self.places.scenario(self.name).file

    def _case(
        self, name: str, outcome: str, says: Iterable[str], spot: Spot, out: Iterable[str] = ()
    ) -> Case:
        file = self.file.removesuffix(".yaml") or self.name
        classname = file.replace("/", ".")
        return Case(classname, name, str(outcome), tuple(says), tuple(out), spot)

    def _cell(self, cell: Cell, first: str) -> Case:
        episode = cell.episode
        number = episode.id.partition("#")[2]
        ruled = cell.outcome is Outcome.RULED
        return self._case(
            f"#{number} {episode.act}",
            cell.outcome,
            _said(cell, first) if cell.outcome not in PASSES else (),
            self.places.cell(episode.id),
            _ruled(cell, self.told) if ruled else (),
        )

    def _without_result(self, known: set[str]) -> Iterator[Case]:
        """Episodes that the file tells of and that came to nothing."""
        for spec in episodes(self.scenario) if self.scenario is not None else ():
            cell = f"{self.name}#{spec.index}"
            if cell not in known:
                says = (f"NOT_RUN: {cell} has no result", f"shadow show {self.name}")
                name = f"#{spec.index} {spec.label}"
                yield self._case(name, Outcome.NOT_RUN, says, self.places.cell(cell))

    def _free(self, run: FreeRun) -> Case:
        texts = [*map(str, free_remarks(run))]
        head = f"{run.outcome}: {texts[0]}" if texts else str(run.outcome)
        says = (head, *texts, f"shadow show {self.name}")
        return self._case(FREE, run.outcome, says, self.places.free(run))


def _said(cell: Cell, first: str) -> Iterator[str]:
    """Why a cell does not pass: its findings first, then every difference, then what to type."""
    findings = [f"{one.slug}: {one.detail}" for one in cell.findings]
    yield f"{cell.outcome}: {findings[0]}" if findings else f"{cell.outcome}: nothing was found"
    yield from findings[1:]
    for row in rows(cell, first):
        if row.ruling:
            yield f"{row.mark}: {row.at}: {row.told}; {row.ruling}"
    yield from remarks(cell)
    yield f"shadow show {cell.episode.id}"


def _ruled(cell: Cell, told: Told) -> Iterator[str]:
    """The rulings that cover something here; a cell may also rest on damage that was given."""
    for name in cell.rulings:
        ruling = told.rulings.get(name)
        about = f": {ruling.klass}, {ruling.title}, until {ruling.expires}" if ruling else ""
        yield f"ruled by {name}{about}"
    if not cell.rulings:
        yield "ruled: what differs was given, not done"


def _lost(told: Told, verdict: Verdict) -> Iterator[Case]:
    """What the manifest pins and nobody replayed: named where a path knows it, else counted."""
    ran = {cell.episode.id for cell in told.cells}
    bad = (path.evidence.bad.get(Outcome.NOT_RUN, ()) for path in verdict.paths.values())
    named = sorted({cell for cells in bad for cell in cells} - ran)
    for cell in named:
        says = (f"NOT_RUN: {cell} is pinned and has no result", "shadow lint")
        yield Case(PINNED, cell, Outcome.NOT_RUN, says)
    without = sum(cell.outcome is Outcome.NOT_RUN for cell in told.cells) + len(named)
    yield from _counted("cells", verdict.totals, without)
    ends = sum(run.outcome is Free.NOT_RUN for run in told.free)
    yield from _counted("free runs", verdict.free, ends)


def _counted(what: str, totals: Mapping[str, int], named: int) -> Iterator[Case]:
    rest = totals.get(Outcome.NOT_RUN, 0) - named
    if rest > 0:
        says = (f"NOT_RUN: {rest} pinned {what} have no result", "shadow lint")
        yield Case(PINNED, f"{what} that no path names", Outcome.NOT_RUN, says)

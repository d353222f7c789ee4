"""The pytest plugin: every scenario file below the configured folder is a test.

Where it is installed it is loaded in every test run, so nothing heavy is imported before a file is
met that may be a scenario, and every hook of the harness into pytest stands in this module.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

if TYPE_CHECKING:
    from harness.bench import Bench
    from harness.config import Config
    from harness.court import Heard
    from harness.errors import HarnessError
    from harness.scenario import Scenario

SUFFIX: Final = ".yaml"
"""As `harness.loading` has it, which is too heavy to be asked in every test run."""

NAME: Final = "shadow"
"""Name of the marker, of a report's property, and of what is sent between processes."""

MARKER: Final = "shadow(family, ticket, deliverable, …): a scenario, replayed through two engines"


@dataclass
class Project:
    """The project whose scenarios are tests of this run.

    Attributes:
        config: its table.
        files: id → the file that has it, to see an id that stands in two.
        tried: whether the bench was asked for; what made that fail is told once.
    """

    config: Config
    files: dict[str, Path] = field(default_factory=dict)
    tried: bool = False
    _bench: Bench | None = None

    def bench(self) -> Bench | None:
        """The bench, made once; None where it could not be made and that is told already.

        Raises:
            InputError: engines, policy or fields cannot be used.
        """
        if not self.tried:
            from harness.bench import bench

            self.tried = True
            self._bench = bench(self.config)
        return self._bench

    @cached_property
    def folders(self) -> tuple[Path, Path]:
        """The scenarios' folder as it is named, and as it is found."""
        return Path(os.path.normpath(self.config.scenarios)), self.config.scenarios.resolve()

    def below(self, path: Path) -> Path | None:
        """The path from the scenarios' folder on; None where it does not stand there."""
        names = (path, path.parent.resolve() / path.name)
        for name, folder in zip(names, self.folders, strict=True):
            if name.is_relative_to(folder):
                return name.relative_to(folder)
        return None

    def doubled(self, scenario: Scenario, path: Path) -> HarnessError | None:
        """What is wrong where another file has the scenario's id."""
        from harness.errors import InputError
        from harness.text import shown_path

        first = self.files.setdefault(scenario.id, path)
        if first.resolve() == path.resolve():
            return None
        message = f"the id {scenario.id!r} is already that of {shown_path(first)}"
        return InputError("duplicate-id", message, f"{scenario.file}:1", "rename one")


PROJECT: Final = pytest.StashKey[Project | None]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's own options, each named after it."""
    group = parser.getgroup(NAME, "scenarios, replayed through two engines")
    group.addoption(
        "--shadow-config",
        metavar="FILE",
        help="TOML file with the table [tool.shadow]; else the nearest pyproject.toml.",
    )
    group.addoption("--no-shadow", action="store_true", help="Collect no scenario files.")
    parser.addini("shadow_config", "As --shadow-config; counted from this file's folder.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to `--strict-markers`."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker process of pytest-xdist what its failures will be shown on."""
    node.workerinput[NAME] = asdict(screen(node.config))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a scenario file, or a ruling file that may be refused; nothing else."""
    config = parent.config
    if file_path.suffix != SUFFIX or config.getoption("no_shadow"):
        return None
    from harness.errors import InputError

    try:
        project = project_of(config)
    except InputError as error:
        config.stash[PROJECT] = None  # told once
        unusable: Unusable = Unusable.from_parent(parent, path=file_path, error=error)
        return unusable
    below = None if project is None else project.below(file_path)
    if project is None or below is None:
        return None
    from harness.bench import RULINGS, is_scenario_file

    kinds = ((is_scenario_file(below), ScenarioFile), (below.parent == RULINGS, RulingFile))
    kind: type[_File] | None = next((kind for holds, kind in kinds if holds), None)
    return None if kind is None else kind.from_parent(parent, path=file_path, project=project)


def project_of(config: pytest.Config) -> Project | None:
    """The project, read once; None where nothing says that there is one.

    Raises:
        InputError: the configuration cannot be used.
    """
    if PROJECT in config.stash:
        return config.stash[PROJECT]
    from harness.config import read_config
    from harness.errors import InputError

    named = named_config(config)
    project = None
    try:
        project = Project(read_config(named, start=config.rootpath))
    except InputError as error:
        if named is not None or error.slug != "config-missing":
            raise  # else this test run is not about scenarios
    config.stash[PROJECT] = project
    return project


def named_config(config: pytest.Config) -> Path | None:
    """The file that the command line or pytest's own configuration names."""
    option, setting = config.getoption("shadow_config"), str(config.getini("shadow_config"))
    if option:
        return config.invocation_params.dir / str(option)
    folder = config.inipath.parent if config.inipath is not None else config.rootpath
    return folder / setting if setting else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What pytest prints on.

    Attributes:
        terminal: whether it is one.
        columns: how many it has.
        asked: how many the environment asks for; a worker's own may hold what readline put there.
        colour: whether it is printed in colour.
    """

    terminal: bool
    columns: int
    asked: str
    colour: bool


def screen(config: pytest.Config) -> Screen:
    """What this test run is shown on; a worker process was told."""
    sent = getattr(config, "workerinput", {}).get(NAME)
    if sent is not None:
        return Screen(**sent)
    writer = config.get_terminal_writer()
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    terminal = bool(reporter is not None and reporter.isatty)
    return Screen(
        terminal=terminal,
        columns=writer.fullwidth,
        asked=os.environ.get("COLUMNS", ""),
        colour=writer.hasmarkup,
    )


class _Told(pytest.File):
    """A file of this plugin; what is wrong with it is told without a traceback."""

    def repr_failure(  # type: ignore[override]  # as pytest's own Collector narrows it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        return told(excinfo.value) or super().repr_failure(excinfo)


class Unusable(_Told):
    """The first file met where the configuration cannot be used."""

    def __init__(self, *, error: HarnessError, **given: Any) -> None:
        super().__init__(**given)
        self.error = error

    def collect(self) -> NoReturn:
        raise self.error


class _File(_Told):
    """A file of the project."""

    def __init__(self, *, project: Project, **given: Any) -> None:
        super().__init__(**given)
        self.project = project


class ScenarioFile(_File):
    """A scenario file: one test, named as the file is."""

    def collect(self) -> Iterator[pytest.Item]:
        from harness.errors import InputError

        bench = self.project.bench()
        if bench is None:
            return
        try:
            scenario = bench.read(self.path)
            doubled = self.project.doubled(scenario, self.path)
            if doubled is not None:
                raise doubled
        except InputError as error:
            yield UnusableItem.from_parent(self, name=self.path.stem, error=error)
            return
        yield ScenarioItem.from_parent(self, name=scenario.id, scenario=scenario, bench=bench)


class RulingFile(_File):
    """A ruling file: a failing test for each reason why it is refused, none where it is good."""

    def collect(self) -> Iterator[pytest.Item]:
        bench = self.project.bench()
        for error in bench.refused_in(self.path) if bench is not None else ():
            yield UnusableItem.from_parent(self, name=self.path.stem, error=error)


class _Item(pytest.Item):
    """A test of this plugin: what is expected to go wrong has no traceback."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return told(excinfo.value) or super().repr_failure(excinfo, style)


class UnusableItem(_Item):
    """A file that cannot be used: it fails and says where and why."""

    def __init__(self, *, error: HarnessError, **given: Any) -> None:
        super().__init__(**given)
        self.error = error

    def runtest(self) -> None:
        raise self.error


class ScenarioItem(_Item):
    """A scenario: it fails where anything is left that no ruling covers, or a ruling leaks."""

    def __init__(self, *, scenario: Scenario, bench: Bench, **given: Any) -> None:
        super().__init__(**given)
        self.scenario, self.bench = scenario, bench
        said = {
            **bench.stratum(scenario),
            "family": scenario.family,
            "ticket": scenario.ticket,
            "deliverable": scenario.deliverable,
        }
        self.add_marker(getattr(pytest.mark, NAME)(**said))
        self.extra_keyword_matches.update(filter(None, (*said.values(), *scenario.faults)))
        self.user_properties.append((NAME, scenario.id))

    def runtest(self) -> None:
        from harness.report.failure_text import fails

        heard = self.bench.hear(self.scenario)
        if fails(heard):
            raise Unruled(self.shown(heard))

    def shown(self, heard: Heard) -> Shown:
        """The failure as it will be printed, here or in the process that started this one."""
        from harness.report.failure_text import failure_text, in_short
        from harness.report.terminal import Look, look

        on, bench = screen(self.config), self.bench
        asked = {"COLUMNS": on.asked}
        width = look(asked, terminal=on.terminal, columns=on.columns).width
        plain, coloured = (
            failure_text(heard, bench.rulings, bench.level, Look(width=width, colour=colour))
            for colour in (False, on.colour)
        )
        crash = Crash(where=self.scenario.file, message=in_short(heard))
        return Shown(plain=plain, coloured=coloured, reprcrash=crash)


@dataclass(frozen=True, slots=True)
class Crash:
    """A failure in one line, by the names under which pytest looks for it."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A failed scenario as a report holds it; whether in colour is known where it is printed."""

    plain: str
    coloured: str
    reprcrash: Crash

    def __str__(self) -> str:
        return self.plain

    def toterminal(self, writer: Any) -> None:
        writer.line(self.coloured if writer.hasmarkup else self.plain)


class Unruled(Exception):
    """A scenario with something left that no ruling covers."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown.reprcrash.message)
        self.shown = shown


def told(error: BaseException) -> Shown | str | None:
    """What is said of an error that is expected; None for any other, which has a traceback."""
    from harness.errors import HarnessError

    if isinstance(error, Unruled):
        return error.shown
    return f"error: {error}" if isinstance(error, HarnessError) else None


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: Any,
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Send a failed scenario as it is shown from one process to another."""
    data = yield
    if data is not None and isinstance(report.longrepr, Shown):
        data[NAME] = asdict(report.longrepr)
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(data: dict[str, Any]) -> Generator[None, Any, Any]:
    """Take up a failed scenario as it was sent."""
    sent = data.pop(NAME, None)
    report = yield
    if sent is not None:
        report.longrepr = Shown(**{**sent, "reprcrash": Crash(**sent["reprcrash"])})
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what a test run leaves open, where scenarios were replayed."""
    names = {
        report.nodeid
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
        and any(name == NAME for name, _ in report.user_properties)
    }
    if names:
        many = f"{len(names)} scenario{'s' if len(names) > 1 else ''}"
        line = f"shadow: {many} replayed once, stability unchecked. Next: shadow gate"
        terminalreporter.write_line(line)

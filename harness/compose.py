"""The composition root: the one place where engines, kit, policy and scenarios meet."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness import manifest_file, ruling_files
from harness.branches import Unit
from harness.config import Config, read_config
from harness.court import Court
from harness.document import read_document
from harness.dotted import resolve
from harness.errors import InputError
from harness.fields import Fields, read_fields
from harness.guarding.retired import Retired, load_retired
from harness.importing import LoadedEngine, load_engine
from harness.loading import Loaded, load_scenarios
from harness.manifest import Manifest
from harness.missing import refused
from harness.policy import Policy, read_policy
from harness.ports import Invariant, Kit
from harness.ruling import in_force
from harness.ruling_files import Rulings
from harness.scenario_file import Vocabulary
from harness.setup import Budget, Setup, Side

if TYPE_CHECKING:
    from harness.replayed.recording import Recording

CACHE = ".shadow"
"""Folder of instrumented code, beside the configuration file."""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Everything a run is made of; each part is made when it is first asked for.

    Attributes:
        config: the configuration table.
        paths: files or folders asked for; none means the configured scenarios.
        quirks: overrides what `faults` may name, where the control must not be loaded.
    """

    config: Config
    paths: tuple[Path, ...] = ()
    quirks: Collection[str] | None = None

    @cached_property
    def kit(self) -> Kit:
        return self._resolved("world")  # type: ignore[no-any-return]  # introduced by name

    @cached_property
    def invariants(self) -> tuple[Invariant, ...]:
        return tuple(self._resolved("invariants"))

    @cached_property
    def control(self) -> LoadedEngine:
        if self.recording is None:
            return self.engine("control")
        from harness.replayed.recorded_engine import recorded_engine

        self._resolved("world")  # puts the configuration's folder on the import path
        return recorded_engine(self.recording)

    @cached_property
    def recording(self) -> Recording | None:
        """The recorded control; None where the control is code."""
        file = self.config.recording
        if file is None:
            return None
        from harness.replayed.recording_file import read_recording

        return read_recording(file)

    @property
    def control_package(self) -> str:
        """The package of the control, also where only its recording is left."""
        return package(self.config.control) if self.recording is None else self.recording.package

    @cached_property
    def candidate(self) -> LoadedEngine:
        return self.engine("candidate")

    @cached_property
    def vocabulary(self) -> Vocabulary:
        quirks = self.control.engine.quirks if self.quirks is None else self.quirks
        invariants = frozenset(invariant.id for invariant in self.invariants)
        return Vocabulary(kit=self.kit, quirks=quirks, invariants=invariants)

    @cached_property
    def loaded(self) -> Loaded:
        return load_scenarios(self.paths or (self.config.scenarios,), self.vocabulary)

    @cached_property
    def fields(self) -> Fields:
        return read_fields(self.config.scenarios / "fields.yaml", root=self.config.root)

    @cached_property
    def policy(self) -> Policy:
        return read_policy(read_document(self.config.gate))

    @cached_property
    def manifest(self) -> Manifest | None:
        return manifest_file.read_manifest(self.config.scenarios / manifest_file.NAME)

    @cached_property
    def retired(self) -> tuple[Retired, ...]:
        """The tombstones of paths that were deleted."""
        return load_retired(self.config.scenarios)

    @cached_property
    def rulings(self) -> Rulings:
        known = ruling_files.Known(
            paths=frozenset(self.control.engine.paths),
            quirks=frozenset(self.control.engine.quirks),
            decisions=ruling_files.decision_records(self.config.root),
        )
        return ruling_files.read_rulings(self.config.scenarios / "rulings", known)

    def units(self) -> Mapping[str, Unit]:
        """The control's code: each path's module, and what paths share."""
        owner = {path.module: path.id for path in self.control.engine.paths.values()}
        return {
            name: Unit(
                id=name,
                arcs={
                    number: f"{name}:{arc.line} {arc.kind} {arc.text}"
                    for number, arc in enumerate(arcs)
                },
                path=owner.get(name, ""),
                at_import=frozenset(n for n, arc in enumerate(arcs) if arc.at_import),
            )
            for name, arcs in self.control.coverage.arcs.items()
            if arcs
        }

    def court(self, today: date) -> Court:
        """What a run's cells are judged by on a day."""
        quirks = self.control.engine.quirks.values()
        return Court(
            rulings=in_force(self.rulings.good, today),
            paths={quirk.id: quirk.path for quirk in quirks},
            crashes=self.crashes,
        )

    @property
    def crashes(self) -> Mapping[tuple[str, str], str]:
        """(path, exception type) → the control's quirk that lets it escape."""
        quirks = self.control.engine.quirks.values()
        return {(quirk.path, quirk.crash): quirk.id for quirk in quirks if quirk.crash is not None}

    def setup(self, *, reverse: bool = False, reload: bool = False) -> Setup:
        """Both sides, ready to replay; `reverse` and `reload` are for the self-check."""
        control = self.control
        return self._setup(
            Side(
                role="control",
                engine=control.engine,
                crashes=self.crashes,
                drain_traps=control.guard.drain,
                reset_arcs=control.coverage.reset,
                taken_arcs=control.coverage.taken,
                crashed=control.coverage.raised,
            ),
            reverse=reverse,
            reload=reload,
        )

    def candidate_only(self, *, reverse: bool) -> Setup:
        """The candidate beside nobody: no control is imported."""
        nobody = Side(role="control", engine=Nobody(), crashes={})
        return self._setup(nobody, reverse=reverse, reload=False)

    def _setup(self, control: Side, *, reverse: bool, reload: bool) -> Setup:
        candidate = self.candidate
        return Setup(
            control=control,
            candidate=Side(
                role="candidate",
                engine=candidate.engine,
                look=candidate.engine.look,
                crashes={},
                drain_traps=candidate.guard.drain,
            ),
            kit=self.kit,
            invariants=self.invariants,
            fields=self.fields,
            budget=Budget(seconds=self.config.timeout_seconds),
            reverse=reverse,
            reload=reload,
        )

    def _resolved(self, key: str) -> Any:
        """Import what is introduced by name, where no engine can be imported but one's own."""
        where = str(self.config.file)
        with refused(*self.strangers(key)):
            return resolve(getattr(self.config, key), key=key, root=self.config.root, where=where)

    def strangers(self, key: str) -> tuple[str, ...]:
        """The packages of engines that `world` or `invariants` may know nothing of.

        Invariants may be the candidate's own; they never judge by asking the control.
        """
        engines = {self.control_package}
        if key == "world":
            engines.add(package(self.config.candidate))
        return tuple(sorted(engines - {package(getattr(self.config, key))}))

    def engine(
        self,
        key: str,
        *,
        probed: bool | None = None,
        trees: Mapping[str, ast.Module] | None = None,
    ) -> LoadedEngine:
        """Load an engine that may import neither its peer, nor the kit, nor the harness.

        Args:
            key: `control` or `candidate`.
            probed: whether its branches are counted; of the control only, if not said.
            trees: module → syntax tree to execute in place of its own.
        """
        if key == "control" and self.recording is not None:
            message = "the control is a recording: there is no code of it to load"
            hint = "name its code in the table, where it is still there"
            raise InputError("control-is-recording", message, str(self.config.file), hint)
        packages = {
            "control": self.control_package,
            **{name: package(getattr(self.config, name)) for name in ("candidate", "world")},
        }
        mine = packages.pop(key)
        self._resolved("world")  # puts the configuration's folder on the import path
        return load_engine(
            getattr(self.config, key),
            instrument=key == "control",
            forbid=tuple(sorted({*packages.values(), "harness"} - {mine})),
            cache_dir=self.config.root / CACHE,
            probed=probed,
            trees=trees,
        )


class Nobody:
    """An engine that handles nothing."""

    name = "nobody"
    handlers: Mapping[str, Any] = MappingProxyType({})
    refusals: tuple[type[Exception], ...] = ()


def package(dotted: str) -> str:
    """The package that `package.module:ATTRIBUTE` names."""
    return dotted.partition(":")[0].partition(".")[0]


def compose(
    config: Path | None, paths: tuple[Path, ...], *, quirks: Collection[str] | None = None
) -> Composition:
    """Read the configuration; everything else is made when it is asked for.

    Raises:
        InputError: the configuration cannot be used.
    """
    return Composition(config=read_config(config), paths=paths, quirks=quirks)

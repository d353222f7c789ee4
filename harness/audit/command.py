"""The command `shadow audit`: audit the control or a foreign tree, and print what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.audit.audit_text import audit_json, audit_text
from harness.audit.auditing import audit_control, audit_tree
from harness.audit.surface import read_foreign
from harness.command import here
from harness.compose import compose
from harness.errors import ExitCode, HarnessError
from harness.moment import today
from harness.report.json_report import dumped
from harness.text import visible

Say = Callable[[str], None]
Complain = Callable[[HarnessError], None]


def audit(
    config: Path | None,
    tree: Path | None,
    surface: Path | None,
    *,
    as_json: bool,
    say: Say,
    complain: Complain,
) -> ExitCode:
    """Audit the configured control, or a folder as a file describes it.

    Raises:
        InputError: the configuration, the folder or the file cannot be used.
    """
    failures: tuple[HarnessError, ...] = ()
    if tree is not None and surface is not None:
        found = audit_tree(tree, read_foreign(surface), today=today(surface.parent))
    else:
        composition = compose(config, ())
        found = audit_control(composition, today=today(composition.config.root))
        failures = composition.loaded.failures
    for error in failures:
        complain(error)
    again = "shadow audit"
    if tree is not None and surface is not None:
        again = visible(f"shadow audit --tree {tree} --surface {surface}")
    say(dumped(audit_json(found)) if as_json else audit_text(found, again=again, look=here()))
    return ExitCode.INPUT if failures else found.exit_code

"""The commands on the way to a deletion: `mutate`, `audit`, `clear` and `guard`."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import ExitCode
from harness.options import FILE, common, offered
from harness.shell import complain, say


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH]...", shell_complete=offered("cleared"))
@click.option("--write", is_flag=True, help="Write the measurement, for the gate to weigh.")
@click.option("--check", is_flag=True, help="Measure all anew; say whether it is as written.")
@click.option(
    "--spot",
    type=click.IntRange(min=1),
    metavar="N",
    help="Try N mutants again, drawn by the newest commit; say whether they are as written.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes; all cores by default."
)
@common
def mutate(
    config: Path | None,
    names: tuple[str, ...],
    write: bool,  # noqa: FBT001  # as above
    check: bool,  # noqa: FBT001  # as above
    spot: int | None,
    workers: int | None,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Say which small changes of the engines nobody would notice.

    PATH: paths of the control, modules, or `candidate`; all of them by default.
    """
    if names and (write or check or spot):
        raise click.UsageError("--write, --check and --spot are about all: name no PATH")
    if spot and (write or check):
        raise click.UsageError("--spot goes with neither --write nor --check")
    if spot:
        from harness.mutate import spot_command

        return spot_command.spot(config, spot, workers=workers, as_json=as_json, say=say)
    from harness.mutate import command as mutating

    return mutating.mutate(
        config, names, write=write, check=check, workers=workers, as_json=as_json,
        say=say, complain=complain,
    )  # fmt: skip


@click.command()
@click.option("--base", metavar="REV", required=True, help="The branch that it is merged into.")
@click.option("--head", metavar="REV", default="HEAD", show_default=True, help="The work.")
@click.option(
    "--level",
    type=click.Choice(["production", "rehearsal"]),
    default="production",
    show_default=True,
    help="The level that a clearance must have.",
)
@click.option(
    "--tombstones",
    metavar="DECISION",
    default="",
    help="Judge nothing: print retired.yaml with the rows that the deletion needs.",
)
@common
def guard(
    config: Path | None,
    base: str,
    head: str,
    level: str,
    tombstones: str,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Refuse commits that delete of the control what nobody cleared."""
    if tombstones and as_json:
        raise click.UsageError("--tombstones prints a file; leave --json out")
    from harness.guarding import guard as guarding

    return guarding.guard(
        config, base=base, head=head, level=level, tombstones=tombstones, as_json=as_json, say=say
    )


@click.command()
@click.option(
    "--tree",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="With --surface: a folder of somebody's code, which is read and never run.",
)
@click.option(
    "--surface", type=FILE, metavar="FILE", help="With --tree: what a write is there, who owns it."
)
@common
def audit(
    config: Path | None,
    tree: Path | None,
    surface: Path | None,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Find writers and handlers that no path owns.

    Without options: in the control's code, and in a replay of it alone.
    """
    if (tree is None) != (surface is None):
        raise click.UsageError("--tree and --surface go together")
    from harness.audit import command

    return command.audit(config, tree, surface, as_json=as_json, say=say, complain=complain)


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH]...", shell_complete=offered("cleared"))
@click.option("--all", "every", is_flag=True, help="Every path of the control.")
@click.option(
    "--level",
    type=click.Choice(["production", "rehearsal"]),
    default="production",
    show_default=True,
    help="What the clearance is good for; one of a rehearsal permits no deletion.",
)
@common
def clear(
    config: Path | None,
    names: tuple[str, ...],
    every: bool,  # noqa: FBT001  # as above
    level: str,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Run the gate and write a clearance for paths it leaves open.

    PATH: paths of the control by id (shadow paths).
    """
    if bool(names) == every:
        raise click.UsageError("name the paths to clear, or say --all")
    from harness.clearance import clear as clearing

    return clearing.clear(
        config, names, every=every, level=level, as_json=as_json, say=say, complain=complain
    )

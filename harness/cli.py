"""The command `shadow`: its commands and their options.

Nothing heavy is imported before a command runs, so that `shadow --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from harness import hash_seed
from harness.deletion_commands import audit, clear, guard, mutate
from harness.errors import ExitCode
from harness.options import FILE, FOLDER, JSON, NAMED, PATHS, common, offered, written
from harness.recording_commands import record, sample
from harness.shell import complain, run_command, say

STORE = click.option(
    "--store", metavar="URL", help="Keep what was found: a file of SQLite, or postgresql://…"
)


@click.group(
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 98},
    epilog="Exit codes: 0 open, 1 closed or differences, 2 interrupted, 3 internal error, "
    "4 usage or input error, 5 nothing compared, 6 self-test failed.",
)
def shadow() -> None:
    """Replay scenarios through two engines and keep the deletion gate closed until they agree."""


@shadow.command()
@PATHS
@STORE
@written
@common
def run(
    config: Path | None,
    paths: tuple[Path, ...],
    as_json: bool,  # noqa: FBT001  # click passes it by name
    store: str | None,
    **files: Path | None,
) -> ExitCode:
    """Replay scenarios and show each difference without a ruling.

    PATH: files or folders in place of the configured scenarios.
    """
    from harness import command

    return command.run(
        config, paths, as_json=as_json, files=files, store=store, say=say, complain=complain
    )


@shadow.command()
@PATHS
@STORE
@written
@common
def gate(
    config: Path | None,
    paths: tuple[Path, ...],
    as_json: bool,  # noqa: FBT001  # as above
    store: str | None,
    **files: Path | None,
) -> ExitCode:
    """Say for every path whether it may be deleted, and why not.

    PATH: files or folders in place of the configured scenarios; such a gate is never open.
    """
    from harness import command

    return command.gate(
        config, paths, as_json=as_json, files=files, store=store, say=say, complain=complain
    )


@shadow.command()
@click.argument("name", metavar="ID", shell_complete=offered("shown"))
@common
def show(config: Path | None, name: str, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Show what both engines did, episode by episode.

    ID: a scenario (pay-now) or one of its cells (pay-now#1).
    """
    from harness import command

    return command.show(config, name, as_json=as_json, say=say)


@shadow.command()
@common
def paths(config: Path | None, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """List the control's paths with their triggers and stores."""
    from harness import command

    return command.paths(config, as_json=as_json, say=say)


@shadow.command()
@click.argument("cell", metavar="ID", shell_complete=offered("ruled"))
@common
def rule(config: Path | None, cell: str, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Draft a ruling of a cell, for a person to complete and sign.

    ID: the cell (pay-now#1).
    """
    from harness import command

    return command.rule(config, cell, as_json=as_json, say=say)


@shadow.command()
@PATHS
@click.option("--write", is_flag=True, help="Write the manifest: pin what there is.")
@click.option(
    "--tombstone",
    "tombstones",
    nargs=2,
    multiple=True,
    metavar="ID REASON",
    help="With --write: a pinned scenario that was taken out, and why.",
)
@common
def lint(
    config: Path | None,
    paths: tuple[Path, ...],
    write: bool,  # noqa: FBT001  # as above
    tombstones: tuple[tuple[str, str], ...],
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Check scenario files and the manifest; judge nothing.

    PATH: files or folders in place of the configured scenarios.
    """
    if tombstones and not write:
        raise click.UsageError("--tombstone needs --write")
    if write and paths:
        raise click.UsageError("--write pins the whole set: name no PATH")
    from harness import lint as linting

    return linting.lint(
        config, paths, write=write, tombstones=tombstones, as_json=as_json,
        say=say, complain=complain,
    )  # fmt: skip


@shadow.command()
@PATHS
@click.option("--html", type=FILE, metavar="FILE", help="One page that needs no network.")
@written
@common
def report(
    config: Path | None,
    paths: tuple[Path, ...],
    as_json: bool,  # noqa: FBT001  # as above
    **files: Path | None,
) -> ExitCode:
    """Write what the gate says to files: a page, JUnit, a comment.

    PATH: files or folders in place of the configured scenarios; such a gate is never open.
    """
    if not any(files[name] for name in ("html", "junit", "markdown")):
        raise click.UsageError("name a file to write: --html, --junit or --markdown")
    from harness import command

    return command.report(config, paths, as_json=as_json, files=files, say=say, complain=complain)


@shadow.command()
@click.argument("template", required=False, shell_complete=offered("templates"))
@click.argument("name", metavar="[ID]", required=False)
@click.option("--title", metavar="TEXT", help="One sentence: what happens, and what goes wrong.")
@common
def new(
    config: Path | None,
    template: str | None,
    name: str | None,
    title: str | None,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Begin a scenario from a template; alone, list the templates.

    TEMPLATE: its name, or a family's (S09). ID: the new scenario's id, and its file's name.
    """
    if template is not None and name is None:
        raise click.UsageError("name the new scenario: shadow new TEMPLATE ID")
    from harness import scaffold

    return scaffold.new(config, template, name, title=title, as_json=as_json, say=say)


@shadow.command()
@click.argument("runs", nargs=-1, metavar="[RUN RUN]")
@click.option(
    "--store",
    metavar="URL",
    required=True,
    help="Where runs were kept: a file of SQLite, or postgresql://…",
)
@click.option("--path", metavar="PATH", help="The agreement of one path, run by run.")
@JSON
def history(runs: tuple[str, ...], store: str, path: str | None, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Show the runs that a store keeps.

    RUN RUN: ids of two, or how they begin: what changed from the first to the second.
    """
    if len(runs) not in (0, 2) or (runs and path is not None):
        raise click.UsageError("name two runs, or a --path, or neither")
    from harness.store.address import check_packages

    check_packages()
    from harness.store import history as telling

    return telling.history(store, runs, path=path, as_json=as_json, say=say)


@shadow.command()
@click.argument("kind", type=click.Choice(["scenario", "ruling"]), default="scenario")
@common
def schema(config: Path | None, kind: str, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Print the JSON Schema of scenarios or rulings, for editors."""
    from harness.json_schema import published

    return published.schema(config, kind, as_json=as_json, say=say)


@shadow.command()
@click.option("--accounts", type=click.IntRange(min=1), metavar="N", help="How many.")
@click.option("--out", type=FILE, metavar="FILE", help="FILE.jsonl.zst or FILE.jsonl, a new one.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True,
              metavar="S", help="Account K of seed S is always the same.")  # fmt: skip
@click.option("--account", type=click.IntRange(min=1), metavar="K", help="Print this one alone.")
@common
def simulate(
    config: Path | None,
    accounts: int | None,
    out: Path | None,
    seed: int,
    account: int | None,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Write accounts that are drawn by a seed, as many as you like."""
    from harness.bulk import simulate as simulating

    if account is not None:
        if accounts is not None or out is not None:
            raise click.UsageError("--account prints one: leave --accounts and --out out")
        return simulating.one(config, number=account, seed=seed, say=say)
    if accounts is None or out is None:
        raise click.UsageError("say how many, and where to: --accounts N --out FILE.jsonl.zst")
    return simulating.simulate(
        config, accounts=accounts, seed=seed, out=out, as_json=as_json, say=say
    )


@shadow.command()
@click.argument("files", nargs=-1, required=True, type=NAMED, metavar="FILE...")
@click.option("--store", metavar="URL", required=True, help="Where it is kept: see history.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Else one a core.")
@click.option("--cluster", metavar="ADDRESS", help="Replay on a Dask cluster: tcp://host:8786.")
@click.option("--resume", metavar="RUN", help="Finish this run, which was interrupted.")
@click.option("--kept", type=FOLDER, metavar="FOLDER", help="Run nothing twice: keep it here.")
@common
def replay(
    config: Path | None,
    files: tuple[str, ...],
    store: str,
    workers: int | None,
    cluster: str | None,
    resume: str | None,
    kept: Path | None,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Replay accounts by the thousand, and keep what is found.

    FILE: FILE.jsonl or FILE.jsonl.zst, as `shadow simulate` writes them; or a URL of one.
    """
    if cluster is not None and workers is not None:
        raise click.UsageError("a cluster has its own workers: leave --workers out")
    from harness.store.address import check_packages

    check_packages()
    from harness.bulk import replay as replaying

    asked = replaying.Asked(
        config=config,
        files=files,
        store=store,
        workers=workers,
        cluster=cluster,
        resume=resume,
        kept=kept,
    )
    return replaying.replay(asked, as_json=as_json, say=say, complain=complain)


@shadow.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> ExitCode:
    """Print the script that completes words in a shell."""
    from harness import completion as completing

    return completing.completion(shadow, shell, say=say)


for _command in (record, sample, mutate, audit, clear, guard):
    shadow.add_command(_command)


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code; the console script passes it to `sys.exit`."""
    if "_SHADOW_COMPLETE" in os.environ:  # a shell asks what may come next
        from harness.completion import answer

        return answer(shadow)
    if args is None and sys.argv[1:2] == [mutate.name]:
        hash_seed.fix()  # this process ends here, and begins again
    return run_command(shadow, args)

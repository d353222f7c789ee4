"""The commands about what was recorded elsewhere: `shadow record …` and `shadow sample …`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.errors import ExitCode
from harness.options import FILE, common
from harness.shell import complain, say


@click.group()
def record() -> None:
    """Make scenarios of what was recorded elsewhere."""


@record.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where the scenarios are written; by default `recorded` below the scenarios.",
)
@click.option(
    "--accounts",
    metavar="FILE|URL",
    help="The stores that events do not tell of: CSV, JSON Lines, or a database's URL.",
)
@click.option("--query", metavar="SQL", help="With a URL: the rows, one an account.")
@click.option(
    "--calls",
    type=FILE,
    metavar="FILE",
    help="Request ids and idempotency keys of the control's own calls, one a line.",
)
@click.option(
    "--key",
    type=FILE,
    metavar="FILE",
    help="Key of the pseudonyms; without it a new one, kept nowhere.",
)
@click.option("--delivered", is_flag=True, help="The files are in the order of delivery.")
@click.option(
    "--at-least",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Cells in which some path must have run.",
)
@common
def events(config: Path | None, as_json: bool, **asked: Any) -> ExitCode:  # noqa: FBT001  # as above
    """Make `recorded` scenarios of events that production kept.

    FILE: JSON or JSON Lines, or a folder of them.
    """
    from harness.record import events as recording

    return recording.events(config, as_json=as_json, say=say, complain=complain, **asked)


@record.command()
@click.option(
    "--out",
    type=FILE,
    metavar="FILE",
    help="Where it is written, FILE.jsonl or FILE.jsonl.gz; control.jsonl below the scenarios.",
)
@common
def control(config: Path | None, out: Path | None, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Record the control itself, so that its code can go."""
    from harness.replayed import control as recording

    return recording.control(config, out=out, as_json=as_json, say=say, complain=complain)


@click.group()
def sample() -> None:
    """Bound what may be wrong, from a sample of recorded accounts."""


@sample.command(name="status")
@common
def sample_status(config: Path | None, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Say what was drawn, what came of it, what may be claimed."""
    from harness.sampling import sample as sampling

    return sampling.status(config, as_json=as_json, say=say, complain=complain)


@sample.command(name="draw")
@click.option("--n", "size", type=click.IntRange(min=1), metavar="N", help="So many a stratum.")
@click.option(
    "--for-bound",
    "bound",
    metavar="SHARE",
    help="As many as bound the wrong ones by a share (1/1000) if none is found.",
)
@common
def sample_draw(
    config: Path | None,
    size: int | None,
    bound: str | None,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Draw accounts of the frame, list them, and enter the draw."""
    if (size is None) == (bound is None):
        raise click.UsageError("say how many: either --n or --for-bound")
    from harness.sampling import sample as sampling

    return sampling.draw(
        config, size=size, bound=bound, as_json=as_json, say=say, complain=complain
    )


@sample.command(name="evaluate")
@common
def sample_evaluate(config: Path | None, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Replay all, count the drawn accounts, and enter what came of it."""
    from harness.sampling import sample as sampling

    return sampling.evaluate(config, as_json=as_json, say=say, complain=complain)


@sample.command(name="burn")
@click.argument("account", metavar="ID")
@click.argument("reason")
@common
def sample_burn(
    config: Path | None,
    account: str,
    reason: str,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Say that somebody looked at an account: no sample may rest on it.

    ID: the account, as its recorded scenario is named. REASON: who looked at it, and why.
    """
    from harness.sampling import sample as sampling

    return sampling.burn(config, account, reason, as_json=as_json, say=say, complain=complain)


@sample.command(name="ids")
@click.argument("file", type=FILE, metavar="FILE")
@click.option("--key", type=FILE, required=True, metavar="FILE", help="Key of the pseudonyms.")
@common
def sample_ids(
    config: Path | None,
    file: Path,
    key: Path,
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Print the ids that accounts have as recorded scenarios.

    FILE: the accounts' own ids, one a line.
    """
    from harness.sampling import sample as sampling

    return sampling.ids(config, file, key=key, as_json=as_json, say=say, complain=complain)

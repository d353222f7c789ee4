"""Version 1: runs, their parts, what was expected, what agreed as counts, and the rest as rows."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _columns(names: str, *, key: bool = False) -> Iterable[sa.Column[str]]:
    return (sa.Column(name, sa.Text, primary_key=key, nullable=False) for name in names.split())


def upgrade() -> None:
    """Make the tables."""
    _make_runs()
    _make_expected()
    _make_found()


def _make_runs() -> None:
    op.create_table(
        "run",
        *_columns("id", key=True),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        *_columns("command level partial harness gate"),
        sa.Column("complete", sa.Boolean, nullable=False),
    )
    op.create_table(
        "made_of",
        *_columns("run what", key=True),
        *_columns("sha256"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "part",
        *_columns("run id", key=True),
        *_columns("source"),
        sa.Column("first", sa.BigInteger),
        sa.Column("last", sa.BigInteger),
        *_columns("state roster"),
        sqlite_with_rowid=False,
    )


def _make_expected() -> None:
    op.create_table(
        "roster",
        *_columns("digest", key=True),
        sa.Column("scenarios", sa.Integer, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        *_columns("scenario_ids cell_ids"),
    )
    op.create_table(
        "rostered",
        *_columns("digest scenario", key=True),
        *_columns("sha256"),
        sa.Column("cells", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def _make_found() -> None:
    op.create_table(
        "tally",
        *_columns("run part path kind class outcome", key=True),
        sa.Column("cells", sa.Integer, nullable=False),
        *_columns("ids"),
        sqlite_with_rowid=False,
    )
    op.create_index("tally_path", "tally", ["path", "run"])
    op.create_table(
        "cell",
        *_columns("run id", key=True),
        *_columns("part scenario act kind class outcome paths findings digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("cell_part", "cell", ["run", "part"])
    op.create_table(
        "difference",
        *_columns("run cell", key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, nullable=False),
        *_columns("part scenario outcome path field signature ruling body"),
        sqlite_with_rowid=False,
    )
    op.create_index("difference_part", "difference", ["run", "part"])
    op.create_index("difference_signature", "difference", ["run", "signature"])
    op.create_table(
        "free_tally",
        *_columns("run part kind outcome", key=True),
        sa.Column("runs", sa.Integer, nullable=False),
        *_columns("ids"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "free",
        *_columns("run scenario", key=True),
        *_columns("part kind outcome remarks"),
        sqlite_with_rowid=False,
    )
    op.create_index("free_part", "free", ["run", "part"])

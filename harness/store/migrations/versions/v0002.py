"""Version 2: which rulings a part used, counted; of older runs counted from their differences."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table, and fill it for the runs that are there."""
    op.create_table(
        "used",
        sa.Column("run", sa.Text, primary_key=True, nullable=False),
        sa.Column("part", sa.Text, primary_key=True, nullable=False),
        sa.Column("ruling", sa.Text, primary_key=True, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO used (run, part, ruling, cells)"
        " SELECT run, part, ruling, COUNT(DISTINCT cell) FROM difference"
        " WHERE ruling NOT IN ('', 'follows', '(given)') GROUP BY run, part, ruling"
    )

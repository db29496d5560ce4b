"""Revision 0006: how long ended runs are kept. Older runs are kept until somebody deletes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, and the index of the runs that have it."""
    op.add_column("runs", sa.Column("lifetimes", sa.Text))
    op.create_index(
        "runs_that_expire", "runs", ["finished_at"], sqlite_where=sa.text("lifetimes IS NOT NULL")
    )

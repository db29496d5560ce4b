"""Revision 0005: mutexes and semaphores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "lock_claims",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("lock", sa.Text, nullable=False),
        sa.Column("run", sa.Text, sa.ForeignKey("runs.uid", ondelete="CASCADE"), nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("is_held", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("lock_claims_by_claimant", "lock_claims", ["run", "node", "lock"], unique=True)
    op.create_table(
        "lock_limits",
        sa.Column("lock", sa.Text, primary_key=True),
        sa.Column("places", sa.Integer, nullable=False),
    )

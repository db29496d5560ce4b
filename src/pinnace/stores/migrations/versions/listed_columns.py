"""Revision 0002: what lists show of a run besides its phase. Of older runs they show nothing of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("runs", sa.Column("shutdown", sa.Text, nullable=False, server_default=""))
    op.add_column("runs", sa.Column("is_suspended", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("priority", sa.Integer, nullable=False, server_default="0"))

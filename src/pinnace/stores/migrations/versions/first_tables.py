"""Revision 0001: the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "stored_values",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    _create_runs()
    op.create_table(
        "nodes",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "run_values",
        sa.Column("run", sa.Text, sa.ForeignKey("runs.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("digest", sa.LargeBinary, sa.ForeignKey("stored_values.digest"), primary_key=True),
    )
    op.create_index("run_values_by_digest", "run_values", ["digest"])
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.Text, sa.ForeignKey("runs.uid", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("done_at", sa.Float),
        sqlite_autoincrement=True,
    )
    op.create_index("requests_by_run", "requests", ["run", "done_at"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.Column("info", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("submission", sa.LargeBinary, nullable=False),
        sa.Column("lease", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Float),
        sa.Column("owner_id", sa.Text),
        sa.Column("owner_host", sa.Text),
        sa.Column("owner_pid", sa.Integer),
        sa.Column("owner_birth", sa.Text),
    )
    op.create_index("runs_by_name", "runs", ["namespace", "name"], unique=True)
    op.create_index("runs_by_age", "runs", ["created_at"])
    op.create_index("runs_by_phase", "runs", ["phase"])

"""Runs the migrations on the connection, and within the transaction, that ``schema.migrate`` hands over.

Alembic executes this file; nothing imports it.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()

"""How older tables become newer ones; run by Alembic, and only when the tables are not the newest."""

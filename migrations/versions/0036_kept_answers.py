"""Answers of requests with an Idempotency-Key."""

from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# next to this file, because an operator can read it and paste it into psql
SQL = Path(__file__)


def upgrade() -> None:
    op.execute(SQL.with_suffix(".up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(SQL.with_suffix(".down.sql").read_text(encoding="utf-8"))

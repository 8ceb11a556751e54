"""A trace id from the reading to the delivery of its warning."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE deliveries ADD COLUMN trace_id text;"
        "COMMENT ON COLUMN deliveries.trace_id IS 'trace of the reading that the message follows from'"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE deliveries DROP COLUMN trace_id")

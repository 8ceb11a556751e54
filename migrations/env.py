"""The entry point of Alembic: one connection, and one transaction for all steps."""

from alembic import context
from sqlalchemy import create_engine, pool

from rencheng.store.schema.metadata import metadata

engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()

"""Where Alembic begins: on the connection that `harness.store.opening` hands it."""

from alembic import context

from harness.store.schema import META, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=META,
    version_table=VERSION_TABLE,
)
context.run_migrations()

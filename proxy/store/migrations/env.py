"""What Alembic runs the store's migrations with: the connection that is handed over."""

from __future__ import annotations

from alembic import context

from proxy.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()

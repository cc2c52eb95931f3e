"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of the first version."""
    op.create_table(
        "crosswalk",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("legacy_id", sa.Text, primary_key=True),
        sa.Column("modern_id", sa.Text, nullable=False),
        sa.UniqueConstraint("kind", "modern_id"),
    )
    op.create_table(
        "sequence",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("next_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "set_aside",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("modern_id", sa.Text, primary_key=True),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("written_at", sa.Float, nullable=False),
    )
    op.create_index("set_aside_owner", "set_aside", ["owner_id"])
    op.create_index("set_aside_key", "set_aside", ["key_id"])
    op.create_table(
        "intent",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
        sa.Column("modern_id", sa.Text),
        sa.Column("began_at", sa.Float, nullable=False),
    )
    op.create_index("intent_modern_id", "intent", ["modern_id"])
    op.create_table(
        "session",
        sa.Column("access", sa.Text, primary_key=True),
        sa.Column("refresh", sa.Text, nullable=False, unique=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )

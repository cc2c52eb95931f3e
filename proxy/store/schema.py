"""The tables of the store, the same on SQLite and PostgreSQL; `migrations` makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy.schema import UniqueConstraint

METADATA = MetaData()

CROSSWALK = Table(
    "crosswalk",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("legacy_id", Text, primary_key=True),
    Column("modern_id", Text, nullable=False),
    UniqueConstraint("kind", "modern_id"),
)
"""Pairs of ids, by kind of record. A legacy id is an integer in decimal, or a UUID."""

SEQUENCE = Table(
    "sequence",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("next_id", BigInteger, nullable=False),
)
"""
The next integer to be given out, by kind. It begins at random, and never goes back.

After the last one, 2**31 - 1, it no longer fits 32 bits.
"""

SET_ASIDE = Table(
    "set_aside",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("modern_id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("written_at", Float, nullable=False),
    Index("set_aside_owner", "owner_id"),
    Index("set_aside_key", "key_id"),
)
"""Legacy-only values, one sealed JSON object a record; the owner is the record around it."""

INTENT = Table(
    "intent",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("modern_id", Text),
    Column("began_at", Float, nullable=False),
    Index("intent_modern_id", "modern_id"),
)
"""Creations: under way, or done where the modern id is known; the id is the Idempotency-Key."""

SESSION = Table(
    "session",
    METADATA,
    Column("access", Text, primary_key=True),
    Column("refresh", Text, nullable=False, unique=True),
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Float, nullable=False),
)
"""Tokens that the gateway gave out, as digests, and the new API's own behind them, sealed."""

SECRET = Table(
    "secret",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""What the gateway made for itself: the key of fingerprints."""

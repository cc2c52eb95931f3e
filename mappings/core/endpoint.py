"""One row of the legacy surface: a legacy method and path, and the upstream call behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mappings.core.evidence import Evidence
from mappings.core.record_mapping import RecordMapping

Action = Literal["read", "list", "create", "update", "delete"]

ID = "{id}"
UUID_PATTERN = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
PATH_PATTERN = re.compile(r"(/([A-Za-z0-9_~-][A-Za-z0-9._~-]*|\{id\}))+", re.ASCII)


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """A call of the new API: method, path below its base URL, and what counts as success."""

    method: str
    path: str
    """A path with `{id}` where the record's id stands."""
    success: frozenset[int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the legacy side asks for in one place, and how it is carried over."""

    action: Action
    methods: tuple[str, ...]
    path: str
    """Below the prefix and without the suffix, with `{id}` where the record's id stands."""
    mapping: RecordMapping
    """What it accepts and what it answers with."""
    call: UpstreamCall
    read: UpstreamCall
    """How one record is read: before it is written over, or deleted on a condition."""
    status: int
    """The legacy status of success."""
    identity: str
    """The modern field that holds the record's id."""
    source: Evidence
    wrapper: str | None = None
    """A legacy body may hold the record alone under this name."""
    list_key: str | None = None
    """Where a modern list lies in the modern answer; none for a bare array."""
    located_at: str = ""
    """Of a creation: the legacy path of a record that was made."""
    id_pattern: str = UUID_PATTERN
    """The form of the record's id; it is compared without case."""
    stale_writes: Literal["conflict", "allow"] = "conflict"

    @property
    def whole(self) -> bool:
        """Whether an update sends the whole record rather than its changes."""
        return self.call.method == "PUT"

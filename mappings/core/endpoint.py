"""
The legacy surface, row by row, and the calls of the new API behind each row.

* Row: legacy methods and a path
  + Endpoint: carried over to the new API and back
  + Local: answered from the operator's tables alone
  + Token: signs in, or refreshes
  + Refused: has no counterpart; a status of the legacy side
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from mappings.core.context import Json
from mappings.core.evidence import Evidence
from mappings.core.record_mapping import RecordMapping

Action = Literal["read", "list", "create", "update", "delete", "run"]

ID = "id"
"""The path parameter that names the record itself."""

OWNER = "record"
"""The path parameter that names the record around it."""

UUID_PATTERN = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
PLAIN = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
INTEGER_PATTERN = r"[0-9]{1,18}"
PATH_PATTERN = re.compile(
    rf"(/([A-Za-z0-9_~-][A-Za-z0-9._~-]*|\{{{ID}\}}|\{{{OWNER}\}}))+", re.ASCII
)


def filled(path: str, ids: Mapping[str, str]) -> str:
    """A path with an id in the place of each parameter."""
    for name, value in ids.items():
        # Nearly all are UUIDs and numbers, which need no look at each of their letters.
        written = value if PLAIN.fullmatch(value) else quote(value, safe="")
        path = path.replace(f"{{{name}}}", written)
    return path


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """A call of the new API: method, path below its base URL, and what counts as success."""

    method: str
    path: str
    """A path with `{id}` and `{record}` where the ids stand."""
    success: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list of the new API comes in pages."""

    by: Literal["link", "page", "cursor"]
    """By `Link: rel=next`, by page numbers, or by a cursor in the answer."""
    parameter: str
    """The query parameter that asks for a page; by links, none is needed."""
    told_in: str
    """The member of the answer that tells the number of pages, or the next cursor."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The record around a record: how it is read, and where the ones within it lie."""

    read: UpstreamCall
    mapping: RecordMapping
    member: str
    """The modern list in it."""
    named_in: str
    """The modern field of one within that names the record around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One legacy path and its methods; below the prefix and without the suffix."""

    methods: tuple[str, ...]
    path: str
    """With `{id}` and `{record}` where ids stand."""
    source: Evidence
    patterns: Mapping[str, str] = field(default_factory=dict)
    """The form of an id, by parameter; where none is given a UUID, which has no case."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Under which kind the crosswalk has an id, by parameter; none: both sides use the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Row):
    """What the legacy side asks for in one place, and how it is carried over."""

    action: Action
    mapping: RecordMapping
    """What it accepts and what it answers with."""
    call: UpstreamCall
    read: UpstreamCall
    """How one record is read: before it is written over, or deleted on a condition."""
    status: int
    """The legacy status of success."""
    owner: Owner | None = None
    """Of a record within a record."""
    items: Mapping[str, tuple[Endpoint, Endpoint]] = field(default_factory=dict)
    """By legacy list that goes out by calls of its own: how an item is made, how it is changed."""
    wrapper: str | None = None
    """A legacy body may hold the record alone under this name."""
    list_key: str | None = None
    """Where a modern list lies in the modern answer; none for a bare array."""
    pages: Pages | None = None
    """How the modern list comes in pages; none: a page that tells of another is refused."""
    located_at: str = ""
    """Of a creation: the legacy path of a record that was made."""
    stale_writes: Literal["conflict", "allow"] = "conflict"
    guarded: bool = False
    """Whether the new API itself refuses to make the same one twice."""
    idempotent: bool = False
    """Whether the new API makes one record of two creations with one Idempotency-Key."""

    @property
    def told_by_links(self) -> bool:
        """Whether only a link can tell that a list has another page, and not the answer itself."""
        return self.pages is None or self.pages.by == "link"

    @property
    def whole(self) -> bool:
        """Whether an update sends the whole record rather than its changes."""
        return self.call.method == "PUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Local(Row):
    """Answered from the operator's tables, without the new API."""

    answer: Callable[[Mapping[str, str], Mapping[str, Any]], Json]
    """Given the query and the tables; null where the table that it needs is not supplied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Row):
    """Gives out tokens for a name and password, or for a refresh token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Row):
    """What the new API has no counterpart for."""

    status: int

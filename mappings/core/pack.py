"""A pair of APIs: its mappings, endpoints, tables and the form of its errors, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol

from pydantic import BaseModel

from mappings.core.context import Document
from mappings.core.endpoint import Row as EndpointRow
from mappings.core.errors import Problem
from mappings.core.oauth import OAuthForm
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Identifier, Paired

Row = Mapping[str, Any]
"""One row of an operator's table, by column; from CSV, every value is a text."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that the operator supplies."""

    name: str
    columns: tuple[str, ...]
    sentence: str
    build: Callable[[Sequence[Row]], Any]
    """What the mapping reads; raises `OptionsError` for rows that cannot be used."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Documents about an invented person, to show the pack at work."""

    created: Document
    """A legacy document with every field that a client may write."""
    by_another_hand: Document
    """Modern fields that somebody sets directly in the new API afterwards."""
    refused: Document
    """A legacy change that cannot be accepted."""
    within: Mapping[str, Document] = field(default_factory=dict)
    """Legacy documents of records within it, by the last part of their path."""
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """Rows of the operator's tables, invented too."""


class ErrorForm(Protocol):
    """How the old API says that something went wrong."""

    def error(self, status: int, reason: str = "") -> Document:
        """The body for a status, or for a reason of its own (`too_long`, `unknown_outcome`)."""
        ...

    def partial(self, status: int, pointer: str, reason: str = "") -> Document:
        """The same, for what concerns one place of the client's document."""
        ...

    def invalid(self, problems: Sequence[Problem]) -> Document:
        """The body for a document with problems."""
        ...

    def headers(self, status: int) -> Mapping[str, str]:
        """The headers that the old API sends with this status."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One pair of APIs, built from its options."""

    name: str
    title: str
    options: BaseModel
    mappings: Mapping[str, RecordMapping]
    """By resource; the first is the default of the command line."""
    endpoints: tuple[EndpointRow, ...]
    sample: Sample
    """About the default resource."""
    errors: ErrorForm
    uuid_kinds: frozenset[str] = frozenset()
    """Kinds whose legacy ids are UUIDs: the modern one, where the crosswalk has no pair."""
    zone: tzinfo
    """The zone in which the legacy side's day begins."""
    sources: Mapping[str, str]
    """The sources that evidence cites, by key."""
    prefixes: tuple[str, ...] = ("",)
    suffix: str = ""
    """An ending that every legacy path may have."""
    tables: tuple[Table, ...] = ()
    oauth: OAuthForm | None = None
    """How the old API signed people in; none: nobody signs in."""
    charset: str | None = None
    """How a body is read that names no charset and is not UTF-8; none: it is refused."""
    ascii_escapes: bool = False
    """Whether answers write every character beyond ASCII as an escape."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of ids that the crosswalk has pairs of."""
        rules = [rule for mapping in self.mappings.values() for rule in mapping.rules]
        named = {rule.kind for rule in rules if isinstance(rule, Identifier) and rule.kind}
        return frozenset(named.union(*(it.codec.kinds for it in rules if isinstance(it, Paired))))

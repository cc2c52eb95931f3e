"""The verbs in which a mapping is written; each gives the rules for the fields that it names."""

from __future__ import annotations

from collections.abc import Callable

from mappings.core import nesting
from mappings.core.codecs import UNCHANGED, Alone, Codec, CodeTable, GroupCodec
from mappings.core.context import Document, Json, Scope
from mappings.core.evidence import Evidence
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import (
    Alias,
    Computed,
    Identifier,
    Paired,
    Rules,
    SetAside,
    Shown,
    Untouched,
)


def same(*names: str, source: Evidence, codec: Codec = UNCHANGED) -> Rules:
    """The same name and the same meaning on both sides."""
    return tuple(
        Paired(verb="same", legacy=(name,), modern=(name,), codec=Alone(codec), source=source)
        for name in names
    )


def renamed(name: str, *, to: str, source: Evidence, codec: Codec = UNCHANGED) -> Rules:
    """Another name, the same meaning."""
    return (
        Paired(verb="renamed", legacy=(name,), modern=(to,), codec=Alone(codec), source=source),
    )


def coded(name: str, table: CodeTable, *, source: Evidence, to: str | None = None) -> Rules:
    """A code, by a table."""
    modern = (to or name,)
    return (Paired(verb="coded", legacy=(name,), modern=modern, codec=Alone(table), source=source),)


def grouped(
    names: tuple[str, ...], to: tuple[str, ...], codec: GroupCodec, *, source: Evidence
) -> Rules:
    """A few fields that only together mean a few others."""
    return (Paired(verb="grouped", legacy=names, modern=to, codec=codec, source=source),)


def nested(name: str, *, to: str, mapping: RecordMapping, source: Evidence) -> Rules:
    """A record within the record."""
    codec = Alone(nesting.Nested(mapping))
    return (
        Paired(
            verb="nested", legacy=(name,), modern=(to,), codec=codec, source=source, record=mapping
        ),
    )


def each(
    name: str,
    *,
    to: str,
    mapping: RecordMapping,
    key: str,
    source: Evidence,
    read_only: str = "",
    forgiven: frozenset[str] = frozenset(),
    by_calls: bool = False,
) -> Rules:
    """
    A list of records, paired by the legacy field `key`; an item that a client leaves out stays.
    With `by_calls`, those that it makes or changes go out by calls of their own.

    With the reason `read_only`, a list that differs from the one shown is refused, unless it
    differs in the `forgiven` members alone.
    """
    codec = Alone(
        nesting.Each(mapping, key, writable=not read_only, forgiven=forgiven, by_calls=by_calls)
    )
    return (
        Paired(
            verb="each",
            legacy=(name,),
            modern=(to,),
            codec=codec,
            record=mapping,
            many=True,
            by_calls=by_calls,
            source=source,
            because=read_only,
            writable=not read_only,
        ),
    )


def identifier(name: str, *, to: str, source: Evidence, kind: str | None = None) -> Rules:
    """The record's own id."""
    return (Identifier(verb="identifier", legacy=(name,), modern=(to,), kind=kind, source=source),)


def shown(
    *names: str,
    because: str,
    source: Evidence,
    to: str | None = None,
    codec: Codec = UNCHANGED,
    older: Callable[[Json, Json], bool] | None = None,
) -> Rules:
    """Set by the server: shown, and ignored when written."""
    return tuple(
        Shown(
            verb="shown",
            legacy=(name,),
            modern=(to or name,),
            codec=codec,
            older=older,
            because=because,
            source=source,
        )
        for name in names
    )


def computed(
    name: str,
    function: Callable[[Document, Scope], Json],
    *,
    made_of: tuple[str, ...],
    because: str,
    source: Evidence,
) -> Rules:
    """Made from modern fields when shown, and ignored when written."""
    return (
        Computed(
            verb="computed",
            legacy=(name,),
            function=function,
            made_of=made_of,
            because=because,
            source=source,
        ),
    )


def also_read(name: str, *, of: str, source: Evidence) -> Rules:
    """Another name under which a client may write the field `of`."""
    because = f"another name under which a client may write `{of}`"
    return (Alias(verb="also read", legacy=(name,), of=of, because=because, source=source),)


def set_aside(
    *names: str,
    because: str,
    source: Evidence,
    empty: Json = None,
    check: Callable[[Json], None] | None = None,
) -> Rules:
    """Legacy only: kept by the gateway where it may, else lost and told."""
    return tuple(
        SetAside(
            verb="set aside",
            legacy=(name,),
            because=because,
            source=source,
            empty=empty,
            check=check,
        )
        for name in names
    )


def untouched(*names: str, because: str, source: Evidence) -> Rules:
    """Modern only: never shown, never destroyed."""
    return tuple(
        Untouched(verb="untouched", modern=(name,), because=because, source=source)
        for name in names
    )

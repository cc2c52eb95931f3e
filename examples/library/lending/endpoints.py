"""The old desk's paths, and the calls of the new API behind each."""

from __future__ import annotations

from functools import partial

from lending.options import Options
from lending.sources import DESK, MOVE
from mappings.core.endpoint import (
    ID,
    INTEGER_PATTERN,
    Endpoint,
    Pages,
    Refused,
    Row,
    UpstreamCall,
)
from mappings.core.record_mapping import RecordMapping

PAGES = Pages(by="page", parameter="page", told_in="page_count")


def endpoints(options: Options, borrower: RecordMapping, title: RecordMapping) -> tuple[Row, ...]:
    """Every path of the old desk that is served, and one that has no counterpart."""
    return (
        *_all_of("/borrowers", "/patrons", borrower, options),
        *_all_of("/titles", "/works", title, options),
        Refused(methods=("GET", "POST"), path="/reservations", status=410, source=MOVE),
    )


def _all_of(old: str, new: str, mapping: RecordMapping, options: Options) -> tuple[Row, ...]:
    """The five endpoints of one kind of record: both APIs treat every kind in the same way."""
    one = f"{new}/{{{ID}}}"
    read = _call("GET", one)
    row = partial(
        Endpoint,
        mapping=mapping,
        read=read,
        patterns={ID: INTEGER_PATTERN},
        kinds={ID: mapping.kind},
        source=DESK,
    )
    many, single = old, f"{old}/{{{ID}}}"
    return (
        row(
            action="list",
            methods=("GET",),
            path=many,
            call=_call("GET", new),
            list_key="items",
            pages=PAGES,
            status=200,
        ),
        row(
            action="create",
            methods=("POST",),
            path=many,
            call=_call("POST", new, 201),
            located_at=single,
            status=201,
        ),
        row(action="read", methods=("GET",), path=single, call=read, status=200),
        row(action="update", methods=("PUT",), path=single, call=_call("PUT", one), status=200),
        row(
            action="delete",
            methods=("DELETE",),
            path=single,
            call=_call("DELETE", one, 204),
            status=options.deletions.status,
        ),
    )


def _call(method: str, path: str, success: int = 200) -> UpstreamCall:
    return UpstreamCall(method, path, frozenset({success}))

"""The legacy surface, row by row, and the call of the new API behind each row."""

from __future__ import annotations

from functools import partial

from mappings.core.endpoint import Endpoint
from mappings.core.evidence import inferred
from mappings.core.record_mapping import RecordMapping
from mappings.mesvaccins.options import Options

RECORDS = "/records"
RECORD = "/records/{id}"


def endpoints(options: Options, record: RecordMapping) -> tuple[Endpoint, ...]:
    """Listing, making, reading, changing and deleting health records."""
    calls, legacy = options.upstream, options.legacy
    read = calls.read.call()
    row = partial(Endpoint, mapping=record, read=read, identity="id", source=inferred("1.3"))
    return (
        row(
            action="list",
            methods=("GET",),
            path=RECORDS,
            call=calls.list.call(),
            list_key=calls.list.key,
            status=200,
        ),
        row(
            action="create",
            methods=("POST",),
            path=RECORDS,
            call=calls.create.call(),
            wrapper=legacy.wrapper,
            located_at=RECORD,
            status=201,
        ),
        row(action="read", methods=("GET",), path=RECORD, call=read, status=200),
        row(
            action="update",
            methods=("PUT", "PATCH"),
            path=RECORD,
            call=calls.update.call(),
            wrapper=legacy.wrapper,
            stale_writes=options.records.stale_writes,
            status=legacy.update_status,
        ),
        row(
            action="delete",
            methods=("DELETE",),
            path=RECORD,
            call=calls.delete.call(),
            status=legacy.delete_status,
        ),
    )

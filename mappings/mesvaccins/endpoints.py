"""The legacy surface, row by row, and the call of the new API behind each row."""

from __future__ import annotations

from mappings.core.endpoint import Endpoint
from mappings.core.evidence import inferred
from mappings.core.record_mapping import RecordMapping
from mappings.mesvaccins.options import Options

RECORDS = "/records"
RECORD = "/records/{id}"
BY_HABIT = inferred("1.3")


def endpoints(options: Options, record: RecordMapping) -> tuple[Endpoint, ...]:
    """Listing, making, reading, changing and deleting health records."""
    calls = options.upstream
    read = calls.read.call()
    return (
        Endpoint(
            action="list",
            methods=("GET",),
            path=RECORDS,
            mapping=record,
            call=calls.list.call(),
            read=read,
            list_key=calls.list.key,
            status=200,
            identity="id",
            source=BY_HABIT,
        ),
        Endpoint(
            action="create",
            methods=("POST",),
            path=RECORDS,
            mapping=record,
            call=calls.create.call(),
            read=read,
            wrapper=options.legacy.wrapper,
            located_at=RECORD,
            status=201,
            identity="id",
            source=BY_HABIT,
        ),
        Endpoint(
            action="read",
            methods=("GET",),
            path=RECORD,
            mapping=record,
            call=read,
            read=read,
            status=200,
            identity="id",
            source=BY_HABIT,
        ),
        Endpoint(
            action="update",
            methods=("PUT", "PATCH"),
            path=RECORD,
            mapping=record,
            call=calls.update.call(),
            read=read,
            wrapper=options.legacy.wrapper,
            stale_writes=options.records.stale_writes,
            status=options.legacy.update_status,
            identity="id",
            source=BY_HABIT,
        ),
        Endpoint(
            action="delete",
            methods=("DELETE",),
            path=RECORD,
            mapping=record,
            call=calls.delete.call(),
            read=read,
            status=options.legacy.delete_status,
            identity="id",
            source=BY_HABIT,
        ),
    )

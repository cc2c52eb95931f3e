"""The legacy surface, row by row, and the calls of the new API behind each row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from mappings.core.context import Json
from mappings.core.endpoint import (
    ID,
    INTEGER_PATTERN,
    OWNER,
    UUID_PATTERN,
    Endpoint,
    Local,
    Owner,
    Refused,
    Row,
    Token,
)
from mappings.core.evidence import documented, guess, inferred
from mappings.core.record_mapping import RecordMapping
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.sources import ISSUES, MSAD, VACC, VFC
from mappings.mesvaccins.vaccines import all_vaccines, found_vaccines

RECORDS = "/records"
RECORD = "/records/{id}"
VACCINATIONS = "/records/{record}/vaccinations"
VACCINATION = "/records/{record}/vaccinations/{id}"
ISSUES_OF_RECORD = "/records/{record}/vaccine_issues"
ISSUE = "/records/{record}/vaccine_issues/{id}"
SHARING = "/records/{record}/sharing_requests"
SHARING_REQUEST = "/records/{record}/sharing_requests/{id}"

INTEGER_ID: Mapping[str, str] = {OWNER: UUID_PATTERN, ID: INTEGER_PATTERN}


def endpoints(
    options: Options, record: RecordMapping, act: RecordMapping, request: RecordMapping
) -> tuple[Row, ...]:
    """Every path of the old API that is served, and those that have no counterpart."""
    vaccinations = _vaccinations(options, record, act)
    items = {
        row.action: row
        for row in vaccinations
        if isinstance(row, Endpoint) and row.action in ("create", "update")
    }
    return (
        *_records(options, record, {"vaccinations": (items["create"], items["update"])}),
        *vaccinations,
        *(_sharing(options, record, request) if options.sharing.endpoints else ()),
        Local(methods=("GET",), path="/vaccines", answer=all_vaccines, source=VFC),
        Local(methods=("GET",), path="/vaccines/search", answer=found_vaccines, source=VFC),
        *_vaccine_issues(options),
        Refused(
            methods=("POST",),
            path="/decision_support/health_profile_form",
            status=501,
            source=MSAD,
        ),
        Refused(
            methods=("POST",),
            path="/decision_support/immunisation_assessment",
            status=501,
            source=VFC,
        ),
        Token(methods=("POST",), path="/oauth/token", source=documented("AUTHP")),
    )


def _records(
    options: Options, record: RecordMapping, items: Mapping[str, tuple[Endpoint, Endpoint]]
) -> tuple[Row, ...]:
    calls, legacy = options.upstream, options.legacy
    read = calls.read.call()
    row = partial(
        Endpoint,
        mapping=record,
        read=read,
        items=items,
        source=inferred("1.3"),
        kinds={ID: record.kind} if options.records.ids == "crosswalk" else {},
    )
    return (
        row(
            action="list",
            methods=("GET",),
            path=RECORDS,
            call=calls.list.call(),
            list_key=calls.list.key,
            pages=calls.list.in_pages(),
            status=200,
        ),
        row(
            action="create",
            methods=("POST",),
            path=RECORDS,
            call=calls.create.call(),
            wrapper=legacy.wrapper,
            located_at=RECORD,
            idempotent=calls.idempotent,
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


def _vaccinations(
    options: Options, record: RecordMapping, act: RecordMapping
) -> tuple[Endpoint, ...]:
    calls, legacy = options.upstream, options.legacy
    row = partial(
        Endpoint,
        mapping=act,
        read=calls.read_act.call(),
        owner=Owner(
            read=calls.read.call(),
            mapping=record,
            member="vaccination_acts",
            named_in="health_record_id",
        ),
        patterns=INTEGER_ID,
        kinds=_kinds(options, record, act),
    )
    wrapper = None if legacy.wrapper is None else "vaccination"
    return (
        row(
            action="list",
            methods=("GET",),
            path=VACCINATIONS,
            call=calls.read.call(),
            status=200,
            source=inferred("1.4"),
        ),
        row(
            action="create",
            methods=("POST",),
            path=VACCINATIONS,
            call=calls.create_act.call(),
            wrapper=wrapper,
            located_at=VACCINATION,
            idempotent=calls.idempotent,
            status=201,
            source=inferred("1.4"),
        ),
        row(
            action="read",
            methods=("GET",),
            path=VACCINATION,
            call=calls.read.call(),
            status=200,
            source=VACC,
        ),
        row(
            action="update",
            methods=("PUT", "PATCH"),
            path=VACCINATION,
            call=calls.update_act.call(),
            wrapper=wrapper,
            status=legacy.update_status,
            source=inferred("1.4"),
        ),
        row(
            action="delete",
            methods=("DELETE",),
            path=VACCINATION,
            call=calls.delete_act.call(),
            status=legacy.delete_status,
            source=inferred("1.4"),
        ),
    )


def _sharing(options: Options, record: RecordMapping, request: RecordMapping) -> tuple[Row, ...]:
    calls = options.upstream
    row = partial(
        Endpoint,
        mapping=request,
        read=calls.read_request.call(),
        owner=Owner(
            read=calls.read.call(),
            mapping=record,
            member="sharing_requests",
            named_in="health_record",
        ),
        patterns=INTEGER_ID,
        kinds=_kinds(options, record, request),
        source=guess(
            "1.8",
            question="How did legacy applications share a record?",
            option="sharing.endpoints",
        ),
    )
    return (
        row(action="list", methods=("GET",), path=SHARING, call=calls.read.call(), status=200),
        row(
            action="create",
            methods=("POST",),
            path=SHARING,
            call=calls.share.call(),
            located_at=SHARING_REQUEST,
            guarded=True,
            idempotent=calls.idempotent,
            status=201,
        ),
        row(
            action="read",
            methods=("GET",),
            path=SHARING_REQUEST,
            call=calls.read.call(),
            status=200,
        ),
        row(
            action="run",
            methods=("POST",),
            path=f"{SHARING_REQUEST}/accept",
            call=calls.accept.call(),
            status=200,
        ),
        row(
            action="run",
            methods=("POST",),
            path=f"{SHARING_REQUEST}/refuse",
            call=calls.refuse.call(),
            status=200,
        ),
    )


def _kinds(options: Options, record: RecordMapping, within: RecordMapping) -> Mapping[str, str]:
    owner = {OWNER: record.kind} if options.records.ids == "crosswalk" else {}
    return {**owner, ID: within.kind}


def _vaccine_issues(options: Options) -> tuple[Row, ...]:
    empty = options.vaccine_issues.mode == "empty"
    refused = partial(Refused, patterns=INTEGER_ID, source=ISSUES)
    listed: Row = (
        Local(methods=("GET",), path=ISSUES_OF_RECORD, answer=_none, source=ISSUES)
        if empty
        else refused(methods=("GET",), path=ISSUES_OF_RECORD, status=501)
    )
    return (
        listed,
        refused(methods=("POST",), path=ISSUES_OF_RECORD, status=501),
        refused(methods=("GET",), path=ISSUE, status=404 if empty else 501),
    )


def _none(query: Mapping[str, str], tables: Mapping[str, Any]) -> Json:
    """The dispensings of a record: the new API has none."""
    return []

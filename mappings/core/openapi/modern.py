"""The new API as an OpenAPI 3.1 document, as far as the gateway asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.core.endpoint import Action, Endpoint, Pages, UpstreamCall
from mappings.core.evidence import Level
from mappings.core.openapi.operations import (
    content,
    document,
    header,
    named,
    operation_id,
    path_parameters,
)
from mappings.core.openapi.schemas import Schema, Schemas
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping

ABOUT = (
    "The calls that the gateway makes, and what it reads of their answers. Members that no schema "
    "names are never shown to a legacy client and never destroyed."
)
OTHERWISE = (
    "No success. The places in a 400 or 422 are told in the legacy names; of any other status "
    "only its meaning goes on."
)

PARAMETERS = {
    "X-Request-Id": "By which the logs of both sides name the request.",
    "If-Match": "The validator of the record as it was read.",
    "Idempotency-Key": "The same for a creation that is tried again.",
}
SECURITY = {"bearer": {"type": "http", "scheme": "bearer"}}

DOES = {
    "read": "Read one {}.",
    "list": "Read every {}.",
    "create": "Make a {}; the answer holds at least its id.",
    "update": "Change a {}.",
    "delete": "Delete a {}.",
    "run": "Do this with a {}.",
}
HEADERS = {
    "read": (),
    "list": (),
    "create": ("Idempotency-Key",),
    "update": ("If-Match",),
    "delete": ("If-Match",),
    "run": (),
}

PROBLEMS: Schema = {
    "type": "object",
    "properties": {
        "errors": {
            "description": "An object by field, or a list of `pointer`s (RFC 9457).",
            "type": ["object", "array"],
        },
    },
}


def modern_document(pack: Pack) -> Schema:
    """What the gateway asks of the new API, for these options of the pack."""
    schemas = Schemas(pack, "modern")
    paths: dict[str, Schema] = {}
    for use in _uses(pack):
        path, method = use.call.path, use.call.method.lower()
        if path not in paths:
            ids = path_parameters(path, {})
            paths[path] = {"parameters": ids} if ids else {}
        if method not in paths[path]:
            paths[path][method] = _operation(use, schemas)
    return {
        **document(f"{pack.name}: the new API as the gateway uses it", ABOUT),
        "security": [{scheme: []} for scheme in SECURITY],
        "paths": paths,
        "components": {
            "securitySchemes": SECURITY,
            "parameters": {name: header(name, said) for name, said in PARAMETERS.items()},
            "responses": {
                "Problems": {
                    "description": OTHERWISE,
                    "content": content(PROBLEMS, "application/problem+json", "application/json"),
                }
            },
            "schemas": schemas.components,
        },
    }


@dataclass(frozen=True, slots=True)
class _Use:
    """A call, what it is for, and the records that it is about."""

    call: UpstreamCall
    action: Action
    mapping: RecordMapping
    evidence: Level
    list_key: str | None = None
    pages: Pages | None = None


def _uses(pack: Pack) -> Iterator[_Use]:
    """The calls behind every row; what lies within a record is read with it."""
    for row in pack.endpoints:
        if not isinstance(row, Endpoint):
            continue
        level, owner = row.source.level, row.owner
        if owner is not None:
            yield _Use(owner.read, "read", owner.mapping, level)
        if owner is None or row.action not in ("read", "list"):
            yield _Use(row.call, row.action, row.mapping, level, row.list_key, row.pages)
        if row.action != "list":
            yield _Use(row.read, "read", row.mapping, level)


def _operation(use: _Use, schemas: Schemas) -> Schema:
    action, mapping = use.action, use.mapping
    told: Schema = {
        "operationId": operation_id(use.call.method, use.call.path),
        "summary": DOES[action].format(mapping.modern.__name__),
        "parameters": [
            *named("parameters", ("X-Request-Id", *HEADERS[action])),
            *_page(use.pages),
        ],
    }
    if action in ("create", "update"):
        whole = use.call.method == "PUT"
        sent = schemas.shown(mapping) if whole else schemas.taken(mapping)
        told["requestBody"] = {"required": True, "content": content(sent)}
    body = _body(use, schemas)
    told["responses"] = {
        **{str(status): _success(status, body) for status in sorted(use.call.success)},
        "default": named("responses", ("Problems",))[0],
    }
    return {**told, "x-evidence": use.evidence}


def _body(use: _Use, schemas: Schemas) -> Schema | None:
    """What is read of an answer; of a deletion, nothing."""
    if use.action == "delete":
        return None
    record = schemas.shown(use.mapping)
    if use.action != "list":
        return record
    listed = {"type": "array", "items": record}
    if use.list_key is None:
        return listed
    return {"type": "object", "required": [use.list_key], "properties": {use.list_key: listed}}


def _success(status: int, body: Schema | None) -> Schema:
    told: Schema = {"description": "It is done."}
    return told if body is None or status in (204, 205) else {**told, "content": content(body)}


def _page(pages: Pages | None) -> list[Schema]:
    """The parameter that asks for a page; a link brings its own."""
    if pages is None or pages.by == "link":
        return []
    return [
        {
            "name": pages.parameter,
            "in": "query",
            "description": "Which page of the list.",
            "schema": {"type": "integer" if pages.by == "page" else "string"},
        }
    ]

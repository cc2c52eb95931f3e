"""The legacy surface as an OpenAPI 3.1 document: what the gateway serves of the old API."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.core.endpoint import ID, OWNER, UUID_PATTERN, Endpoint, Local, Refused, Row, Token
from mappings.core.openapi import refusals
from mappings.core.openapi.operations import (
    FORM,
    JSON,
    content,
    document,
    header,
    named,
    operation_id,
    path_parameters,
)
from mappings.core.openapi.schemas import Schema, Schemas, needed
from mappings.core.openapi.signing_in import GRANT, REFUSAL, REQUEST
from mappings.core.pack import Pack

ABOUT = (
    "Every path is served with and without its ending, and with or without a slash behind it; "
    "whatever answers GET answers HEAD. Members that no schema names are taken and dropped, "
    "unless a schema says that there are none; what is dropped is named in `Passerelle-Lost`."
)

PARAMETERS = {
    "X-Request-Id": "A UUID or 32 hexadecimal digits, by which both sides' logs name the request.",
    "If-None-Match": "Answer 304 where the document still has this ETag.",
    "If-Match": "Write only where the document still has this ETag.",
}
HEADERS = {
    "X-Request-Id": "By which the logs name the request.",
    "ETag": "The validator of the document in the body.",
    "Location": "Where the new record lies.",
    "Passerelle-Lost": "The fields that were written and are not kept, with commas between.",
    "Retry-After": "Seconds, or a date, before which it is of no use to try again.",
}
SECURITY = {
    "basic": {"type": "http", "scheme": "basic", "description": "An application's own key."},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token; in a header, or as `access_token` in the query or the body.",
    },
}

DOES = {
    "read": "Read one {}.",
    "list": "Read every {}.",
    "create": "Make a {}.",
    "update": "Change a {}: what is not named stays as it is.",
    "delete": "Delete a {}.",
    "run": "Do this with a {}.",
}

ALWAYS = frozenset({"ETag", "Location"})
"""The headers that an answer has wherever they are named."""

BODILESS = frozenset({204, 205})


def legacy_document(pack: Pack) -> Schema:
    """What the gateway serves, for these options of the pack."""
    surface = _Surface(pack)
    paths: dict[str, Schema] = {}
    for row in pack.endpoints:
        path = f"{row.path}{'' if isinstance(row, Token) else pack.suffix}"
        if path not in paths:
            ids = path_parameters(path, _Forms(row))
            paths[path] = {"parameters": ids} if ids else {}
        for method in row.methods:
            paths[path][method.lower()] = surface.operation(row, method)
    return {
        **document(f"{pack.name}: the legacy API", ABOUT),
        "servers": [{"url": prefix or "/"} for prefix in pack.prefixes],
        "security": [{scheme: []} for scheme in SECURITY],
        "paths": paths,
        "components": {
            "securitySchemes": SECURITY,
            "parameters": {name: header(name, said) for name, said in PARAMETERS.items()},
            "headers": {
                name: {
                    "description": said,
                    "required": name in ALWAYS,
                    "schema": {"type": "string"},
                }
                for name, said in HEADERS.items()
            },
            "responses": refusals.responses(pack),
            "schemas": {**surface.schemas.components, **refusals.schemas(pack)},
        },
    }


class _Forms(dict[str, Schema]):
    """The schema of each id in the path of a row."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        for name in (ID, OWNER):
            form = row.patterns.get(name, UUID_PATTERN)
            self[name] = {"pattern": f"^{form}$"}
            if form == UUID_PATTERN:
                self[name]["format"] = "uuid"


class _Surface:
    """The operations of the rows of a pack."""

    def __init__(self, pack: Pack) -> None:
        self.schemas = Schemas(pack, "legacy")
        self._pack = pack

    def operation(self, row: Row, method: str) -> Schema:
        """What is said of one method of a row."""
        told: Schema = {"operationId": operation_id(method, row.path)}
        if isinstance(row, Endpoint):
            told |= self._carried(row)
        elif isinstance(row, Local):
            told |= _looked_up(row)
        elif isinstance(row, Refused):
            told |= _refused(row)
        else:
            told |= _signs_in(self._pack)
        told["parameters"] = [*named("parameters", ("X-Request-Id",)), *told.get("parameters", ())]
        return {**told, "x-evidence": row.source.level}

    def _carried(self, row: Endpoint) -> Schema:
        """What goes to the new API and back."""
        action, schema = row.action, self.schemas.shown(row.mapping)
        writes = action in ("create", "update")
        headers = ["ETag"] if action != "delete" else []
        headers += ["Location"] if action == "create" else []
        headers += ["Passerelle-Lost"] if writes else []
        if action == "list":
            schema = {"type": "array", "items": schema}
        success = _success(
            row.status, {"type": "object"} if action == "delete" else schema, *headers
        )
        if action == "create":
            success[str(row.status)]["links"] = dict(self._links(row))
        within = refusals.WITHIN if writes and row.items else ""
        told: Schema = {"summary": DOES[action].format(row.mapping.legacy.__name__)}
        if action in ("update", "delete"):
            told["parameters"] = named("parameters", ("If-Match",))
        if action in ("read", "list"):
            told["parameters"] = named("parameters", ("If-None-Match",))
            success["304"] = _unchanged()
        if writes:
            told["requestBody"] = self._body(row)
        told["responses"] = {**success, **refusals.told(refusals.BY_ACTION[action], within)}
        return told

    def _body(self, row: Endpoint) -> Schema:
        record = self.schemas.taken(row.mapping)
        names = needed(row.mapping) if row.action == "create" else []
        record = {**record, "required": names} if names else record
        if row.wrapper is not None:
            wrapped = {
                "type": "object",
                "required": [row.wrapper],
                "properties": {row.wrapper: record},
            }
            record = {"anyOf": [record, wrapped]}
        return {"required": True, "content": content(record, JSON, FORM)}

    def _links(self, made: Endpoint) -> Iterator[tuple[str, Schema]]:
        """What can be done with a record that was made, and within it."""
        identifier = made.mapping.identifier
        if identifier is None:
            return
        itself, around = f"$response.body#/{identifier.legacy[0]}", f"$request.path.{OWNER}"
        for row in self._pack.endpoints:
            if not isinstance(row, Endpoint):
                continue
            alone, within = f"{{{ID}}}" in row.path, f"{{{OWNER}}}" in row.path
            ids = {}
            if row.mapping is made.mapping and alone:
                ids = {ID: itself} | ({OWNER: around} if within else {})
            elif row.owner is not None and row.owner.mapping is made.mapping and not alone:
                ids = {OWNER: itself}
            for method in row.methods if ids else ():
                name = operation_id(method, row.path)
                yield name, {"operationId": name, "parameters": ids}


def _looked_up(row: Local) -> Schema:
    return {
        "summary": "Answered from the operator's tables; 501 where they are not there.",
        "parameters": named("parameters", ("If-None-Match",)),
        "responses": {
            **_success(200, {}, "ETag"),
            "304": _unchanged(),
            **refusals.told((*refusals.LOOKED_UP, *_strange_ids(row))),
        },
    }


def _refused(row: Refused) -> Schema:
    return {
        "summary": "Not served: there is no counterpart any more.",
        "security": [],
        "responses": refusals.told((400, row.status, *_strange_ids(row))),
    }


def _strange_ids(row: Row) -> tuple[int, ...]:
    """A path whose ids do not have their form is none that there is."""
    return (404,) if "{" in row.path else ()


def _signs_in(pack: Pack) -> Schema:
    """Tokens for a name and password; a refusal has the form of OAuth."""
    refused = content(REFUSAL)
    if pack.oauth is not None:
        refused[JSON]["example"] = pack.oauth.error(pack.oauth.bad_password)
    return {
        "summary": "Get a token for a name and password, or for a refresh token.",
        "security": [{"basic": []}, {}],
        "requestBody": {"required": True, "content": content(REQUEST, FORM, JSON)},
        "responses": {
            **_success(200, GRANT),
            "401": {"description": "Nobody is signed in by this.", "content": refused},
            **refusals.told(refusals.SIGNED_IN),
        },
    }


def _success(status: int, schema: Schema, *headers: str) -> Schema:
    told: Schema = {
        "description": "It is done.",
        "headers": {
            name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *headers)
        },
    }
    return {str(status): told | ({} if status in BODILESS else {"content": content(schema)})}


def _unchanged() -> Schema:
    return {
        "description": "The client has it already.",
        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
    }

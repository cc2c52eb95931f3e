"""How the legacy side says that something went wrong, by status, as components."""

from __future__ import annotations

from mappings.core.endpoint import Refused
from mappings.core.errors import Problem
from mappings.core.openapi.operations import JSON, content, named
from mappings.core.openapi.schemas import Schema, form_of
from mappings.core.pack import Pack

SENTENCES = {
    400: "The request is malformed.",
    401: "The caller is not who it must be.",
    403: "The caller may not do this.",
    404: "There is no such thing, or the caller does not see it.",
    409: "It was changed in the meantime, or it may have been made before.",
    412: "It is not in the state that If-Match asks for.",
    413: "The body is larger than what is taken.",
    415: "The body comes in a format, a charset or an encoding that is not read.",
    422: "The document has problems, told by field.",
    500: "Something went wrong here.",
    501: "This is not served any more.",
    502: "No answer, or an unexpected one, came from the server behind.",
    503: "Not now; to be tried again.",
    504: "No answer came in time from the server behind.",
    508: "The request came through here before.",
}
OTHERWISE = (
    "What the protocol refuses: 405, 408, 411, 413, 414, 417, 421, 431, 505; or any other status."
)
WITHIN = "Within"
"""Ends the name of an answer that may be about one record within the one that was written."""

CARRIED = (400, 401, 403, 404, 500, 502, 503, 504, 508)
WRITES = (*CARRIED, 409, 413, 422)
BY_ACTION = {
    "read": CARRIED,
    "list": CARRIED,
    "create": (*WRITES, 415),
    "update": (*WRITES, 412, 415),
    "delete": (*WRITES, 412),
    "run": WRITES,
}
LOOKED_UP = (400, 401, 500, 501, 503)
SIGNED_IN = (400, 404, 413, 415, 500, 502, 503, 504)


def told(statuses: tuple[int, ...], within: str = "") -> Schema:
    """What can go wrong, by status; a document with problems is told in one form only."""
    by_status = {
        str(status): f"Error{status}{'' if status == 422 else within}"
        for status in sorted(set(statuses))
    }
    return {
        status: named("responses", (name,))[0]
        for status, name in {**by_status, "default": "Error"}.items()
    }


def responses(pack: Pack) -> dict[str, Schema]:
    """Every refusal by the name of its component."""
    either = {"anyOf": named("schemas", ("Error", "ErrorWithin"))}
    refused = {row.status for row in pack.endpoints if isinstance(row, Refused)}
    sentences = {**dict.fromkeys(sorted(refused), SENTENCES[501]), **SENTENCES}
    found: dict[str, Schema] = {}
    for status, sentence in sentences.items():
        (schema,) = named("schemas", ("Problems" if status == 422 else "Error",))
        found[f"Error{status}"] = _response(pack, status, sentence, schema)
        if status in BY_ACTION["update"] and status != 422:
            found[f"Error{status}{WITHIN}"] = _response(pack, status, sentence, either)
    (schema,) = named("schemas", ("Error",))
    found["Error"] = {"description": OTHERWISE, "content": content(schema)}
    return found


def schemas(pack: Pack) -> dict[str, Schema]:
    """The forms of these answers, from what the pack says in two cases of each."""
    errors = pack.errors
    two = (Problem("/a", "invalid"), Problem("/b", "invalid"))
    return {
        "Error": form_of(errors.error(404), errors.error(500)),
        "Problems": form_of(*(errors.invalid([it]) for it in two)),
        "ErrorWithin": form_of(*(errors.partial(404, it.pointer) for it in two)),
    }


def _response(pack: Pack, status: int, sentence: str, schema: Schema) -> Schema:
    body = content(schema)
    if status != 422:
        body[JSON]["example"] = pack.errors.error(status)
    extra: dict[str, Schema] = {
        name: {"schema": {"type": "string", "const": value}}
        for name, value in pack.errors.headers(status).items()
    }
    if status == 503:
        extra["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}, **extra}
    return {"description": sentence, "headers": headers, "content": body}

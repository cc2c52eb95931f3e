"""A request id on every answer: the caller's where it is one, else one of our own."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.legacy_request import Fields

REQUEST_ID = "X-Request-Id"
FIELD = b"x-request-id"
SCOPE = "passerelle.request_id"

# It is logged, so it must be one that a machine made: a UUID or a trace id, and nothing shorter.
PATTERN = re.compile(
    r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII
)


def request_id_of(fields: Fields) -> str:
    """The id that a caller gave, or a new one."""
    return given_id(fields) or new_id()


def given_id(fields: Fields) -> str | None:
    """The id that a caller gave, if it is one."""
    given = fields.get(FIELD)
    return given if given is not None and PATTERN.fullmatch(given) else None


def new_id() -> str:
    """128 random bits."""
    return os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class RequestId:
    """Puts the request id into the scope and on the answers of what stands behind it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(Fields(scope["headers"]))
        field = (FIELD, request_id.encode())

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [it for it in message.get("headers", ()) if it[0] != FIELD]
                message = {**message, "headers": [*others, field]}
            await send(message)

        await self.app({**scope, SCOPE: request_id}, receive, answer)

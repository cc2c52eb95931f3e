"""A request id on every answer: the caller's where it is one, else one of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
SCOPE = "passerelle.request_id"

# It is logged, so it must be one that a machine made: a UUID or a trace id, and nothing shorter.
PATTERN = re.compile(
    r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class RequestId:
    """Puts the request id into the scope and on the answer."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if PATTERN.fullmatch(given) else uuid4().hex

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self.app({**scope, SCOPE: request_id}, receive, answer)

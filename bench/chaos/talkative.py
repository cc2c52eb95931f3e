"""A new API that tells too much: a canary in every field, header and error; it repeats, too."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from bench.chaos.canaries import Canaries
from tests.proxy.documents import modern_act, modern_document, modern_sharing
from tests.wire.modern_api import ACT, PATH, REQUEST, head, turned

STATUSES = (301, 304, 400, 401, 403, 404, 409, 412, 422, 429, 500, 503, 600)
LATE_SECONDS = 3
"""Longer than the deadline of the gateway that asks."""

RECORD_FIELDS = tuple(modern_document())
ACT_FIELDS = tuple(modern_act())


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came, and the request of the client behind it."""

    method: str
    path: str
    authorization: str
    body: bytes
    scenario: str
    owner: int


@dataclass(slots=True)
class Talkative:
    """
    What it does stands in the caller's token, `scenario~number~...`, or in the name at sign-in.

    A scenario is what is wrong; with `!` before it, only with what is written.
    """

    canaries: Canaries
    port: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """By scenario."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        try:
            while True:
                call = await _read(reader)
                self.calls[call.scenario] += 1
                writer.write(await self._answer(call))
                await writer.drain()
                if call.scenario in CLOSING:
                    return
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _answer(self, call: Call) -> bytes:
        if call.path == "/token":
            return await self._token(call)
        name = call.scenario
        if name.startswith("!"):
            name = "good" if call.method == "GET" else name[1:]
        if name.isdecimal():
            return self._said(int(name), self.problem(call), call)
        if name in FAULTS:
            return await FAULTS[name](self, call)
        return self._good(call, _misfit(name, self.canaries.text(call.owner)))

    def _good(self, call: Call, changes: dict[str, Any]) -> bytes:
        found = PATH.fullmatch(call.path.partition("?")[0])
        if call.method == "DELETE":
            return self._said(204, None, call)
        if found is None:
            return self._said(404, self.problem(call), call)
        identity, below = found["id"] or self.canaries.identity(call.owner), found["below"]
        made = call.method == "POST" and below not in ("accept", "refuse")
        document: Any
        if "vaccination_acts" in (found["kind"], below):
            within = turned(identity, ACT) if below else identity
            document = self.act(within, call.owner) | changes
        elif "sharing_requests" in (found["kind"], below):
            within = turned(identity, REQUEST) if below == "sharing_requests" else identity
            document = self.sharing(within, call.owner) | changes
        else:
            document = self.record(identity, call.owner) | changes
            document = [document] if call.method == "GET" and found["id"] is None else document
        return self._said(201 if made else 200, document, call)

    def record(self, identity: str, owner: int) -> dict[str, Any]:
        """A record that fits, a canary in every field that can hold one."""
        text, other = self.canaries.text, self.canaries.identity
        return modern_document(
            id=identity,
            first_name=text(owner),
            last_name=text(owner),
            customary_name=text(owner),
            zip_code=text(owner),
            external_id=text(owner),
            owner_id=other(owner),
            validator_ids=[other(owner)],
            profile={other(owner): text(owner)},
            sharing_requests=[self.sharing(turned(identity, REQUEST), owner)],
            vaccination_acts=[self.act(turned(identity, ACT), owner)],
            **{text(owner): text(owner)},
        )

    def act(self, identity: str, owner: int) -> dict[str, Any]:
        """The same for a vaccination."""
        text = self.canaries.text
        return modern_act(
            id=identity,
            health_record_id=turned(identity, ACT),
            certificator_id=self.canaries.identity(owner),
            batch_number=text(owner),
            serial_number=text(owner),
            country_code=text(owner),
            injection_method=text(owner),
            injection_location=text(owner),
            certification_method=text(owner),
            **{text(owner): text(owner)},
        )

    def sharing(self, identity: str, owner: int) -> dict[str, Any]:
        """The same for a wish to share a record."""
        text, other = self.canaries.text, self.canaries.identity
        return modern_sharing(
            id=identity,
            health_record=turned(identity, REQUEST),
            from_account_id=other(owner),
            from_account_type=text(owner),
            status=text(owner),
            to_pro_identity={text(owner): text(owner)},
        )

    def problem(self, call: Call) -> dict[str, Any]:
        """An error that repeats what it was sent."""
        text = self.canaries.text(call.owner)
        return {
            "error": text,
            "error_description": f"{text} {call.body.decode('utf-8', 'replace')}",
            "detail": f"{text} {call.authorization}",
            "errors": [
                {"detail": text, "pointer": f"#/{text}", "value": call.body.decode("latin-1")},
                {"detail": text, "pointer": "#/first_name"},
            ],
            "instance": call.path,
            text: text,
        }

    def _said(self, status: int, document: Any, call: Call, *more: tuple[str, str]) -> bytes:
        body = b"" if document is None else json.dumps(document).encode()
        framed = [] if document is None else [("Content-Length", str(len(body)))]
        return head(status, *self.fields(call.owner), *more, *framed) + body

    def fields(self, owner: int) -> list[tuple[str, str]]:
        """Of every answer."""
        text = self.canaries.text(owner)
        return [
            ("ETag", f'"{text}"'),
            ("Link", f"<https://new.example/{text}>; rel=describedby"),
            ("Location", f"https://new.example/{text}"),
            ("Retry-After", text),
            ("Server", text),
            ("Set-Cookie", f"a={text}"),
            ("Via", f"1.1 {text}"),
            ("Warning", f'199 - "{text}"'),
            ("WWW-Authenticate", f'Bearer realm="{text}"'),
            ("X-Request-Id", text),
            (f"X-{text}", text),
        ]

    async def _token(self, call: Call) -> bytes:
        if call.scenario.isdecimal():
            return self._said(int(call.scenario), self.problem(call), call)
        if call.scenario in FAULTS:
            return await FAULTS[call.scenario](self, call)
        text = self.canaries.text
        tokens = {
            "access_token": text(call.owner),
            "refresh_token": text(call.owner),
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": text(call.owner),
            text(call.owner): text(call.owner),
        }
        return self._said(200, tokens, call)

    async def late(self, call: Call) -> bytes:
        """Nobody waits for it any more."""
        await asyncio.sleep(LATE_SECONDS)
        return self._good(call, {})

    async def half(self, call: Call) -> bytes:
        """And then the end."""
        return self._good(call, {})[:-60]

    async def more(self, call: Call) -> bytes:
        """An answer, and bytes behind it."""
        return self._good(call, {}) + self._good(call, {})

    async def garbage(self, call: Call) -> bytes:
        """No HTTP at all."""
        return f"{self.canaries.text(call.owner)}\r\n\r\n".encode() * 3

    async def odd(self, call: Call) -> bytes:
        """A head that is none."""
        text = self.canaries.text(call.owner)
        return f"HTTP/1.1 200 {text}\r\n{text}\r\nX: {text}\x00\r\n\r\n{text}".encode()

    async def page(self, call: Call) -> bytes:
        """What a proxy on the way says."""
        return self._said(200, f"<html>{self.canaries.text(call.owner)}", call)[:-1]

    async def twice(self, call: Call) -> bytes:
        """A key that comes twice."""
        text = self.canaries.text(call.owner)
        body = f'{{"{text}": 1, "{text}": 2}}'.encode()
        return head(200, ("Content-Length", str(len(body)))) + body

    async def encoded(self, call: Call) -> bytes:
        """In an encoding that was not asked for."""
        encoding = ("Content-Encoding", self.canaries.text(call.owner))
        return self._said(200, self.problem(call), call, encoding)

    async def other(self, call: Call) -> bytes:
        """Another record than was asked for."""
        return self._said(200, self.record(self.canaries.identity(call.owner), call.owner), call)


FAULTS: dict[str, Callable[[Talkative, Call], Awaitable[bytes]]] = {
    "late": Talkative.late,
    "half": Talkative.half,
    "more": Talkative.more,
    "garbage": Talkative.garbage,
    "odd": Talkative.odd,
    "page": Talkative.page,
    "twice": Talkative.twice,
    "encoded": Talkative.encoded,
    "other": Talkative.other,
}
CLOSING = {f"{mark}{name}" for mark in ("", "!") for name in ("half", "garbage", "odd", "page")}


def _misfit(name: str, text: str) -> dict[str, Any]:
    """A scenario `record.FIELD` or `act.FIELD` puts another type into that field."""
    kind, _, within = name.partition(".")
    wrong = [{text: text}]
    if kind == "act":
        return {"vaccination_acts": [{**modern_act(), within: wrong}]}
    return {within: wrong} if kind == "record" else {}


async def _read(reader: asyncio.StreamReader) -> Call:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines if line)
    fields = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    authorization = fields.get("authorization", "")
    told = authorization.partition(" ")[2]
    if path == "/token":
        given = parse_qs(body.decode())
        told = (given.get("username") or given.get("refresh_token") or [""])[0]
    scenario, _, rest = told.partition("~")
    number = rest.partition("~")[0]
    owner = int(number) if number.isdecimal() else 0
    return Call(method, path, authorization, body, scenario if rest else "good", owner)


@asynccontextmanager
async def talkative(canaries: Canaries) -> AsyncIterator[Talkative]:
    """Run one; it is over at the end."""
    server = Talkative(canaries)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()

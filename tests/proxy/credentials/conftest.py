"""Credentials before a token endpoint that is played here, with a clock that stands still."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote_plus

import httpx
import pytest
from starlette.responses import Response

from mappings.mesvaccins import PACK
from mappings.mesvaccins.oauth import OAuth, oauth_form
from proxy.credentials import Credentials, make_credentials
from proxy.credentials.hashes import SecretHash
from proxy.legacy_request import LegacyRequest
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store.store import Session, Store
from tests.proxy.conftest import UPSTREAM, LogLines

TOKEN_URL = "https://tokens.new.example/realms/professional/protocol/openid-connect/token"
CHEAP = (16, 8, 1)
"""What scrypt is given in tests."""

HOSPITAL, PHARMACY = "hospital-uid", "pharmacy-uid"
SECRETS = {HOSPITAL: "hospital-legacy-secret", PHARMACY: "pharmacy-legacy-secret"}
CLIENTS = {HOSPITAL: "hospital-client", PHARMACY: "pharmacy-client"}
APPLICATIONS = "".join(
    f"""
[applications.{uid}]
secret = "{SecretHash.of(secret, CHEAP)}"
client_id = "{CLIENTS[uid]}"
client_secret = "{uid}-modern-secret"
"""
    for uid, secret in SECRETS.items()
)


@dataclass
class Clock:
    """Stands still until time is let pass."""

    now: datetime = datetime(2024, 3, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def let_pass(self, seconds: float) -> None:
        """Let so many seconds go by."""
        self.now += timedelta(seconds=seconds)


@dataclass
class TokenServer:
    """The new API's token endpoint: gives out numbered tokens, and keeps what it was asked."""

    seconds: int | None = 300
    refreshes: bool = True
    rotates: bool = True
    failure: Exception | None = None
    refusal: httpx.Response | None = None
    held: asyncio.Event | None = None
    """While it is not set, nobody is answered."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody waits for it."""
    meanwhile: Callable[[], Awaitable[object]] | None = None
    """What happens, once, before the next one is answered."""
    asked: list[dict[str, str]] = field(default_factory=list)
    urls: set[str] = field(default_factory=set)
    good: set[str] = field(default_factory=set)
    """The refresh tokens that are good."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode(), strict_parsing=True))
        pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        client, _, secret = pair.partition(":")
        self.urls.add(str(request.url))
        self.asked.append({"client": unquote_plus(client), "secret": unquote_plus(secret), **form})
        number = len(self.asked)
        if self.held is not None:
            self.reached.set()
            await self.held.wait()
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        if self.failure is not None:
            raise self.failure
        if self.refusal is not None:
            return self.refusal
        told = form.get("refresh_token")
        if told is not None and told not in self.good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        if told is not None and self.rotates:
            self.good.remove(told)
        return httpx.Response(200, json=self.answer(number, form))

    def answer(self, number: int, form: dict[str, str]) -> dict[str, Any]:
        """The tokens of this number."""
        answer: dict[str, Any] = {"access_token": f"access-{number}", "token_type": "Bearer"}
        if self.seconds is not None:
            answer["expires_in"] = self.seconds
        again = form["grant_type"] == "refresh_token" and not self.rotates
        if form["grant_type"] != "client_credentials" and self.refreshes and not again:
            answer["refresh_token"] = f"refresh-{number}"
            self.good.add(f"refresh-{number}")
        return answer

    @property
    def grant_types(self) -> list[str]:
        """What was asked for, in order."""
        return [asked["grant_type"] for asked in self.asked]

    def refuse(self, status: int, error: str | None = None, **headers: str) -> None:
        """Answer with an error from now on."""
        document = {} if error is None else {"error": error, "error_description": "Hidden5e2b84"}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.refusal = httpx.Response(status, json=document, headers=names)


class RecordingStore(Store):
    """A store that tells what it was given to keep, and how often it was looked into."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.kept: list[Session] = []
        self.lookups: asyncio.Queue[Session | None] = asyncio.Queue()

    async def keep_session(self, session: Session) -> None:
        """Keep a session."""
        await super().keep_session(session)
        self.kept.append(session)

    async def session(self, *, access: str = "", refresh: str = "") -> Session | None:
        """Look a session up."""
        found = await super().session(access=access, refresh=refresh)
        self.lookups.put_nowait(found)
        return found

    async def looked_into(self, times: int = 1) -> None:
        """Wait until it was looked into so often, and what comes of it."""
        for _ in range(times):
            await self.lookups.get()
        await settled()


@dataclass
class Maker:
    """Makes credentials as settings ask for them."""

    folder: Path
    clock: Clock
    server: TokenServer
    key: str = field(default_factory=new_key)
    made: list[tuple[Credentials, RecordingStore]] = field(default_factory=list)

    def __call__(
        self,
        *,
        applications: str | None = None,
        options: OAuth | None = None,
        language: Any = "fr",
        **changes: Any,
    ) -> Credentials:
        if applications is not None or changes.get("credentials") == "exchange":
            changes["applications"] = self.folder / "applications.toml"
            text = APPLICATIONS if applications is None else applications
            changes["applications"].write_text(text, encoding="utf-8")
        settings = Settings(
            **{
                "upstream_url": UPSTREAM,
                "token_url": TOKEN_URL,
                "keys": self.key,
                "data_dir": self.folder / "state",
                **changes,
            }
        )
        pack = replace(PACK, oauth=oauth_form(options or OAuth(), language))
        store = RecordingStore(settings, self.clock)
        transport = httpx.MockTransport(self.server)
        made = make_credentials(settings, store, pack, self.clock, transport=transport)
        self.made.append((made, store))
        return made

    @property
    def store(self) -> RecordingStore:
        """The store of the credentials made last."""
        return self.made[-1][1]

    def exchange(self, **changes: Any) -> Credentials:
        """Credentials of applications whose keys are exchanged."""
        return self(**{"credentials": "exchange", **changes})

    def opaque(self, **changes: Any) -> Credentials:
        """The same, where the gateway gives out tokens of its own."""
        return self.exchange(**{"tokens": "opaque", **changes})


@pytest.fixture
def clock() -> Clock:
    """The clock of a test."""
    return Clock()


@pytest.fixture
def server() -> TokenServer:
    """The new API's token endpoint."""
    return TokenServer()


@pytest.fixture
async def make(tmp_path: Path, clock: Clock, server: TokenServer) -> AsyncIterator[Maker]:
    """A maker of credentials, which ends them after the test."""
    maker = Maker(tmp_path, clock, server)
    yield maker
    for credentials, store in maker.made:
        await credentials.close()
        await store.close()


@pytest.fixture
def every_line(log_lines: LogLines) -> Iterator[io.StringIO]:
    """All that is logged, by us and by every library, with everything turned on."""
    root, handler = logging.getLogger(), logging.StreamHandler(log_lines.stream)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield log_lines.stream
    root.removeHandler(handler)
    root.setLevel(level)


def basic(uid: str, secret: str) -> str:
    """HTTP Basic, as old software writes it."""
    return "Basic " + base64.b64encode(f"{uid}:{secret}".encode()).decode()


def key_of(uid: str) -> str:
    """The Authorization header of an application that is known."""
    return basic(uid, SECRETS[uid])


def request(
    *authorizations: str,
    query: str = "",
    peer: str | None = "192.0.2.7",
    **headers: str,
) -> LegacyRequest:
    """A legacy request with these credentials."""
    pairs = [("authorization", value) for value in authorizations]
    pairs += [(name.lower().replace("_", "-"), value) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs],
        "client": None if peer is None else (peer, 40000),
    }
    return LegacyRequest(scope, nothing_more)


async def nothing_more() -> NoReturn:
    """Nobody reads a body here."""
    raise AssertionError("a body was read")


async def signed_in(
    credentials: Credentials, authorization: str | None = None, **parameters: Any
) -> Response:
    """The answer to a sign-in whose parameters are JSON."""
    shown = [] if authorization is None else [authorization]
    asking = request(*shown, content_type="application/json")
    return await sign_in(credentials, asking, json.dumps(parameters).encode())


async def sign_in(credentials: Credentials, asking: LegacyRequest, body: bytes) -> Response:
    """The answer to a sign-in with this body."""
    answer = await credentials.sign_in(asking, body)
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.fields
    return response


async def settled() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def opened(credentials: Credentials, uid: str = HOSPITAL) -> dict[str, Any]:
    """The tokens of a person who has just signed in."""
    answer = await signed_in(
        credentials, key_of(uid), grant_type="password", username="anatole", password="pass"
    )
    document: dict[str, Any] = json.loads(bytes(answer.body))
    return document

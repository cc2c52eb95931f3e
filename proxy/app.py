"""The only wiring: what lives long is made here and handed to those who need it."""

from __future__ import annotations

import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mappings.core.pack import Pack
from proxy import packs
from proxy.credentials import make_credentials
from proxy.errors import MethodNotAllowedError
from proxy.front.door import Door
from proxy.front.drain import on_sigterm
from proxy.front.fast_path import FastPath
from proxy.front.health import healthz, readyz
from proxy.front.refusals import refusals
from proxy.front.request_id import REQUEST_ID, RequestId
from proxy.front.wire import WIRE, Limits, Wire
from proxy.journey import answers
from proxy.journey.at_once import at_once
from proxy.journey.day import LocalDay
from proxy.journey.deadlines import Deadlines
from proxy.journey.gateway import Gateway
from proxy.journey.headers import LOST
from proxy.journey.memory import Memory, policy_of
from proxy.journey.room import Room
from proxy.journey.routing import Router
from proxy.journey.turns import Turns
from proxy.observe import logs
from proxy.observe.counts import Counts
from proxy.observe.losses import Losses
from proxy.observe.metrics import Metrics
from proxy.observe.reporting import reporting
from proxy.observe.snapshot import build_of, snapshot
from proxy.observe.tracing import tracing
from proxy.settings import Settings, settings_of_environment
from proxy.store.store import Store
from proxy.upstream.client import Carrier, Upstream

if TYPE_CHECKING:
    from proxy.audit.audit import Audit
    from proxy.observe.trace_spans import Spans

HEALTH = {"/healthz": healthz, "/readyz": readyz}


def now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


class Application(Starlette):
    """
    Starlette for what is the process's own: its life and its health. Whatever else is asked for,
    whatever its path looks like, is for the legacy surface, and goes there straight.
    """

    def __init__(self, door: ASGIApp, **of_starlette: Any) -> None:
        super().__init__(**of_starlette)
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in HEALTH:
            await self.door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    settings: Settings,
    *,
    upstream: Carrier | None = None,
    clock: Callable[[], datetime] = now,
    store: Store | None = None,
    line: socket.socket | None = None,
    spans: Spans | None = None,
) -> Starlette:
    """
    The gateway as an ASGI application.

    `upstream` is the transport under the calls of the new API, for tests, and `store` what
    remembers; `clock` tells the time, with its zone; over `line` it tells its numbers to the
    process that owns the admin port; `spans` makes spans, for tests. Raises `ConfigurationError`.
    """
    loaded = packs.load(settings.pack, settings.pack_options, settings.tables)
    store = store or Store(settings, clock)
    counts = Counts()
    spans = spans or tracing(settings, loaded.pack.name)
    count = counts.add if spans is None else spans.counting(counts.add)
    wire = Wire(Limits.of(settings), refusals(loaded.pack), counts)
    policy = policy_of(settings, loaded.pack, keeps=store.keeps)
    memory = Memory(
        store,
        policy,
        loaded.pack.uuid_kinds,
        remembers_creations=settings.intent_minutes > 0,
    )
    audit = _audit(settings, loaded.pack, clock, counts)
    gateway = Gateway(
        settings=settings,
        loaded=loaded,
        router=Router(loaded.pack),
        upstream=Upstream(settings, upstream, count),
        credentials=make_credentials(
            settings, store, loaded.pack, clock, transport=upstream, count=counts.add
        ),
        memory=memory,
        losses=Losses(),
        counts=counts,
        metrics=Metrics(),
        turns=Turns(settings.max_requests, settings.max_waiting, settings.wait_seconds, counts.add),
        deadlines=Deadlines(settings.deadline_seconds),
        room=Room(settings.max_held_bytes, counts.add),
        at_once=at_once(loaded.pack, memory, loaded.tables),
        day=LocalDay(clock, loaded.pack.zone),
        spans=spans,
        audit=audit,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, object]]:
        await gateway.memory.store.open()
        put_back = on_sigterm(wire, settings.drain_seconds)
        async with (
            nullcontext() if audit is None else audit.kept(),
            reporting(line, lambda: snapshot(gateway, gateway.metrics, draining=wire.draining)),
        ):
            yield {WIRE: wire}
        put_back()
        counts.tell()
        gateway.losses.tell()
        await gateway.close()

    async def not_here(request: Request, error: Exception) -> Response:
        """The one error of the routes below: a method that they do not have."""
        refused = MethodNotAllowedError(["GET", "HEAD"])
        answer = answers.failure(refused, loaded.pack, head=False)
        return Response(answer.body, answer.status, _texts(answer.fields))

    cross_origin = _cross_origin(settings)
    app = Application(
        _behind(cross_origin, _door(gateway, audit)),
        routes=[Route(path, endpoint) for path, endpoint in HEALTH.items()],
        middleware=[Middleware(RequestId), *cross_origin],
        exception_handlers={405: not_here},
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    if spans is None and audit is None and not cross_origin:
        # Who makes spans, writes an audit log or looks at requests first must see each of them.
        wire.fast_path = FastPath(gateway)
    app.state.wire = wire
    return app


def from_environment(line: socket.socket | None = None) -> Starlette:
    """The gateway that the environment describes; what each worker process calls."""
    settings = settings_of_environment()
    logs.configure(settings.logs)
    app = create_app(settings, line=line)
    # What is there by now stays: a full collection over it stops every request for 0.1 s.
    gc.collect()
    gc.freeze()
    return app


def _audit(
    settings: Settings, pack: Pack, clock: Callable[[], datetime], counts: Counts
) -> Audit | None:
    if settings.audit_dir is None:
        return None
    # For those who want one.
    from proxy.audit.audit import make_audit  # noqa: PLC0415 - see above

    return make_audit(settings, build_of(pack), clock, counts.add)


def _door(gateway: Gateway, audit: Audit | None) -> Door:
    if audit is None:
        return Door(gateway)
    from proxy.audit.door import AuditedDoor  # noqa: PLC0415 - as above

    return AuditedDoor(gateway, audit)


def _behind(middleware: Sequence[Middleware], door: ASGIApp) -> ASGIApp:
    """The door behind what must look at a request first; its answers have a request id, too."""
    if not middleware:
        return door
    for it in middleware:
        door = it.cls(door, *it.args, **it.kwargs)
    return RequestId(door)


def _texts(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}


def _cross_origin(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "If-Match",
                "If-None-Match",
                REQUEST_ID,
            ],
            expose_headers=["ETag", "Location", LOST, REQUEST_ID],
        )
    ]

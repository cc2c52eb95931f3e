"""The admin port: for operators, and never for the legacy applications."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proxy.observe.exposition import exposition
from proxy.observe.workers import Workers


def create_admin(workers: Workers) -> Starlette:
    """The admin port as an ASGI application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with workers.heard():
            yield

    async def healthz(request: Request) -> Response:
        """The process that owns the port lives, whatever its workers do."""
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        """
        Whether any worker takes requests, and why others do not.

        An open breaker is told and is no reason: requests are answered at once, and with all
        replicas taken out of service nobody would find out that the new API is back.
        """
        totals = await workers.totals()
        told = {
            "status": "ready" if totals.ready else "not ready",
            "workers": totals.ready,
            "not_ready": dict(totals.not_ready),
            "breakers_open": totals.open_breakers,
        }
        return JSONResponse(told, status_code=200 if totals.ready else 503)

    async def metrics(request: Request) -> Response:
        """What Prometheus scrapes."""
        body, kind = exposition(await workers.totals(), request.headers.get("accept", ""))
        return Response(body, headers={"content-type": kind})

    async def version(request: Request) -> Response:
        """What the workers are, with how many there are of each."""
        builds = sorted((await workers.totals()).builds.items())
        return JSONResponse(
            [
                {"gateway": gateway, "pack": pack, "options": options, "workers": count}
                for (gateway, pack, options), count in builds
            ]
        )

    endpoints = (healthz, readyz, metrics, version)
    routes = [Route(f"/{endpoint.__name__}", endpoint) for endpoint in endpoints]
    return Starlette(routes=routes, lifespan=lifespan)

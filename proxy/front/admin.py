"""The admin port: for operators, and never for the legacy applications."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from proxy.errors import ConfigurationError
from proxy.observe.exposition import exposition
from proxy.observe.workers import Workers

TOLD = {
    "/healthz": "the process that owns this port lives",
    "/readyz": "whether any worker takes requests, and why others do not",
    "/metrics": "what Prometheus scrapes",
    "/version": "what the workers are",
    "/reference": "both sides of the pack: operations and schemas",
    "/openapi/legacy.json": "the legacy side as OpenAPI 3.1",
    "/openapi/modern.json": "the modern side as OpenAPI 3.1",
}
"""Every path of the port, with what it tells."""

JSON = {"content-type": "application/json"}


def pages() -> dict[str, bytes]:
    """
    What is made from the pack, by path.

    Raises `ConfigurationError` where what the environment names can no longer be read.
    """
    # What it brings along is for those who ask.
    from mappings.core.openapi import (  # noqa: PLC0415 - see above
        legacy_document,
        modern_document,
    )
    from proxy import packs  # noqa: PLC0415 - see above
    from proxy.front.reference_page import reference_page  # noqa: PLC0415 - see above
    from proxy.settings import pack_settings_of_environment  # noqa: PLC0415 - see above

    settings = pack_settings_of_environment()
    pack = packs.load(settings.pack, settings.pack_options).pack
    sides = {"legacy": legacy_document(pack), "modern": modern_document(pack)}
    made = {"/reference": reference_page(sides).encode()}
    for side, document in sides.items():
        made[f"/openapi/{side}.json"] = json.dumps(document, ensure_ascii=False).encode()
    return made


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

    made = cache(pages)

    async def page(request: Request) -> Response:
        """What is made from the pack; 503 with the reason where it no longer can be."""
        from proxy.front.reference_page import HEADERS  # noqa: PLC0415 - see pages

        path = request.url.path
        try:
            body = made()[path]
        except ConfigurationError as error:
            return PlainTextResponse(str(error), status_code=503)
        return Response(body, headers=HEADERS if path == "/reference" else JSON)

    endpoints = (healthz, readyz, metrics, version)
    routes = [Route(f"/{endpoint.__name__}", endpoint) for endpoint in endpoints]
    routes += [Route(path, page) for path in TOLD if path.startswith(("/openapi", "/reference"))]
    return Starlette(routes=[Route("/", contents), *routes], lifespan=lifespan)


async def contents(request: Request) -> Response:
    """What the port has."""
    from proxy.front.reference_page import HEADERS, element, whole  # noqa: PLC0415 - see pages

    told = (
        element("li", element("a", path, href=path.lstrip("/")), f": {words}")
        for path, words in TOLD.items()
    )
    return Response(whole("passerelle, for operators", element("ul", *told)), headers=HEADERS)

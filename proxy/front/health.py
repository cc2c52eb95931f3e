"""Whether the process lives, and whether it takes requests; no reasons on the main port."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


async def healthz(request: Request) -> Response:
    """The process lives. An upstream that is down is no reason to restart it."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The gateway takes requests."""
    return JSONResponse({"status": "ready"})

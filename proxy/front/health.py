"""Whether the process lives, and whether it takes requests; no reasons on the main port."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from proxy.front.wire import Wire


async def healthz(request: Request) -> Response:
    """The process lives. An upstream that is down is no reason to restart it."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The gateway takes requests; not any more, once it is asked to end."""
    wire: Wire = request.app.state.wire
    if wire.draining:
        return JSONResponse({"status": "draining"}, status_code=503)
    return JSONResponse({"status": "ready"})

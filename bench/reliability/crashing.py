"""
A gateway that dies at one point of a creation, as by a loss of power.

Run as `python -m bench.reliability.crashing POINT`, with the gateway's settings in the environment;
it writes the port on which it serves to standard output. The points lie in what is handed to the
gateway from outside, so that the gateway itself has none.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Collection
from typing import Any

import httpx
import uvicorn

from proxy.app import create_app, now
from proxy.observe import logs
from proxy.settings import settings_of_environment
from proxy.store.store import Aside, Intent, Store

POINTS = (
    "before the intent",
    "after the intent",
    "before the call",
    "after the new API's answer",
    "before the commit",
    "after the commit",
    "before the reply",
)
NOWHERE = "nowhere"


class Death:
    """Ends the process at the point that was chosen."""

    def __init__(self, chosen: str) -> None:
        self.chosen = chosen

    def reach(self, point: str) -> None:
        """Die here, if this is the point."""
        if point == self.chosen:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(Store):
    """The store, with points around what a creation writes."""

    death: Death

    async def begin(self, *parts: bytes) -> Intent:
        self.death.reach("before the intent")
        intent = await super().begin(*parts)
        self.death.reach("after the intent")
        return intent

    async def keep(
        self, kept: Collection[Aside], *, intent: Intent | None = None, made: str | None = None
    ) -> None:
        self.death.reach("before the commit")
        await super().keep(kept, intent=intent, made=made)
        self.death.reach("after the commit")


class DyingTransport(httpx.AsyncBaseTransport):
    """The way to the new API, with points around the call that makes a record."""

    def __init__(self, death: Death) -> None:
        self.death = death
        self.inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return await self.inner.handle_async_request(request)
        self.death.reach("before the call")
        response = await self.inner.handle_async_request(request)
        await response.aread()
        self.death.reach("after the new API's answer")
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


def main() -> None:
    """Serve until death."""
    death, settings = Death(sys.argv[1]), settings_of_environment()
    logs.silence()
    store = DyingStore(settings, now)
    store.death = death
    app = create_app(settings, upstream=DyingTransport(death), store=store)

    async def dying(scope: Any, receive: Any, send: Any) -> None:
        async def reply(message: Any) -> None:
            if scope["type"] == "http" and scope["method"] == "POST":
                death.reach("before the reply")
            await send(message)

        await app(scope, receive, reply)

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(dying, http="httptools", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

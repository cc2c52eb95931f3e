"""A gateway in this process, in a thread and loop of its own, for clients of either kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from respx.models import AllMockedAssertionError
from starlette.applications import Starlette

from mappings.core.pack import Pack
from proxy import packs, strict_json
from proxy.app import create_app
from proxy.settings import Settings
from proxy.settings.keys import new_key

LEGACY = "https://legacy.example"
UPSTREAM = "https://new.example"


class GivenSettings(Settings):
    """Settings in which the environment of whoever runs the tests has no part."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class Behind(httpx.AsyncBaseTransport):
    """What the gateway calls: nothing, until a fixture puts something there."""

    def __init__(self) -> None:
        self._carrier: httpx.AsyncBaseTransport | None = None
        self.unanswered: list[str] = []
        """The calls that nothing answers, in their order: `GET /things`."""

    def put(self, carrier: httpx.AsyncBaseTransport) -> None:
        """Let this one answer; there can be one only."""
        if self._carrier is not None:
            raise ValueError("a test has one new API: new_api or new_api_sandbox, and not both")
        self._carrier = carrier

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._carrier is not None:
            try:
                return await self._carrier.handle_async_request(request)
            except AllMockedAssertionError:
                # Said once the test is over: here, the gateway would answer it with a 500.
                pass
        self.unanswered.append(f"{request.method} {request.url.path}")
        raise httpx.ConnectError("nothing answers here", request=request)


class Doorway(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Takes the requests of a test, whatever loop it has or has not, to where the server lives."""

    def __init__(self, app: Starlette, portal: BlockingPortal) -> None:
        self._server = httpx.ASGITransport(app)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._portal.call(self._answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await anyio.to_thread.run_sync(self._portal.call, self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """The answer, whole, as a client of either kind can read it."""
        response = await self._server.handle_async_request(request)
        body = httpx.ByteStream(await response.aread())
        return httpx.Response(response.status_code, headers=response.headers, stream=body)


@dataclass(frozen=True, slots=True)
class InProcess:
    """A gateway that serves."""

    app: Starlette
    portal: BlockingPortal
    behind: Behind

    @property
    def settings(self) -> Settings:
        """What it was made with."""
        settings: Settings = self.app.state.gateway.settings
        return settings

    @property
    def pack(self) -> Pack:
        """The pair of APIs that it carries between."""
        pack: Pack = self.app.state.gateway.loaded.pack
        return pack

    def client(self) -> httpx.Client:
        """A legacy application that calls it, without `await`."""
        doorway = Doorway(self.app, self.portal)
        return httpx.Client(transport=doorway, base_url=LEGACY, trust_env=False)

    def async_client(self) -> httpx.AsyncClient:
        """A legacy application that calls it, with `await`."""
        doorway = Doorway(self.app, self.portal)
        return httpx.AsyncClient(transport=doorway, base_url=LEGACY, trust_env=False)

    def put_behind(self, server: Starlette) -> httpx.Client:
        """Let it call this server, and give a client that calls the same one directly."""
        self.behind.put(httpx.ASGITransport(server))
        doorway = Doorway(server, self.portal)
        return httpx.Client(transport=doorway, base_url=self.settings.upstream_url, trust_env=False)


@contextmanager
def started(
    changes: Mapping[str, Any], clock: Callable[[], datetime], folder: Path
) -> Iterator[InProcess]:
    """A gateway with these changes of its settings, which keeps what it keeps in a folder."""
    behind = Behind()
    app = create_app(_settings(changes, folder), upstream=behind, clock=clock)
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
    ):
        yield InProcess(app, portal, behind)


def _settings(changes: Mapping[str, Any], folder: Path) -> Settings:
    given = {
        "upstream_url": UPSTREAM,
        "data_dir": folder,
        "keys": new_key(),
        # One answer of the new API, one answer of the gateway.
        "retry_ratio": 0,
        **changes,
    }
    settings = GivenSettings(**given)
    if settings.tables is not None:
        return settings
    sample = packs.load(settings.pack, settings.pack_options).pack.sample
    tables = folder / "tables"
    tables.mkdir()
    for name, rows in sample.tables.items():
        (tables / f"{name}.json").write_bytes(strict_json.dump(list(rows)))
    return settings.model_copy(update={"tables": tables})

"""A gateway between a real ASGI client in front and a mocked new API behind."""

import contextlib
import io
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import structlog
from pydantic import SecretStr
from starlette.applications import Starlette

from mappings.core.context import Json, Key
from mappings.mesvaccins.samples import SAMPLE
from proxy.app import create_app
from proxy.errors import StoreError
from proxy.observe import logs
from proxy.settings import PREFIX, Settings
from proxy.settings.keys import new_key
from proxy.store.store import Aside, Intent, Store

UPSTREAM = "https://new.example"
NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
KEYS = SecretStr(new_key())
"""With these a gateway keeps what the new API has no place for."""


def noon() -> datetime:
    """The fixed clock of the tests."""
    return NOW


class WatchedStore(Store):
    """A store that tells what it was asked, and fails where a test wants it to."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        super().__init__(settings, clock)
        self.asked: list[str] = []
        self.failing: set[str] = set()

    async def asides(self, asked: Collection[Key]) -> dict[Key, dict[str, Json]]:
        self._asked("asides")
        return await super().asides(asked)

    async def begin(self, *parts: bytes) -> Intent:
        self._asked("begin")
        return await super().begin(*parts)

    async def keep(
        self, kept: Collection[Aside], *, intent: Intent | None = None, made: str | None = None
    ) -> None:
        self._asked("keep")
        await super().keep(kept, intent=intent, made=made)

    async def erase(self, key: Key) -> None:
        self._asked("erase")
        await super().erase(key)

    def _asked(self, name: str) -> None:
        self.asked.append(name)
        if name in self.failing:
            raise StoreError


@dataclass
class Gateways:
    """Makes gateways that differ in a setting, an option or a table."""

    upstream: httpx.AsyncBaseTransport
    folder: Path
    made: list[Starlette] = field(default_factory=list)

    def app(
        self,
        *,
        options: str = "",
        clock: Callable[[], datetime] = noon,
        upstream: httpx.AsyncBaseTransport | None = None,
        store: type[Store] | None = None,
        **settings: Any,
    ) -> Starlette:
        """A gateway as an ASGI application; `options` is the text of the options file."""
        if options:
            settings["pack_options"] = self.folder / "options.toml"
            settings["pack_options"].write_text(options, encoding="utf-8")
        chosen = Settings(
            **{
                "upstream_url": UPSTREAM,
                "data_dir": self.folder / "state",
                # One answer of the new API, one answer of the gateway.
                "retry_ratio": 0,
                **settings,
            }
        )
        app = create_app(
            chosen,
            upstream=upstream or self.upstream,
            clock=clock,
            store=None if store is None else store(chosen, clock),
        )
        self.made.append(app)
        return app

    def client(self, **changes: Any) -> httpx.AsyncClient:
        """A legacy application that calls such a gateway."""
        return legacy_client_of(self.app(**changes))


def legacy_client_of(app: Starlette) -> httpx.AsyncClient:
    """A legacy application that calls this gateway."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://legacy.example", trust_env=False
    )


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def upstream() -> Iterator[respx.Router]:
    """The new API: every route mocked, every mock called."""
    router = respx.Router(base_url=UPSTREAM, assert_all_called=True, assert_all_mocked=True)
    yield router
    router.assert_all_called()


@pytest.fixture
async def gateways(upstream: respx.Router, tmp_path: Path) -> AsyncIterator[Gateways]:
    """A maker of gateways before `upstream`, which ends them after the test."""
    gateways = Gateways(httpx.MockTransport(upstream.async_handler), tmp_path)
    yield gateways
    for app in gateways.made:
        await app.state.gateway.close()


@pytest.fixture
def legacy_client(gateways: Gateways) -> httpx.AsyncClient:
    """A legacy application that calls a gateway with default settings."""
    return gateways.client()


def asked_of(upstream: respx.Router) -> list[str]:
    """The calls of the new API so far, in their order: `GET /health_records`."""
    return [f"{call.request.method} {call.request.url.path}" for call in upstream.calls]


def body_of(route: respx.Route, at: int = -1) -> Any:
    """What was sent to a route, the last time if not said otherwise."""
    return json.loads(route.calls[at].request.content)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """The operator's tables, with invented vaccines."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "vaccines.json").write_text(json.dumps(SAMPLE.tables["vaccines"]), "utf-8")
    return folder


@dataclass
class LogLines:
    """What was logged, as in production, to a standard error of the test's own."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        """Everything that was written."""
        return self.stream.getvalue()

    def __call__(self) -> list[dict[str, Any]]:
        """The lines so far, each of them one JSON object."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Log as in production."""
    loggers = [logging.getLogger(name) for name in logs.LIBRARIES]
    levels = [logger.level for logger in loggers]
    lines = LogLines()
    with contextlib.redirect_stderr(lines.stream):
        logs.configure()
    yield lines
    structlog.reset_defaults()
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)

"""A gateway between a real ASGI client in front and a mocked new API behind."""

import contextlib
import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import structlog
from starlette.applications import Starlette

from proxy.app import create_app
from proxy.observe import logs
from proxy.settings import PREFIX, Settings

UPSTREAM = "https://new.example"
NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)


def noon() -> datetime:
    """The fixed clock of the tests."""
    return NOW


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
        **settings: Any,
    ) -> Starlette:
        """A gateway as an ASGI application; `options` is the text of the options file."""
        if options:
            settings["pack_options"] = self.folder / "options.toml"
            settings["pack_options"].write_text(options, encoding="utf-8")
        chosen = Settings(**{"upstream_url": UPSTREAM, **settings})
        return create_app(chosen, upstream=upstream or self.upstream, clock=clock)

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
def gateways(upstream: respx.Router, tmp_path: Path) -> Gateways:
    """A maker of gateways before `upstream`."""
    return Gateways(httpx.MockTransport(upstream.async_handler), tmp_path)


@pytest.fixture
def legacy_client(gateways: Gateways) -> httpx.AsyncClient:
    """A legacy application that calls a gateway with default settings."""
    return gateways.client()


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
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore", "uvicorn.access")]
    levels = [logger.level for logger in loggers]
    lines = LogLines()
    with contextlib.redirect_stderr(lines.stream):
        logs.configure()
    yield lines
    structlog.reset_defaults()
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)

"""The example of a pack outside the source tree, found as an operator lets it be found."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from mappings.core.pack import Pack
from proxy import packs
from proxy.app import create_app
from proxy.observe import logs
from proxy.settings import PREFIX, Settings
from proxy.settings.keys import new_key
from tests.documents import datetime_of_test

LIBRARY = Path(__file__).parents[2] / "examples" / "library"
PACK_NAME = "lending"
UPSTREAM = "http://127.0.0.1:9/v2"
CREDENTIAL = {"Authorization": "Bearer invented"}


@pytest.fixture(scope="session", autouse=True)
def _on_the_path() -> Iterator[None]:
    """What `PYTHONPATH=examples/library` does."""
    sys.path.insert(0, str(LIBRARY))
    yield
    sys.path.remove(str(LIBRARY))


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The pack, by its name: no test imports it, and neither does the gateway."""
    return packs.load(PACK_NAME).pack


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PASSERELLE_PACK", PACK_NAME)


@dataclass(frozen=True)
class Library:
    """A client of the old desk before the gateway, and what the new API has behind it."""

    desk: httpx.AsyncClient
    patrons: dict[str, dict[str, Any]]
    works: dict[str, dict[str, Any]]


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    """The gateway with the pack, and the pack's own stand-in behind it."""
    logs.silence()
    behind: Starlette = importlib.import_module("lending_sandbox").create_app()
    settings = Settings(
        upstream_url=UPSTREAM, pack=PACK_NAME, data_dir=tmp_path / "state", keys=new_key()
    )
    carrier = httpx.ASGITransport(behind)
    gateway = create_app(settings, upstream=carrier, clock=datetime_of_test)
    door = httpx.ASGITransport(gateway)
    async with httpx.AsyncClient(
        transport=door, base_url="http://desk.example/desk", headers=CREDENTIAL
    ) as desk:
        yield Library(desk, behind.state.patrons, behind.state.works)
    await gateway.state.gateway.memory.store.close()

"""A sandbox and a client in front of it."""

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from tests.sandbox.clients import Clock, client_of


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def app() -> Starlette:
    return create_app(now=Clock())


@pytest.fixture
def client(app: Starlette) -> httpx.AsyncClient:
    return client_of(app)

"""What every test shares."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The loop that serves in production: httpx and the gateway run on asyncio."""
    return "asyncio"

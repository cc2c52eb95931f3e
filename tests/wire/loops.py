"""Both loops that the gateway may run on; a module that imports the fixture runs on each."""

import pytest


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop of a test."""
    return "asyncio", {"use_uvloop": request.param}

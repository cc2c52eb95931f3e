"""
Fixtures for whoever tests a legacy application against the gateway, without a network.

* legacy_client, sync_legacy_client: call a gateway that lives in this process
* new_api: what the gateway calls, mocked, with ready answers; or
* new_api_sandbox: what the gateway calls, with a memory and invented people
* gateway_settings, gateway_clock: to override
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

# pytest loads this in every run, of projects too that use none of it: a fixture brings the rest.
if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from proxy.testing.in_process import InProcess
    from proxy.testing.new_api import NewApi


@pytest.fixture
def gateway_settings() -> Mapping[str, Any]:
    """
    The settings of the gateway that differ, by their names without the prefix.

    The environment has no part in them. Where nothing is said there are a store and a key of the
    test's own, the pack's invented tables, and no read is tried twice.
    """
    return {}


@pytest.fixture
def gateway_clock() -> Callable[[], datetime]:
    """Tells the gateway and the sandbox the time, with its zone: ages in a record go by it."""
    from proxy.app import now  # noqa: PLC0415 - see above

    return now


@pytest.fixture
def _gateway(
    gateway_settings: Mapping[str, Any],
    gateway_clock: Callable[[], datetime],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[InProcess]:
    from proxy.testing.in_process import started  # noqa: PLC0415 - see above

    folder: Path = tmp_path_factory.mktemp("passerelle")
    with started(gateway_settings, gateway_clock, folder) as gateway:
        yield gateway
    assert not gateway.behind.unanswered, (  # noqa: S101 - this is for tests
        f"the gateway asked the new API for what nothing answers: {gateway.behind.unanswered}; "
        "give new_api a route for it, or use new_api_sandbox"
    )


@pytest.fixture
def legacy_client(_gateway: InProcess) -> httpx.AsyncClient:
    """A legacy application whose base URL is the gateway, for `await`."""
    return _gateway.async_client()


@pytest.fixture
def sync_legacy_client(_gateway: InProcess) -> httpx.Client:
    """The same without `await`; both call one gateway."""
    return _gateway.client()


@pytest.fixture
def new_api(_gateway: InProcess) -> Iterator[NewApi]:
    """
    What the gateway calls, mocked.

    A call without a route fails the test, and so does a route that nothing called.
    """
    from proxy.testing.new_api import NewApi  # noqa: PLC0415 - see above

    mocked = NewApi(_gateway.pack, _gateway.settings.upstream_url)
    _gateway.behind.put(mocked.transport)
    yield mocked
    mocked.router.assert_all_called()


@pytest.fixture
def new_api_sandbox(_gateway: InProcess, gateway_clock: Callable[[], datetime]) -> httpx.Client:
    """What the gateway calls, with a memory and invented people; the client asks it directly."""
    # The one place beside the command line that knows the sandbox, which is for tests.
    from sandbox import create_app  # noqa: PLC0415 - see above

    return _gateway.put_behind(create_app(now=gateway_clock))

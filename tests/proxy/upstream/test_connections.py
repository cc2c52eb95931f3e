"""How many connections there are, as operators are told."""

import asyncio

import httpx

from proxy.settings import Settings
from proxy.upstream.client import Upstream
from proxy.upstream.limits import TransportLimits
from proxy.upstream.pool import Pool

SETTINGS = Settings(upstream_url="https://new.example")


async def test_a_pool_tells_who_uses_a_connection_and_who_waits_for_one() -> None:
    until = asyncio.get_running_loop().time() + 60
    pool = Pool(TransportLimits(connections=1))
    before = pool.connections
    await pool.take("one", until)
    waiting = asyncio.create_task(pool.take("other", until))
    await asyncio.sleep(0)

    during = pool.connections

    pool.free()
    await waiting
    pool.free()
    assert during == (1, 0, 1)
    assert before == pool.connections == (0, 0, 0)


async def test_of_a_strange_transport_nobody_knows() -> None:
    mocked = httpx.MockTransport(lambda request: httpx.Response(200))
    own, strange = Upstream(SETTINGS), Upstream(SETTINGS, mocked)

    told = own.connections, strange.connections

    await own.close()
    await strange.close()
    assert told == ((0, 0, 0), (0, 0, 0))

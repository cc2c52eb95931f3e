"""What mocks httpx goes on mocking it with this transport underneath."""

import httpx
import respx

from proxy.upstream.transport import Transport

ORIGIN = "https://new.invalid"


@respx.mock
async def test_respx_mocks_as_it_does_by_default() -> None:
    route = respx.get(ORIGIN).respond(json={"id": 1})

    async with httpx.AsyncClient(transport=Transport(ORIGIN)) as client:
        first, second = await client.get(ORIGIN), await client.get(ORIGIN)

    assert first.json() == second.json() == {"id": 1}
    assert route.call_count == 2


@respx.mock(using="httpx")
async def test_respx_mocks_httpx_itself(respx_mock: respx.Router) -> None:
    route = respx_mock.get(ORIGIN).respond(json={"id": 1})

    async with httpx.AsyncClient(transport=Transport(ORIGIN)) as client:
        response = await client.get(ORIGIN)

    assert response.json() == {"id": 1}
    assert route.called


@respx.mock
async def test_a_mocked_failure_is_raised() -> None:
    respx.get(ORIGIN).mock(side_effect=httpx.ReadTimeout)

    async with httpx.AsyncClient(transport=Transport(ORIGIN)) as client:
        try:
            await client.get(ORIGIN)
        except httpx.ReadTimeout as raised:
            told = raised

    assert told.request.url == ORIGIN


async def test_a_mock_transport_takes_its_place() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=request.method))

    async with httpx.AsyncClient(transport=transport) as client:
        response = await client.get(ORIGIN)

    assert response.text == "GET"

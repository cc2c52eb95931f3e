"""What the new API answers when it refuses or fails, as a legacy client sees it."""

from dataclasses import dataclass

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    MODERN_NAMES,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)


@dataclass(frozen=True)
class Action:
    """A legacy request and the call of the new API that decides its answer."""

    method: str
    path: str
    modern_method: str
    modern_path: str
    writes: bool = False


ACTIONS = {
    "reading": Action("GET", RECORD, "GET", MODERN_RECORD),
    "listing": Action("GET", RECORDS, "GET", MODERN_RECORDS),
    "creating": Action("POST", RECORDS, "POST", MODERN_RECORDS, writes=True),
    "updating": Action("PUT", RECORD, "PATCH", MODERN_RECORD, writes=True),
    "deleting": Action("DELETE", RECORD, "DELETE", MODERN_RECORD),
}

SENTENCES = {
    401: "Vous devez vous authentifier.",
    403: "Vous n'avez pas accès à cette ressource.",
    404: "Cette ressource n'existe pas.",
    409: "La ressource a été modifiée entre-temps : relisez-la avant d'écrire.",
    502: "Le service a donné une réponse inattendue.",
    503: "Le service est momentanément indisponible : réessayez plus tard.",
    504: "Le service n'a pas répondu à temps.",
}

STATUSES = {
    400: 422,
    422: 422,
    401: 401,
    403: 403,
    404: 404,
    409: 409,
    410: 404,
    412: 409,
    429: 503,
    503: 503,
    **dict.fromkeys((101, 103, 202, 206, 226, 301, 302, 303, 304, 307, 308), 502),
    **dict.fromkeys((402, 405, 406, 408, 413, 415, 418, 428, 451, 499), 502),
    **dict.fromkeys((500, 501, 502, 504, 511, 599, 600, 999), 502),
}

LEAK = {
    "type": "https://new.example/problems/secret",
    "detail": "customary_name of owner_id is wrong",
    "trace": "at health_record.rb:42",
}
"""What the new API says about itself, which nobody shall see."""


async def sent(client: httpx.AsyncClient, action: Action) -> httpx.Response:
    """The legacy client's answer to the action."""
    body = legacy_document() if action.writes else None
    return await client.request(action.method, action.path, json=body)


def routed(upstream: respx.Router, action: Action) -> respx.Route:
    """The route of the call that decides; an update reads the base before it."""
    if action.modern_method == "PATCH":
        upstream.get(action.modern_path).respond(json=modern_document())
    return upstream.route(method=action.modern_method, path=action.modern_path)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
@pytest.mark.parametrize(("modern", "legacy"), STATUSES.items())
async def test_every_status_has_its_legacy_counterpart_and_form(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    action: Action,
    modern: int,
    legacy: int,
) -> None:
    """Traps 14 and 16: a closed set of answers, and nothing of the new API in any of them."""
    routed(upstream, action).respond(
        modern, json=LEAK, headers={"Location": "https://new.example/", "X-Powered-By": "Rails"}
    )

    response = await sent(legacy_client, action)

    assert response.status_code == legacy
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers.keys() <= allowed(legacy)
    assert not any(name in response.text for name in (*MODERN_NAMES, "secret", "trace"))
    if legacy == 422:
        assert response.json() == {"errors": {"base": ["n'a pas été accepté(e)"]}}
    else:
        assert response.json() == {"error": SENTENCES[legacy]}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
@pytest.mark.parametrize(
    ("failure", "legacy"),
    [
        pytest.param(httpx.ReadTimeout, 504, id="no answer in time"),
        pytest.param(httpx.ConnectTimeout, 504, id="no connection in time"),
        pytest.param(httpx.ConnectError, 502, id="no connection"),
        pytest.param(httpx.ReadError, 502, id="cut off"),
        pytest.param(httpx.RemoteProtocolError, 502, id="no HTTP"),
    ],
)
async def test_no_answer_has_its_legacy_form(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    action: Action,
    failure: type[httpx.HTTPError],
    legacy: int,
) -> None:
    routed(upstream, action).mock(side_effect=failure("at new.example"))

    response = await sent(legacy_client, action)

    assert response.status_code == legacy
    assert response.json() == {"error": SENTENCES[legacy]}


@pytest.mark.parametrize(("modern", "legacy"), STATUSES.items())
async def test_an_update_of_a_record_that_cannot_be_read_tells_why(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, modern: int, legacy: int
) -> None:
    upstream.get(MODERN_RECORD).respond(modern, json=LEAK)

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == legacy
    assert response.json().keys() == {"errors" if legacy == 422 else "error"}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param("120", "120", id="seconds"),
        pytest.param("Wed, 06 Mar 2024 07:28:00 GMT", "Wed, 06 Mar 2024 07:28:00 GMT", id="a date"),
        pytest.param(None, "5", id="none"),
        pytest.param("soon", "5", id="a word"),
        pytest.param("-1", "5", id="below zero"),
        pytest.param("1" * 30, "5", id="too many seconds"),
        pytest.param("Wed, 06 Mar 99999999999999999999 07:28:00 GMT", "5", id="too late a year"),
        pytest.param("Wed, 06 Mar 2024 07:28:00 GMT (new.example)", "5", id="a date with more"),
    ],
)
async def test_a_client_that_is_put_off_is_told_for_how_long(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    status: int,
    given: str | None,
    told: str,
) -> None:
    """Trap 16: the header goes on only where it is what it claims to be."""
    headers = {} if given is None else {"Retry-After": given}
    upstream.get(MODERN_RECORD).respond(status, headers=headers)

    response = await legacy_client.get(RECORD)

    assert response.status_code == 503
    assert response.headers["retry-after"] == told


async def test_a_401_has_the_legacy_challenge_and_not_the_new_one(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 19."""
    challenge = {"WWW-Authenticate": 'DPoP realm="https://new.example"'}
    upstream.get(MODERN_RECORD).respond(401, headers=challenge)

    response = await legacy_client.get(RECORD)

    assert (
        response.headers["www-authenticate"] == 'Bearer realm="Doorkeeper", error="invalid_token"'
    )


async def test_sentences_are_english_by_option(upstream: respx.Router, gateways: Gateways) -> None:
    upstream.get(MODERN_RECORD).respond(404)

    response = await gateways.client(options='[errors]\nlanguage = "en"').get(RECORD)

    assert response.json() == {"error": "This resource does not exist."}


async def test_an_error_answers_head_without_a_body(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 14."""
    upstream.get(MODERN_RECORD).respond(404)
    get = await legacy_client.get(RECORD)

    head = await legacy_client.head(RECORD)

    assert (head.status_code, head.content) == (404, b"")
    assert head.headers["content-length"] == str(len(get.content))


async def test_a_status_of_success_that_is_no_option_is_a_bad_answer(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(200, json=modern_document())

    response = await gateways.client(options="[upstream.read]\nsuccess = [203]").get(RECORD)

    assert response.status_code == 502


def allowed(status: int) -> set[str]:
    """The headers that an error of this status may have."""
    always = {"cache-control", "content-type", "content-length", "x-request-id"}
    return always | {401: {"www-authenticate"}, 503: {"retry-after"}}.get(status, set())

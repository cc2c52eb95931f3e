"""The line of a request: the one that structlog would have written, or a short one for the eye."""

from __future__ import annotations

import base64
import contextlib
import io
import re
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import respx

from proxy.credentials.hashes import SecretHash
from proxy.observe import logs
from proxy.observe.access_log import AccessLog, Alike, Carried
from proxy.observe.text_lines import Colours
from tests.proxy.conftest import KEYS, UPSTREAM, Gateways, LogLines
from tests.proxy.documents import MODERN_RECORDS, RECORDS, legacy_document, modern_document

APPLICATION = f"""
[applications.hospital]
secret = "{SecretHash.of("legacy-secret", (16, 8, 1))}"
client_id = "hospital-client"
client_secret = "modern-secret"
"""
TIME = re.compile(r'"timestamp": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"')
LOST, UNKNOWN = frozenset({"home_phone", "email"}), frozenset({"gender", "acts[].method"})
REQUEST: dict[str, Any] = {
    "request_id": "0123456789abcdef0123456789abcdef",
    "method": "GET",
    "route": "/records/{id}",
    "dropped_parameters": 2,
}


@pytest.mark.parametrize("client", ["", "hospital", 'h"\né'])
@pytest.mark.parametrize("called", [None, (200, 12.04), (None, 0.0)])
@pytest.mark.parametrize("carried", [None, (frozenset(), 0, frozenset()), (LOST, 3, UNKNOWN)])
def test_a_line_is_what_structlog_would_write(
    carried: Carried | None,
    called: tuple[int | None, float] | None,
    client: str,
    log_lines: LogLines,
) -> None:
    named: dict[str, Any] = {"client": client} if client else {}
    if carried is not None:
        lost, undeclared, unknown = carried
        named |= {"lost": sorted(lost), "lost_undeclared": undeclared, "unknown": sorted(unknown)}
    if called is not None:
        named |= {"upstream_status": called[0], "upstream_milliseconds": round(called[1], 1)}
    logs.log.info("request", legacy_status=200, milliseconds=3.1, **REQUEST, **named)

    logs.access.tell(
        status=200,
        milliseconds=3.14,
        carried=carried,
        called=called,
        client=client,
        **REQUEST,
    )

    theirs, ours = log_lines.text.splitlines()
    assert TIME.search(ours)
    assert TIME.sub("", ours) == TIME.sub("", theirs)


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("carried", [(frozenset(), 0, frozenset()), (LOST, 3, UNKNOWN)])
def test_a_line_like_many_others_is_the_same_line(
    form: Literal["json", "text"], carried: Carried, log_lines: LogLines
) -> None:
    alike = Alike.of("POST", "/records/{id}/50%", 201, carried)
    with contextlib.redirect_stderr(log_lines.stream):
        logs.configure(form)

    logs.access.tell(
        request_id=REQUEST["request_id"],
        method="POST",
        route="/records/{id}/50%",
        status=201,
        milliseconds=3.14,
        dropped_parameters=0,
        carried=carried,
        called=(202, 12.04),
    )
    logs.access.tell_alike(alike, REQUEST["request_id"], 3.14, (202, 12.04))

    one, other = log_lines.text.splitlines()
    if form == "json":
        assert TIME.search(other)
        assert TIME.sub("", one) == TIME.sub("", other)
    else:
        assert one.partition(" ")[2] == other.partition(" ")[2]


def test_nothing_is_written_of_lines_alike_either_where_all_are_silenced() -> None:
    AccessLog().tell_alike(Alike.of("GET", "/records", 200), "0" * 32, 1.0, (200, 1.0))


def test_every_field_of_a_line_is_a_named_one(log_lines: LogLines) -> None:
    """Trap 35: a new line cannot leak by mistake."""
    carried: Carried = (LOST, 1, UNKNOWN)

    logs.access.tell(status=200, milliseconds=3, carried=carried, called=(200, 1), **REQUEST)

    (line,) = log_lines()
    assert line.keys() <= logs.FIELDS


def test_a_line_is_one_write(log_lines: LogLines) -> None:
    written: list[str] = []

    AccessLog(written.append).tell(status=404, milliseconds=0, carried=None, called=None, **REQUEST)

    assert [text.count("\n") for text in written] == [1]


def test_nothing_is_written_where_all_lines_are_silenced() -> None:
    stream = io.StringIO()

    with contextlib.redirect_stderr(stream):
        logs.configure()
        logs.silence()
        logs.access.tell(status=404, milliseconds=0, carried=None, called=None, **REQUEST)

    assert stream.getvalue() == ""


def short(**told: Any) -> str:
    """The short line of a request, without its time."""
    written: list[str] = []
    log = AccessLog(written.append, text=Colours(shown=False))

    log.tell(**{**REQUEST, "status": 200, "milliseconds": 3.14, "called": (200, 1.0), **told})

    (line,) = written
    assert re.match(r"\d\d:\d\d:\d\dZ  ", line)
    return line[11:]


def test_a_short_line_has_method_route_status_milliseconds_and_request_id() -> None:
    assert short(carried=None) == (
        "GET    /records/{id}  200  3.1 ms  0123456789abcdef0123456789abcdef\n"
    )


def test_a_short_line_says_what_was_lost_and_whose_request_it_was() -> None:
    assert short(carried=(LOST, 3, UNKNOWN), client="hospital") == (
        'GET    /records/{id}  200  3.1 ms  lost=email,home_phone,"3 undeclared"  '
        "unknown=acts[].method,gender  client=hospital  0123456789abcdef0123456789abcdef\n"
    )


@pytest.mark.parametrize(("status", "colour"), [(200, 32), (404, 33), (503, 31)])
def test_on_a_terminal_the_status_has_its_colour(status: int, colour: int) -> None:
    written: list[str] = []
    log = AccessLog(written.append, text=Colours(shown=True))

    log.tell(status=status, milliseconds=0, carried=None, called=None, **REQUEST)

    assert f"\x1b[{colour}m{status}\x1b[0m" in written[0]


def basic(pair: bytes) -> dict[str, str]:
    """A key as a header."""
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


KEY, WRONG_KEY = basic(b"hospital:legacy-secret"), basic(b"hospital:wrong")


@pytest.fixture
def exchanging(gateways: Gateways, upstream: respx.Router, tables: Path) -> httpx.AsyncClient:
    """A legacy application before a gateway that knows it by name."""
    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    upstream.post("/token", name="token").respond(
        json={"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 300}
    )
    return gateways.client(
        credentials="exchange",
        applications=path,
        token_url=f"{UPSTREAM}/token",
        tokens="opaque",
        keys=KEYS,
        set_aside="drop",
        tables=tables,
    )


async def test_the_line_names_the_application_whose_key_was_shown(
    exchanging: httpx.AsyncClient, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])

    await exchanging.get(RECORDS, headers=KEY)

    (line,) = log_lines()
    assert line["client"] == "hospital"
    assert line["legacy_status"] == 200


async def test_it_is_named_too_where_the_answer_is_the_gateways_own(
    gateways: Gateways, log_lines: LogLines, tables: Path
) -> None:
    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    client = gateways.client(
        credentials="exchange", applications=path, token_url=f"{UPSTREAM}/token", tables=tables
    )

    response = await client.get("/api/v1/vaccines.json", headers=KEY)

    (line,) = log_lines()
    assert (response.status_code, line["client"]) == (200, "hospital")


async def test_a_name_that_was_not_proved_is_not_told(
    gateways: Gateways, log_lines: LogLines, tables: Path
) -> None:
    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    client = gateways.client(
        credentials="exchange", applications=path, token_url=f"{UPSTREAM}/token", tables=tables
    )

    for asked in (RECORDS, "/api/v1/vaccines.json"):
        response = await client.get(asked, headers=WRONG_KEY)
        assert response.status_code == 401

    assert all("client" not in line for line in log_lines())
    assert "hospital" not in log_lines.text


async def test_a_token_of_the_gateways_own_names_the_application_that_it_was_given_to(
    exchanging: httpx.AsyncClient, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])
    form = {"grant_type": "password", "username": "u", "password": "p"}
    given = (await exchanging.post("/oauth/token", json=form, headers=KEY)).json()

    response = await exchanging.get(
        RECORDS, headers={"Authorization": f"Bearer {given['access_token']}"}
    )

    assert response.status_code == 200
    signing_in, reading = log_lines()
    assert "client" not in signing_in
    assert reading["client"] == "hospital"


async def test_a_token_of_the_new_api_names_nobody(
    gateways: Gateways, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])
    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    client = gateways.client(
        credentials="exchange", applications=path, token_url=f"{UPSTREAM}/token"
    )

    response = await client.get(RECORDS, headers={"Authorization": "Bearer invented"})

    assert response.status_code == 200
    assert all("client" not in line for line in log_lines())


async def test_a_credential_that_goes_on_as_it_is_names_nobody(
    gateways: Gateways, upstream: respx.Router, log_lines: LogLines
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])

    await gateways.client().get(RECORDS, headers=KEY)

    (line,) = log_lines()
    assert "client" not in line


async def test_what_an_application_loses_is_counted_by_its_name(
    gateways: Gateways, exchanging: httpx.AsyncClient, upstream: respx.Router
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    await exchanging.post(RECORDS, json=legacy_document(email="a@example.org"), headers=KEY)

    losses = gateways.made[0].state.gateway.losses
    assert losses.by_field_and_client()["email", "hospital"] == 1

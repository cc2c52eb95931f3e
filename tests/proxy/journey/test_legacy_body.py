"""Bodies as real clients send them: in whatever type, charset, encoding and size."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from proxy.errors import ProxyError
from proxy.journey import legacy_body
from proxy.legacy_request import Fields
from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)

WINDOWS = '[legacy]\ncharset = "windows-1252"'
ZOE = {"first_name": "Zoë"}
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("application/json", id="JSON"),
        pytest.param("APPLICATION/JSON; Charset=UTF-8", id="in capitals"),
        pytest.param("application/vnd.api+json", id="a kind of JSON"),
        pytest.param("application/x-www-form-urlencoded", id="a form"),
        pytest.param("text/plain", id="a text"),
        pytest.param("text/html; charset=", id="a page with an empty charset"),
        pytest.param("application/json; charset*=utf-8''utf-8", id="an extended parameter"),
        pytest.param("nonsense", id="nonsense"),
    ],
)
async def test_what_begins_as_json_is_json_whatever_the_type_says(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, content_type: str | None
) -> None:
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    body = b"\xef\xbb\xbf \r\n\t" + json.dumps(legacy_document(), ensure_ascii=False).encode()
    headers = {} if content_type is None else {"Content-Type": content_type}

    response = await legacy_client.post(RECORDS, content=body, headers=headers)

    assert response.status_code == 201
    assert json.loads(route.calls.last.request.content)["first_name"] == "Maëlle Rozenn"


@pytest.mark.parametrize(
    ("content_type", "options", "encoding"),
    [
        ("application/json; charset=iso-8859-1", "", "latin-1"),
        ('application/json; charset="ISO-8859-15"', "", "iso-8859-15"),
        ("application/json; charset=windows-1252", "", "cp1252"),
        ("application/json", WINDOWS, "cp1252"),
        ("application/json", WINDOWS, "utf-8"),
    ],
    ids=["latin-1", "latin-9", "windows", "windows by option", "UTF-8 before the option"],
)
async def test_a_body_is_read_in_its_charset(
    upstream: respx.Router, gateways: Gateways, content_type: str, options: str, encoding: str
) -> None:
    """Trap 21."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())
    body = json.dumps(ZOE, ensure_ascii=False).encode(encoding)

    response = await gateways.client(options=options).put(
        RECORD, content=body, headers={"Content-Type": content_type}
    )

    assert response.status_code == 200
    assert json.loads(patch.calls.last.request.content) == ZOE


@pytest.mark.parametrize("alias", ["utf8", "UTF8", "latin1", "cp1252"])
async def test_a_charset_is_known_by_its_usual_other_names(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, alias: str
) -> None:
    """Trap 21: half of all clients write `utf8`."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    headers = {"Content-Type": f"application/json; charset={alias}"}

    response = await legacy_client.put(RECORD, content=b"{}", headers=headers)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "options", "status"),
    [
        pytest.param(b'{"a": "\xeb"}', "", "", 400, id="no UTF-8"),
        pytest.param(b'{"a": "\x81"}', "", WINDOWS, 400, id="nor the other charset"),
        pytest.param(b'{"a": "\xeb"}', "x/y; charset=utf-8", WINDOWS, 400, id="not as declared"),
        pytest.param(b'{"a": "\xeb"}', "x/y; charset=us-ascii", "", 400, id="not ASCII"),
        pytest.param(b"{}", "application/json; charset=utf-16", "", 415, id="UTF-16 by name"),
        pytest.param('{"a":1}'.encode("utf-16"), "application/json", "", 400, id="UTF-16"),
        pytest.param(b"{}", "application/json; charset=klingon", "", 415, id="no charset"),
        pytest.param(b"first_name", "application/json", "", 400, id="JSON that is none"),
        pytest.param(b'"Ana"', "application/json", "", 400, id="a text alone"),
        pytest.param(b"null", "application/vnd.api+json", "", 400, id="null alone"),
        pytest.param(b"<r/>", "application/xml", "", 415, id="XML"),
        pytest.param(b"a=1", "text/plain", "", 415, id="a form that says it is a text"),
        pytest.param(b"--x\r\n\r\nAna\r\n--x--", MULTIPART, "", 415, id="multipart"),
        pytest.param(b"--x\r\n\r\n\xff\xd8\r\n--x--", MULTIPART, "", 415, id="a picture"),
        pytest.param(b"\x1f\x8b\x08\x00", "application/gzip", "", 415, id="an archive"),
        pytest.param(b"\x00", "", "", 400, id="a zero byte"),
        pytest.param(b"Ana", "", "", 400, id="a word"),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_apart_from_one_that_is_not_taken(
    gateways: Gateways, body: bytes, content_type: str, options: str, status: int
) -> None:
    """Trap 21: 400 for what is broken, 415 for what is not read at all."""
    client = gateways.client(options=options)

    response = await client.post(RECORDS, content=body, headers={"Content-Type": content_type})

    assert response.status_code == status
    assert response.json().keys() == {"error"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x"])
async def test_an_encoded_body_is_not_taken(
    legacy_client: httpx.AsyncClient, encoding: str
) -> None:
    """Traps 11 and 25: a small body can hide a huge one."""
    headers = {"Content-Encoding": encoding}

    response = await legacy_client.post(RECORDS, content=b"{}", headers=headers)

    assert response.status_code == 415
    assert response.json() == {"error": "Ce format n'est pas accepté : envoyez du JSON."}


async def test_identity_is_no_encoding(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(
        RECORD, content=b"{}", headers={"Content-Encoding": "Identity"}
    )

    assert response.status_code == 200


@pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb\xbf"], ids=["none", "blank", "a mark"])
async def test_an_empty_body_is_an_empty_document(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, body: bytes
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())

    updated = await legacy_client.put(RECORD, content=body)
    created = await legacy_client.post(RECORDS, content=body)

    assert updated.status_code == 200
    assert patch.calls.last.request.content == b"{}"
    assert created.status_code == 422


async def endless() -> AsyncIterator[bytes]:
    """A body in chunks, of which no more is taken than needed."""
    for _ in range(3):
        yield b" " * 40
    raise AssertionError("the body is read on beyond the limit")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b" " * 101, id="one byte too many"),
        pytest.param(b" " * 1000, id="a length of another order"),
        pytest.param(endless(), id="in chunks"),
    ],
)
async def test_a_body_beyond_the_limit_is_refused_before_it_is_read(
    gateways: Gateways, body: Any
) -> None:
    """Trap 25."""
    response = await gateways.client(max_body_bytes=100).post(RECORDS, content=body)

    assert response.status_code == 413
    assert response.json() == {"error": "La requête est trop grande."}


async def test_a_body_of_just_the_limit_is_read(upstream: respx.Router, gateways: Gateways) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await gateways.client(max_body_bytes=100).put(RECORD, content=b" " * 98 + b"{}")

    assert response.status_code == 200


def test_the_reason_of_a_refusal_holds_nothing_of_the_body() -> None:
    """Trap 16."""
    secrets = [b'{"a": "CANARY', b"CANARY", b"CANARY=1&CANARY=2", b'{"CANARY": "\xff"}']

    for body in secrets:
        with pytest.raises(ProxyError) as caught:
            legacy_body.parse(body, "", None, 8)
        assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        ([], True),
        ([(b"content-type", b"application/json; charset=UTF8")], True),
        ([(b"content-type", b"application/json; charset=latin1")], False),
        ([(b"content-type", b"application/json; charset=none-such")], False),
        ([(b"content-encoding", b"gzip")], False),
        ([(b"content-encoding", b"identity")], False),
    ],
    ids=["none", "UTF-8", "another charset", "no charset", "an encoding", "identity"],
)
def test_a_body_is_plain_where_it_is_read_as_it_came(
    fields: list[tuple[bytes, bytes]], plain: bool
) -> None:
    assert legacy_body.is_plain(Fields(fields)) is plain

"""Urlencoded forms, as Rails reads them."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import respx

from proxy.journey import forms
from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    CONDITION_ID,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "bare"])
async def test_a_record_can_be_made_with_a_form(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, wrapped: bool
) -> None:
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    written = legacy_document()
    form = {f"record[{name}]": value for name, value in written.items()} if wrapped else written
    as_json = await legacy_client.post(RECORDS, json=written)

    # By another caller, or it would be the same creation once more.
    as_form = await legacy_client.post(RECORDS, data=form, headers={"Authorization": "Bearer b"})

    assert as_form.status_code == 201
    assert as_form.content == as_json.content
    assert route.calls[1].request.content == route.calls[0].request.content


async def test_numbers_in_a_form_are_texts_that_are_read_as_numbers(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 10."""
    (gateways.folder / "conditions.csv").write_text(f"id,uuid,type\n52,{CONDITION_ID},boolean\n")
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())
    body = "record[health_profile][condition_ids][]=52&record[department_of_birth]=29"

    response = await gateways.client(tables=gateways.folder).put(RECORD, content=body, headers=FORM)

    assert response.status_code == 200
    assert json.loads(patch.calls.last.request.content) == {"profile": {CONDITION_ID: True}}


async def test_a_form_needs_no_content_type(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, content=b"zip_code=29000")

    assert response.status_code == 200


ZOE = urlencode({"first_name": "Zoë"}, encoding="cp1252").encode()
WINDOWS = '[legacy]\ncharset = "windows-1252"'


@pytest.mark.parametrize(
    ("charset", "options"),
    [
        pytest.param("", WINDOWS, id="by option"),
        pytest.param("; charset=windows-1252", "", id="declared"),
    ],
)
async def test_escapes_in_a_form_are_of_its_charset(
    upstream: respx.Router, gateways: Gateways, charset: str, options: str
) -> None:
    """Trap 21: a form writes its bytes as escapes, so the body itself is always ASCII."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await gateways.client(options=options).put(
        RECORD, content=ZOE, headers={"Content-Type": FORM["Content-Type"] + charset}
    )

    assert response.status_code == 200
    assert json.loads(patch.calls.last.request.content) == {"first_name": "Zoë"}


@pytest.mark.parametrize(
    ("charset", "options"),
    [
        pytest.param("", "", id="not declared"),
        pytest.param("; charset=utf-8", WINDOWS, id="belied"),
    ],
)
async def test_escapes_of_another_charset_than_the_forms_are_refused(
    gateways: Gateways, charset: str, options: str
) -> None:
    """Trap 21."""
    response = await gateways.client(options=options).put(
        RECORD, content=ZOE, headers={"Content-Type": FORM["Content-Type"] + charset}
    )

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a=x+y%20z%26", {"a": "x y z&"}),
        ("a%5Bb%5D=1", {"a": {"b": "1"}}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[b][]=1", {"a": {"b": ["1"]}}),
        ("a[][b]=1", {"a": {"": {"b": "1"}}}),
        ("a" + "[b]" * 8 + "=1", None),
        ("é=ï", {"é": "ï"}),
        ("", {}),
    ],
    ids=[
        "flat",
        "escapes",
        "escaped brackets",
        "nested",
        "a list",
        "a list within",
        "a list of objects",
        "nested as deep as may be",
        "beyond ASCII",
        "nothing",
    ],
)
def test_names_with_brackets_are_places_in_a_document(text: str, document: Any) -> None:
    """Trap 26: one value under `[]` is a list of one."""
    parsed = forms.parse(text, "utf-8")

    assert document is None or parsed == document


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a", id="no value"),
        pytest.param("a=1&a=2", id="a name twice"),
        pytest.param("a[b]=1&a[b]=2", id="a place twice"),
        pytest.param("a=1&a[b]=2", id="a value that holds others"),
        pytest.param("a[b]=1&a[]=2", id="an object and a list"),
        pytest.param("a[]=1&a[b]=2", id="a list and an object"),
        pytest.param("a=1&a[]=2", id="a value and a list"),
        pytest.param("[a]=1", id="no name before the bracket"),
        pytest.param("a[b=1", id="an open bracket"),
        pytest.param("a]=1", id="a closing bracket"),
        pytest.param("a[b]c=1", id="something behind a bracket"),
        pytest.param("=1", id="no name"),
        pytest.param("a" + "[b]" * 9 + "=1", id="nested too deep"),
        pytest.param("a%00=1", id="a zero character in a name"),
        pytest.param("a=%00", id="a zero character in a value"),
        pytest.param("a=%ff", id="no UTF-8"),
        pytest.param("a=%ed%a0%80", id="a lone surrogate"),
        pytest.param("&".join(f"a{n}=1" for n in range(1001)), id="too many fields"),
        pytest.param("a[]=1&" * 1000 + "a[]=1", id="too many values"),
    ],
)
def test_a_form_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    """Traps 21, 24 and 25."""
    with pytest.raises(forms.NotAFormError):
        forms.parse(text, "utf-8")


async def test_a_broken_form_is_a_400_in_the_legacy_form(legacy_client: httpx.AsyncClient) -> None:
    response = await legacy_client.post(RECORDS, content=b"a=1&a=2", headers=FORM)

    assert response.status_code == 400
    assert response.json() == {"error": "La requête est mal formée."}

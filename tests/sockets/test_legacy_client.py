"""The guide's example on real sockets: made, read back, listed, changed and deleted."""

import http.client
import json
import re

import pytest

from tests.sockets.people import ANSWER, AS_THE_GUIDE_SHOWS, LOST, RECORDS, legacy_document
from tests.sockets.processes import Process
from tests.sockets.wire import Heard, ask, bearer, wire

CALLER = bearer("a-client-of-the-guide")
IN_LOCAL_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00"


@pytest.fixture(scope="module")
def created(gateway: Process) -> Heard:
    """The answer to a client that makes a record in the exact shape of the guide."""
    return ask(gateway.port, "POST", RECORDS, AS_THE_GUIDE_SHOWS, CALLER)


def test_a_record_in_the_shape_of_the_guide_is_made_without_a_content_type(created: Heard) -> None:
    assert created.status == 201
    uuid = created.document["uuid"]
    assert created.headers["location"] == f"/api/v1/records/{uuid}.json"
    assert created.headers["content-type"] == "application/json; charset=utf-8"


def test_the_answer_has_the_fields_of_the_guide_in_their_order_to_the_byte(created: Heard) -> None:
    made = created.document

    assert created.body == ANSWER.format_map(made).encode()
    assert re.fullmatch(IN_LOCAL_TIME, made["created_at"])
    assert re.fullmatch(IN_LOCAL_TIME, made["updated_at"])
    assert re.fullmatch(r"Femme de \d+ ans", made["caption"])


def test_what_the_new_api_cannot_hold_is_told_by_name(created: Heard) -> None:
    told = created.headers["passerelle-lost"].split(", ")

    assert set(told) >= LOST
    assert set(told) <= set(json.loads(AS_THE_GUIDE_SHOWS))


def test_what_was_made_reads_back_to_the_byte(created: Heard, gateway: Process) -> None:
    read = ask(gateway.port, "GET", created.headers["location"], headers=CALLER)

    assert read.status == 200
    assert read.body == created.body


def test_what_was_made_stands_in_the_list_as_it_reads(created: Heard, gateway: Process) -> None:
    listed = ask(gateway.port, "GET", RECORDS, headers=CALLER)

    assert listed.status == 200
    assert listed.body.startswith(b"[{")
    assert created.body in listed.body


def test_an_ordinary_client_makes_reads_changes_and_deletes(gateway: Process) -> None:
    client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    headers = {**CALLER, "Content-Type": "application/json"}

    def call(method: str, path: str, body: str | None = None) -> tuple[int, bytes, str | None]:
        client.request(method, path, body, headers)
        response = client.getresponse()
        return response.status, response.read(), response.headers["Location"]

    status, _, where = call("POST", RECORDS, json.dumps(legacy_document()))
    assert (status, where is None) == (201, False)
    path = str(where)
    assert call("PUT", path, json.dumps(legacy_document(zip_code="44001")))[0] == 200
    assert json.loads(call("GET", path)[1])["zip_code"] == "44001"
    assert call("DELETE", path)[:2] == (204, b"")
    assert call("GET", path)[0] == 404
    client.close()


def test_a_wrong_document_is_refused_in_the_words_of_the_old_api(gateway: Process) -> None:
    document = legacy_document(birth_date="28/10/1971", gender="woman")

    refused = ask(gateway.port, "POST", RECORDS, document, CALLER)

    assert refused.status == 422
    assert refused.document == {
        "errors": {
            "birth_date": ["n'est pas une date (AAAA-MM-JJ)"],
            "gender": ["n'est pas inclus(e) dans la liste"],
        }
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing.json", 404),
        ("GET", "/api/v1/records/c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6ff.json", 404),
        ("DELETE", RECORDS, 405),
        ("POST", RECORDS, 400),
    ],
)
def test_every_refusal_has_the_form_of_the_old_api(
    method: str, path: str, status: int, gateway: Process
) -> None:
    body = b'{"first_name":' if status == 400 else None

    refused = ask(gateway.port, method, path, body, CALLER)

    assert refused.status == status
    assert list(refused.document) == ["error"]
    assert refused.headers["content-type"] == "application/json; charset=utf-8"


def test_many_requests_one_after_the_other_share_a_connection(gateway: Process) -> None:
    with wire(gateway.port) as connection:
        statuses = [connection.ask("GET", RECORDS, headers=CALLER).status for _ in range(20)]

    assert statuses == [200] * 20


def test_requests_that_are_sent_at_once_are_answered_in_their_order(gateway: Process) -> None:
    lines = "Host: old.example\r\n\r\n"

    with wire(gateway.port) as connection:
        connection.write(f"GET {RECORDS} HTTP/1.1\r\n{lines}GET /no HTTP/1.1\r\n{lines}".encode())
        statuses = [connection.read().status, connection.read().status]

    assert statuses == [200, 404]

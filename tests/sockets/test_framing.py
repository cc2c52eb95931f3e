"""Where an answer ends: exact lengths, and no body where none may be (traps 12 to 14)."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import Process
from tests.sockets.wire import Wire, ask, bearer, wire

CALLER = bearer("a-client-that-counts-bytes")
OF_THIS_ANSWER = {"date", "x-request-id"}


@pytest.fixture
def where(gateway: Process) -> str:
    """Where the record lies that was made for a test: each one anew, for the same is the same."""
    document = legacy_document(first_name="Éloïse", zip_code=uuid4().hex)
    made = ask(gateway.port, "POST", RECORDS, document, CALLER)
    return made.headers["location"]


@pytest.fixture
def connection(gateway: Process) -> Iterator[Wire]:
    """A connection, which is as good at the end of a test as at its beginning."""
    with wire(gateway.port) as connection:
        yield connection
        assert connection.ask("GET", "/healthz").document == {"status": "ok"}


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_an_answer_has_its_exact_length_and_no_chunks(
    method: str, connection: Wire, where: str
) -> None:
    document = None if method == "GET" else legacy_document(first_name="Gwenaëlle")
    path = RECORDS if method == "POST" else where

    answer = connection.ask(method, path, document, CALLER)

    assert answer.headers["content-length"] == str(len(answer.body))
    assert "transfer-encoding" not in answer.headers
    assert "content-encoding" not in answer.headers
    assert answer.document["uuid"]


@pytest.mark.parametrize("status", [400, 404, 405, 422])
def test_a_refusal_has_its_exact_length_and_no_chunks(status: int, connection: Wire) -> None:
    asked: dict[int, tuple[str, str, Any]] = {
        400: ("POST", RECORDS, b"{"),
        404: ("GET", "/nothing", None),
        405: ("DELETE", RECORDS, None),
        422: ("POST", RECORDS, {}),
    }

    answer = connection.ask(*asked[status], headers=CALLER)

    assert answer.status == status
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "transfer-encoding" not in answer.headers


def test_a_body_in_chunks_is_read_and_answered_without_chunks(connection: Wire) -> None:
    halves = (
        b'{"first_name":"Ondine","last_name":"Farfadet"',
        b',"birth_date":"1971-10-28","gender":"male"}',
    )
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in (*halves, b""))

    connection.write(
        b"POST /api/v1/records.json HTTP/1.1\r\nHost: old.example\r\n"
        b"Transfer-Encoding: chunked\r\nAuthorization: Bearer a-client-that-counts-bytes\r\n\r\n"
        + chunks
    )
    answer = connection.read()

    assert answer.status == 201
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("path", ["a record", "the list", "nothing"])
def test_head_has_the_headers_of_get_and_no_body(path: str, connection: Wire, where: str) -> None:
    target = {"a record": where, "the list": RECORDS, "nothing": "/nothing"}[path]

    got = connection.ask("GET", target, headers=CALLER)
    head = connection.ask("HEAD", target, headers=CALLER)

    assert (head.status, head.body) == (got.status, b"")
    assert without(head.headers) == without(got.headers)
    assert head.headers["content-length"] == str(len(got.body))


def test_deleting_answers_without_body_type_or_length(connection: Wire, where: str) -> None:
    answer = connection.ask("DELETE", where, headers=CALLER)

    assert answer.status == 204
    assert answer.headers.keys().isdisjoint({"content-type", "content-length", "transfer-encoding"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_client_has_already_is_not_sent_again(
    method: str, connection: Wire, where: str
) -> None:
    tag = connection.ask("GET", where, headers=CALLER).headers["etag"]

    answer = connection.ask(method, where, headers={**CALLER, "If-None-Match": tag})

    assert answer.status == 304
    assert answer.headers["etag"] == tag
    assert answer.headers.keys().isdisjoint({"content-type", "content-length", "transfer-encoding"})


def test_a_changed_record_is_sent_again(connection: Wire, where: str) -> None:
    tag = connection.ask("GET", where, headers=CALLER).headers["etag"]
    connection.ask("PUT", where, {"zip_code": "44009"}, CALLER)

    answer = connection.ask("GET", where, headers={**CALLER, "If-None-Match": tag})

    assert answer.status == 200
    assert answer.headers["etag"] != tag
    assert answer.document["zip_code"] == "44009"


def test_a_write_over_a_record_that_was_changed_since_is_refused(
    connection: Wire, where: str
) -> None:
    tag = connection.ask("GET", where, headers=CALLER).headers["etag"]
    connection.ask("PUT", where, {"zip_code": "44009"}, CALLER)

    answer = connection.ask("PUT", where, {"zip_code": "1"}, {**CALLER, "If-Match": tag})

    assert answer.status == 412
    assert connection.ask("GET", where, headers=CALLER).document["zip_code"] == "44009"


def without(headers: dict[str, str]) -> dict[str, str]:
    """The headers that do not differ from one answer to the next."""
    return {name: value for name, value in headers.items() if name not in OF_THIS_ANSWER}

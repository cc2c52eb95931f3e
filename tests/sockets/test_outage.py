"""The new API goes and comes back; clients come and go."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import Process, free_port, passerelle, until
from tests.sockets.wire import Heard, ask, bearer

CALLER = bearer("somebody-who-waits")
UNEXPECTED = {"error": "Le service a donné une réponse inattendue."}


@pytest.fixture(scope="module")
def port() -> int:
    """The port on which the new API is now and then."""
    return free_port()


@pytest.fixture(scope="module")
def alone(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A gateway that was started before the new API."""
    url, folder = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("alone")
    with passerelle(folder, "serve", "--port", "0", upstream_url=url) as process:
        yield process


def test_a_new_api_that_is_down_is_a_bad_gateway_in_the_old_form(alone: Process, port: int) -> None:
    canary, last = f"Kanarilo{uuid4().hex}", uuid4().hex
    sent = legacy_document(first_name=canary)

    answers = [
        ask(alone.port, "GET", RECORDS, headers=CALLER),
        ask(alone.port, "POST", RECORDS, sent, CALLER),
        ask(alone.port, "GET", RECORDS, headers={**CALLER, "X-Request-Id": last}),
    ]

    assert [answer.status for answer in answers] == [502, 502, 502]
    for answer in answers:
        assert answer.document == UNEXPECTED
        assert f":{port}".encode() not in answer.head + answer.body
    until(lambda: last in alone.err)
    assert canary not in alone.err
    events = {json.loads(line)["event"] for line in alone.log}
    assert events == {"request", "upstream gave no answer"}


def test_a_gateway_without_its_new_api_lives_and_is_ready(alone: Process) -> None:
    assert ask(alone.port, "GET", "/healthz").status == 200
    assert ask(alone.port, "GET", "/readyz").status == 200


def test_a_new_api_that_comes_goes_and_comes_back_is_found_each_time(
    alone: Process, port: int, tmp_path: Path
) -> None:
    arguments = ("sandbox", "--port", str(port))
    statuses = []

    with passerelle(tmp_path / "first", *arguments) as process:
        statuses.append(listed(alone, process).status)
        assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    statuses.append(ask(alone.port, "GET", RECORDS, headers=CALLER).status)
    with passerelle(tmp_path / "second", *arguments) as process:
        statuses.append(listed(alone, process).status)

    assert statuses == [200, 502, 200]


def test_a_client_that_leaves_in_the_middle_is_no_failure_of_the_gateway(
    gateway: Process,
) -> None:
    seen, last = len(gateway.log), uuid4().hex
    head = f"POST {RECORDS} HTTP/1.1\r\nHost: old.example\r\nContent-Length: 1000\r\n\r\n"

    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.sendall(head.encode() + b'{"first_name":')
    answer = ask(gateway.port, "GET", RECORDS, headers={"X-Request-Id": last})

    assert answer.status == 200
    until(lambda: last in gateway.err)
    lines = [json.loads(line) for line in gateway.log[seen:]]
    assert [line for line in lines if line["level"] == "error"] == []


def listed(gateway: Process, sandbox: Process) -> Heard:
    """The list, once the new API has said that it serves."""
    assert sandbox.port
    return ask(gateway.port, "GET", RECORDS, headers=CALLER)

"""What the hardened protocol uses of uvicorn and httptools, none of which they promise to keep."""

import inspect
from typing import Any

import httptools
import pytest
from uvicorn.protocols import utils
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server, ServerState

from proxy.front.connection import Connection

CHECK = (
    "{} is not what it was. Read uvicorn's httptools_impl.py again beside proxy/front/protocol.py, "
    "connection.py and exchange.py, and see that each still does what the server asks of a "
    "protocol; then change this test."
)


def _names(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_a_connection_is_made_as_one_of_uvicorn_is() -> None:
    names = _names(HttpToolsProtocol.__init__)

    assert names == ["self", "config", "server_state", "app_state", "_loop"]
    assert _names(Connection.__init__) == names, CHECK.format("HttpToolsProtocol")


def test_the_server_asks_of_a_protocol_what_it_did() -> None:
    source = inspect.getsource(Server)

    assert "app_state=self.lifespan.state" in source, CHECK.format("Server")
    assert "connection.shutdown()" in source, CHECK.format("Server")
    # A new list each time: its lines are made again once it is another one.
    assert "default_headers = date_header + " in source, CHECK.format("Server")
    assert set(vars(ServerState())) == {
        "total_requests",
        "connections",
        "tasks",
        "default_headers",
    }, CHECK.format("ServerState")


@pytest.mark.parametrize(
    "function",
    [utils.get_local_addr, utils.get_remote_addr, utils.is_ssl],
    ids=lambda function: function.__name__,
)
def test_uvicorn_tells_of_a_transport(function: Any) -> None:
    assert _names(function) == ["transport"], CHECK.format(function)


def test_the_parser_skips_the_body_of_a_request_that_asks_for_an_upgrade() -> None:
    """Why another one reads it; once it does not, `_go_on_after_upgrade` is half as long."""

    class Told:
        bodies: tuple[bytes, ...] = ()

        def on_body(self, body: bytes) -> None:
            self.bodies = (*self.bodies, body)

    told = Told()
    parser = httptools.HttpRequestParser(told)
    head = b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n"

    with pytest.raises(httptools.HttpParserUpgrade) as raised:
        parser.feed_data(head + b"{}")

    assert raised.value.args == (len(head),), CHECK.format("HttpParserUpgrade")
    assert told.bodies == ()


def test_the_parser_tells_of_a_chunk_before_its_content_and_of_trailers_as_fields() -> None:
    told: list[str] = []

    class Told:
        def __getattr__(self, name: str) -> Any:
            return lambda *given: told.append(name)

    httptools.HttpRequestParser(Told()).feed_data(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n"
    )

    assert told == [
        "on_message_begin",
        "on_url",
        "on_header",
        "on_headers_complete",
        "on_chunk_header",
        "on_body",
        "on_chunk_complete",
        "on_chunk_header",
        "on_header",
        "on_chunk_complete",
        "on_message_complete",
    ], CHECK.format("The order of the parser's calls")

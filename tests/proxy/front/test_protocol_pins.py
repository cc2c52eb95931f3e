"""What the hardened protocol uses of uvicorn and httptools, none of which they promise to keep."""

import inspect
from typing import Any

import httptools
import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

from tests.proxy.front.wired import get, line

CHECK = (
    "{} is not what it was. Read uvicorn's httptools_impl.py again beside proxy/front/protocol.py, "
    "connection.py and outlet.py, and see that each step that they take over or lean on is still "
    "taken there; then change this test."
)

SIGNATURES: dict[Any, str] = {
    HttpToolsProtocol.__init__: "(self, config, server_state, app_state, _loop)",
    HttpToolsProtocol.connection_made: "(self, transport)",
    HttpToolsProtocol.connection_lost: "(self, exc)",
    HttpToolsProtocol.eof_received: "(self)",
    HttpToolsProtocol.data_received: "(self, data)",
    HttpToolsProtocol.pause_writing: "(self)",
    HttpToolsProtocol.resume_writing: "(self)",
    HttpToolsProtocol.shutdown: "(self)",
    HttpToolsProtocol.timeout_keep_alive_handler: "(self)",
    HttpToolsProtocol.on_message_begin: "(self)",
    HttpToolsProtocol.on_url: "(self, url)",
    HttpToolsProtocol.on_header: "(self, name, value)",
    HttpToolsProtocol.on_headers_complete: "(self)",
    HttpToolsProtocol.on_body: "(self, body)",
    HttpToolsProtocol.on_message_complete: "(self)",
    HttpToolsProtocol.on_response_complete: "(self)",
    HttpToolsProtocol._start_asgi_task: "(self, cycle, app)",
    HttpToolsProtocol._should_upgrade: "(self)",
    HttpToolsProtocol._unset_keepalive_if_required: "(self)",
    RequestResponseCycle.run_asgi: "(self, app)",
    RequestResponseCycle.send: "(self, message)",
    RequestResponseCycle.receive: "(self)",
    FlowControl.pause_reading: "(self)",
    FlowControl.resume_reading: "(self)",
}


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__qualname__)
def test_a_method_of_uvicorn_has_the_form_that_is_leant_on(function: Any) -> None:
    names = ", ".join(inspect.signature(function).parameters)

    assert f"({names})" == SIGNATURES[function], CHECK.format(function.__qualname__)


async def test_a_connection_of_uvicorn_has_the_attributes_that_are_leant_on() -> None:
    async with line() as it:
        await it.feed(get(b"/held"))
        cycle, protocol = it.protocol.cycle, it.protocol

        for owner, names in {
            protocol: (
                "access_log app_state cycle expect_100_continue flow headers loop parser pipeline "
                "scope server_state transport url"
            ),
            cycle: (
                "disconnected keep_alive message_event more_body response_complete "
                "response_started scope transport waiting_for_100_continue"
            ),
            protocol.flow: "read_paused write_paused",
            protocol.server_state: "connections tasks total_requests",
        }.items():
            for name in names.split():
                assert hasattr(owner, name), CHECK.format(f"{type(owner).__name__}.{name}")


async def test_requests_that_wait_are_put_where_they_are_looked_for() -> None:
    async with line() as it:
        await it.feed(get(b"/held") + get(b"/b") + get(b"/c"))
        waiting = [(cycle.scope["path"], app) for cycle, app in it.protocol.pipeline]

        assert [path for path, _ in waiting] == ["/c", "/b"], CHECK.format("pipeline")


def test_every_method_that_is_taken_over_is_one_of_uvicorn() -> None:
    """The server calls them by these names; a renamed one would never be called."""
    source = inspect.getsource(Server)

    assert "connection.shutdown()" in source, CHECK.format("Server")
    assert "app_state=self.lifespan.state" in source, CHECK.format("Server")
    assert set(vars(ServerState())) >= {"connections", "tasks"}, CHECK.format("ServerState")


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

"""TLS on real sockets: an untrusted new API hears nothing, and the gateway's own door holds."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from proxy.app import create_app
from proxy.cli import serving
from proxy.front.tls import CHECK_SECONDS, server_context
from proxy.settings import Settings
from proxy.upstream.tls import client_context
from proxy.upstream.transport import Transport
from tests.authorities import Authority, Issued, handshake
from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import until
from tests.wire.matrix import misshapen
from tests.wire.secured import Secured, demanding, good, old, secured, untrusted

OURS, CLIENTS, OTHERS = Authority("Ours"), Authority("Clients"), Authority("Others")
ALERT = 21
"""The type of a TLS record that says what went wrong."""

CANARY = "Kanarilo5e2b84"
ASKED: tuple[tuple[str, str, Any], ...] = (
    ("GET", RECORDS, None),
    ("POST", RECORDS, legacy_document(first_name=CANARY)),
    ("PUT", "/api/v1/records/c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6d2.json", {"last_name": CANARY}),
)
UNTRUSTED = (
    "of another authority",
    "of another authority of the same name",
    "signed by itself",
    "expired",
    "not yet valid",
    "of another name",
    "of a name below it",
    "of a name in its subject alone",
    "of a client",
    "demands a certificate, TLSv1_2",
    "demands a certificate, TLSv1_3",
    "TLS 1.1 alone",
    "no TLS at all",
)


async def asked(folder: Path, server: Secured, **settings: Any) -> list[httpx.Response]:
    """The gateway's answers where this is the new API."""
    chosen = Settings(
        upstream_url=server.url,
        upstream_ca=OURS.write(folder / "ca.pem"),
        data_dir=folder,
        **settings,
    )
    transport = Transport(chosen.upstream_url, tls=client_context(chosen))
    app = create_app(chosen, upstream=transport)
    headers = {"Authorization": f"Bearer {CANARY}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://old.example", headers=headers
        ) as client,
    ):
        return [
            await client.request(method, path, json=document) for method, path, document in ASKED
        ]


def test_every_way_of_being_untrusted_has_its_test(tmp_path: Path) -> None:
    assert tuple(untrusted(tmp_path, OURS)) == UNTRUSTED


async def test_a_trusted_new_api_is_asked_inside_tls_alone(tmp_path: Path) -> None:
    async with secured(good(tmp_path, OURS)) as server:
        answers = await asked(tmp_path, server)

        assert [answer.status_code for answer in answers] == [200, 201, 200]
        assert sum(received.outside_of_tls for received in server.received) == 0
        assert CANARY.encode() in b"".join(received.plain for received in server.received)
        assert CANARY.encode() not in b"".join(received.wire for received in server.received)


@pytest.mark.parametrize("name", UNTRUSTED)
async def test_an_untrusted_new_api_hears_nothing_and_the_client_a_502(
    tmp_path: Path, name: str
) -> None:
    async with secured(untrusted(tmp_path, OURS)[name]) as server:
        answers = await asked(tmp_path, server)

        for answer in answers:
            assert answer.status_code == 502
            assert misshapen(502, answer.headers, answer.content) == []
            assert b"ertificat" not in answer.content
        assert server.received != []
        for received in server.received:
            assert received.plain == b""
            assert received.outside_of_tls == 0
            assert CANARY.encode() not in received.wire


async def test_a_new_api_that_demands_a_certificate_is_shown_it(tmp_path: Path) -> None:
    shown = CLIENTS.issue("passerelle", purpose="client").write(tmp_path / "shown.pem")
    async with secured(demanding(tmp_path, OURS, CLIENTS)) as server:
        answers = await asked(tmp_path, server, upstream_certificate=shown)

        assert [answer.status_code for answer in answers] == [200, 201, 200]


def test_the_server_of_tls_1_1_would_be_heard_by_a_client_of_its_time(tmp_path: Path) -> None:
    client = old(OURS.client_context(tmp_path))

    met, _ = handshake(client, old(OURS.server_context(tmp_path)))

    assert met.version() == "TLSv1.1"


class ClosedError(ConnectionError):
    """The connection ended where an answer was due."""


REFUSED = (ssl.SSLError, ConnectionError)
"""In TLS 1.3 a client hears of its refusal when it reads; the loop may end it without an alert."""


class Door:
    """A gateway with TLS of its own, on a socket, and the clock by which it looks at its files."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.seconds = folder, 0.0
        self.certificate = OURS.issue().write(folder / "tls.pem")
        self.settings = Settings(
            upstream_url="http://localhost:9",
            data_dir=folder,
            tls_certificate=self.certificate,
            **settings,
        )
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = self.listening.getsockname()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Serve, in a thread."""
        context = server_context(self.settings, lambda: self.seconds)
        server = uvicorn.Server(
            serving.config(
                create_app(self.settings), ssl_context_factory=lambda config, default: context
            )
        )
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [self.listening]}, daemon=True
        )
        thread.start()
        until(lambda: server.started)
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()

    def client(self, shown: Issued | None = None) -> ssl.SSLContext:
        """One that believes the gateway, and shows this certificate or none."""
        return OURS.client_context(self.folder, shown)


@contextmanager
def met(door: Door, client: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """A client's connection."""
    with (
        socket.create_connection(door.address, 10) as bare,
        client.wrap_socket(bare, server_hostname="localhost") as secured_socket,
    ):
        yield secured_socket


def ask(connection: ssl.SSLSocket) -> bytes:
    """The status line of the answer to one request."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: old.example\r\n\r\n")
    answer = b""
    while not answer.endswith(b"}"):
        more = connection.recv(65536)
        if not more:
            raise ClosedError
        answer += more
    return answer.partition(b"\r\n")[0]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A gateway to which clients may show a certificate."""
    folder = tmp_path_factory.mktemp("door")
    made = Door(folder, tls_client_ca=CLIENTS.write(folder / "clients.pem"))
    with made.open():
        yield made


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_of_tls_1_2_or_1_3_is_served(door: Door, version: ssl.TLSVersion) -> None:
    client = door.client()
    client.minimum_version = client.maximum_version = version

    with met(door, client) as connection:
        assert ask(connection) == b"HTTP/1.1 200 OK"
        assert connection.version() == version.name.replace("_", ".")


def test_a_client_of_tls_1_1_is_refused(door: Door) -> None:
    with (
        pytest.raises(REFUSED),
        met(door, old(door.client())),
    ):
        pass


def test_a_client_without_tls_is_told_nothing(door: Door) -> None:
    heard = b""
    with socket.create_connection(door.address, 10) as bare:
        bare.sendall(b"GET /healthz HTTP/1.1\r\nHost: old.example\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while more := bare.recv(65536):
                heard += more

    assert b"HTTP" not in heard
    assert heard == b"" or heard[0] == ALERT


def test_a_certificate_that_may_be_shown_is_of_a_believed_authority(door: Door) -> None:
    known = door.client(CLIENTS.issue("logiciel", purpose="client"))
    strange = door.client(OTHERS.issue("logiciel", purpose="client"))

    with met(door, known) as connection:
        assert ask(connection) == b"HTTP/1.1 200 OK"
    with pytest.raises(REFUSED), met(door, strange) as connection:
        ask(connection)


def test_a_certificate_that_must_be_shown_is_asked_of_everybody(tmp_path: Path) -> None:
    authorities = CLIENTS.write(tmp_path / "clients.pem")
    door = Door(tmp_path, tls_client_ca=authorities, tls_clients="required")
    known = door.client(CLIENTS.issue("logiciel", purpose="client"))

    with door.open():
        with met(door, known) as connection:
            assert ask(connection) == b"HTTP/1.1 200 OK"
        with (
            pytest.raises(REFUSED),
            met(door, door.client()) as connection,
        ):
            ask(connection)


def test_a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    tmp_path: Path,
) -> None:
    door, renewed = Door(tmp_path), OURS.issue()
    client = door.client()

    with door.open(), met(door, client) as before:
        first = ask(before)
        renewed.write(door.certificate)
        door.seconds += CHECK_SECONDS
        with met(door, client) as after:
            shown = after.getpeercert(binary_form=True)
            second, third = ask(after), ask(before)

    assert shown == ssl.PEM_cert_to_DER_cert(renewed.pem.decode())
    assert {first, second, third} == {b"HTTP/1.1 200 OK"}

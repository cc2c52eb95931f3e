"""TLS: an untrusted new API hears nothing, and the gateway's own door holds and is renewed."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.clients import Client
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from tests.authorities import Authority, Issued
from tests.wire.matrix import legacy_ids, misshapen
from tests.wire.secured import Secured, demanding, good, old, secured, untrusted
from tests.wire.surface import OPERATIONS, Operation, tables

NUMBER = 25
OURS, CLIENTS, OTHERS = Authority("Ours"), Authority("Clients"), Authority("Others")
TOKEN = "Kanarilo5e2b84"  # noqa: S105 - invented
AT_ONCE = 8
HEAD_SECONDS = 2
RENEWALS = 4
SHOWN_SECONDS = 4
"""Within so long a new certificate is shown: the files are looked at every two seconds."""

NOBODY = "http://127.0.0.1:9"
"""A new API that is not there: health needs none."""

REFUSED = (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)
ASKING = b"GET /healthz HTTP/1.1\r\nHost: old.example\r\n\r\n"


def figure(*, quick: bool) -> Figure:
    """Every way of being untrusted, then every way of coming to the gateway's own door."""
    taken = Figure(NUMBER, "tls")
    with tempfile.TemporaryDirectory(prefix="passerelle-tls-") as name:
        folder = Path(name)
        asyncio.run(_behind(taken, folder, quick=quick))
        asyncio.run(_in_front(taken, folder, renewals=1 if quick else RENEWALS))
    return taken


@dataclass(slots=True)
class _Heard:
    """What came of requests, and what the new API had of them."""

    statuses: Counter[int] = field(default_factory=Counter)
    misshapen: int = 0
    connections: int = 0
    unmet: int = 0
    """Ways of being untrusted that no connection has met."""
    plain: int = 0
    outside_of_tls: int = 0
    told: int = 0
    """How often the caller's credential stood on the wire."""

    async def ask(
        self, serving: Gateway, operations: Sequence[Operation], ids: Mapping[str, int]
    ) -> None:
        """Each of these operations once."""
        for operation in operations:
            # Somebody else each time: whoever repeats a creation of unknown outcome gets a 409.
            client = Client(serving.port, f"{TOKEN}-{self.statuses.total()}")
            path = operation.path.format(**ids)
            answer = await client.ask(operation.method, path, operation.document)
            client.close()
            self.statuses[answer.status] += 1
            if answer.status >= 400:
                wrong = misshapen(answer.status, answer.headers, answer.body)
                self.misshapen += bool(wrong) or b"ertificat" in answer.body

    def count(self, server: Secured) -> None:
        """Add what this one received."""
        self.connections += len(server.received)
        self.unmet += not server.received
        self.plain += sum(len(received.plain) for received in server.received)
        self.outside_of_tls += sum(received.outside_of_tls for received in server.received)
        self.told += sum(received.wire.count(TOKEN.encode()) for received in server.received)


async def _behind(taken: Figure, folder: Path, *, quick: bool) -> None:
    settings = {
        "upstream_ca": str(OURS.write(folder / "ca.pem")),
        "tables": str(tables(folder / "tables")),
        # Every call here is to be made once, however many failed before it.
        "retry_ratio": "0",
        "breaker_ratio": "1",
        "breaker_seconds": "0.0001",
    }
    ways, believed, shut = untrusted(folder, OURS), _Heard(), _Heard()
    operations = OPERATIONS[::6] if quick else OPERATIONS
    without_ids = [operation for operation in operations if "{" not in operation.path]
    async with secured(good(folder, OURS)) as server:
        with gateway(server.url, workers=1, **settings) as serving:
            ids = await legacy_ids(serving.port)
            await believed.ask(serving, operations, ids)
            for context in ways.values():
                await server.show(context)
                await shut.ask(serving, operations, ids)
                shut.count(server)
        for name, authority, heard in (("ours", CLIENTS, believed), ("another", OTHERS, shut)):
            shown = authority.issue("passerelle", purpose="client").write(folder / f"{name}.pem")
            await server.show(demanding(folder, OURS, CLIENTS))
            with gateway(
                server.url, workers=1, **settings, upstream_certificate=str(shown)
            ) as serving:
                await heard.ask(serving, without_ids, {})
            if heard is shut:
                heard.count(server)
    failed = sum(times for status, times in believed.statuses.items() if status >= 400)
    taken.none("a trusted new API: answers that failed", failed)
    other = shut.statuses.total() - shut.statuses[502]
    taken.none("an untrusted one: answers other than 502", other + shut.misshapen)
    taken.none("bytes of requests that it could read", shut.plain)
    taken.none("bytes on the wire outside of TLS", shut.outside_of_tls)
    taken.none("credentials in the clear", shut.told)
    taken.none("ways of being untrusted that were not met", shut.unmet)
    taken.counts |= {
        "untrusted ways": len(ways) + 1,
        "requests": shut.statuses.total(),
        "connections": shut.connections,
        "requests to trusted ones": believed.statuses.total(),
    }


async def _in_front(taken: Figure, folder: Path, *, renewals: int) -> None:
    certificate = OURS.issue().write(folder / "tls.pem")
    settings = {
        "tls_certificate": str(certificate),
        "tls_client_ca": str(CLIENTS.write(folder / "clients.pem")),
        "head_seconds": str(HEAD_SECONDS),
    }
    known, strange = (
        OURS.client_context(folder, authority.issue("logiciel", purpose="client"))
        for authority in (CLIENTS, OTHERS)
    )
    nobody = OURS.client_context(folder)
    with gateway(NOBODY, workers=1, **settings) as serving:
        admitted = [
            await _admitted(serving, context)
            for context in (nobody, known, _of(ssl.TLSVersion.TLSv1_2), _of(ssl.TLSVersion.TLSv1_3))
        ]
        let_in = [
            await _admitted(serving, context)
            for context in (strange, old(OURS.client_context(folder)))
        ]
        bare = await _bare(serving, ASKING)
        began = time.monotonic()
        bare += await _bare(serving, b"")
        silent = time.monotonic() - began
        under_load = _UnderLoad(serving, nobody)
        await under_load.run(certificate, renewals)
    with gateway(NOBODY, workers=1, **settings, tls_clients="required") as serving:
        admitted.append(await _admitted(serving, known))
        let_in += [await _admitted(serving, context) for context in (nobody, strange)]
    taken.none("good clients that were refused, of TLS 1.2 and 1.3", admitted.count(False))
    taken.none("clients let in: of TLS 1.1, a strange certificate, none", let_in.count(True))
    taken.none("bytes of an answer to a client without TLS", bare)
    taken.demand(
        "a client that says nothing is gone within",
        f"<= {HEAD_SECONDS + 1} s",
        f"{silent:.1f} s",
        silent <= HEAD_SECONDS + 1,
    )
    taken.none("handshakes that failed under renewals", under_load.failed)
    taken.demand(
        "certificates shown in turn",
        f"{renewals + 1}",
        len(under_load.shown),
        len(under_load.shown) == renewals + 1,
    )
    taken.demand(
        "a new one is shown within",
        f"<= {SHOWN_SECONDS} s",
        f"{under_load.slowest:.1f} s",
        under_load.slowest <= SHOWN_SECONDS,
    )
    taken.counts |= {"clients": len(admitted) + len(let_in) + 2, "handshakes": under_load.made}


def _of(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=OURS.itself.pem.decode())
    context.minimum_version = context.maximum_version = version
    return context


async def _asked(serving: Gateway, context: ssl.SSLContext) -> bytes:
    """The certificate that was shown, where the request was answered by 200."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", serving.port, ssl=context, server_hostname="localhost"
    )
    try:
        writer.write(ASKING)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError("no 200")
        shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return shown
    finally:
        writer.transport.abort()


async def _admitted(serving: Gateway, context: ssl.SSLContext) -> bool:
    try:
        await _asked(serving, context)
    except REFUSED:
        return False
    return True


async def _bare(serving: Gateway, said: bytes) -> int:
    """How many bytes of something else than an alert a client without TLS is told."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(said)
    heard = b""
    try:
        heard = await asyncio.wait_for(reader.read(), 5 * HEAD_SECONDS)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.transport.abort()
    return 0 if heard[:1] in (b"", b"\x15") else len(heard)


@dataclass(slots=True)
class _UnderLoad:
    """Connections, one after the other and several at one time, while the certificate changes."""

    serving: Gateway
    context: ssl.SSLContext
    made: int = 0
    failed: int = 0
    shown: set[bytes] = field(default_factory=set)
    slowest: float = 0
    over: bool = False

    async def run(self, certificate: Path, renewals: int) -> None:
        """Renew it so often; between two of them stands a file that is half written."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._connect())
            await self._until(1)
            for number in range(renewals):
                renewed: Issued = OURS.issue()
                _write_half(certificate, renewed)
                await asyncio.sleep(0.2)
                renewed.write(certificate)
                began = time.monotonic()
                await self._until(number + 2)
                self.slowest = max(self.slowest, time.monotonic() - began)
            self.over = True

    async def _connect(self) -> None:
        while not self.over:
            self.made += 1
            try:
                self.shown.add(await _asked(self.serving, self.context))
            except REFUSED:
                self.failed += 1
            await asyncio.sleep(0.01)

    async def _until(self, certificates: int) -> None:
        for _ in itertools.takewhile(lambda _: len(self.shown) < certificates, range(500)):
            await asyncio.sleep(0.02)


def _write_half(path: Path, renewed: Issued) -> None:
    path.write_bytes(renewed.pem[:300])

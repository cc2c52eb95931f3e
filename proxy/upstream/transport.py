"""
Our transport under httpx: one origin, HTTP/1.1, every answer whole and within bounds.

It stands alone: under any `httpx.AsyncClient`, on asyncio's loop and on uvloop. docs/transport.md
says what it holds and what it refuses.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from proxy.upstream.answer import AnswerReader
from proxy.upstream.connection import Connection, Count
from proxy.upstream.limits import TransportLimits
from proxy.upstream.pool import Pool
from proxy.upstream.request import Prepared, request_bytes

__all__ = ["Transport", "TransportLimits"]

TWICE = frozenset({"GET", "HEAD", "OPTIONS"})
"""What may be sent once more when a kept connection ends before the answer (RFC 9110, 9.2.2)."""

PORTS = {"http": 80, "https": 443}


def _ignore(name: str, label: str) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call's bytes and how long each part of it may take."""

    method: str
    payload: bytes
    affinity: Hashable
    pool_at: float
    connect_seconds: float
    first_byte_seconds: float
    total_at: float


class Transport(httpx.AsyncBaseTransport):
    """
    Carries calls to one origin.

    A connection is kept for calls of the same `affinity` (an extension of the request) alone.
    `ConnectError`, `ConnectTimeout` and `PoolTimeout` mean that nothing was sent, every other
    `httpx.TransportError` of a call that it may have arrived.
    """

    def __init__(
        self,
        origin: str,
        limits: TransportLimits = TransportLimits(),  # noqa: B008 - it is frozen
        *,
        tls: ssl.SSLContext | None = None,
        count: Count = _ignore,
    ) -> None:
        url = httpx.URL(origin)
        if url.scheme not in PORTS or not url.host:
            raise ValueError("an origin is http:// or https:// and a host")
        if tls is not None and not (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED):
            raise ValueError("this TLS context takes any certificate")
        self._scheme = url.scheme
        self._host = url.raw_host.decode("ascii")
        self._port = url.port or PORTS[url.scheme]
        self._limits = limits
        self._tls = (tls or httpx.create_ssl_context()) if url.scheme == "https" else None
        self._count = count
        self._pool = Pool(limits)
        self._mocked: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # respx mocks httpcore: without this a mocked call would leave the machine.
        if httpcore.AsyncConnectionPool.handle_async_request.__module__.startswith("respx"):
            return await self._hand_over(request)
        self._check_origin(request.home if isinstance(request, Prepared) else request.url)
        payload = request_bytes(request, await request.aread())
        answer = await self._exchange(self._call(request, payload))
        return _response(answer)

    async def aclose(self) -> None:
        """Close what is idle; calls under way end by themselves, and their connections then."""
        self._pool.close()
        if self._mocked is not None:
            await self._mocked.aclose()

    def _check_origin(self, url: httpx.URL) -> None:
        if url.scheme != self._scheme:
            raise httpx.UnsupportedProtocol("another scheme than this transport's")
        if url.raw_host.decode("ascii") != self._host or (
            (url.port or PORTS[url.scheme]) != self._port
        ):
            raise httpx.LocalProtocolError("another origin than this transport's")

    def _call(self, request: httpx.Request, payload: bytes) -> _Call:
        limits = self._limits
        given = request.extensions.get("timeout") or {}
        now = asyncio.get_running_loop().time()
        total = _seconds(given, "total", limits.total_seconds)
        return _Call(
            request.method,
            payload,
            request.extensions.get("affinity"),
            now + min(_seconds(given, "pool", total), total),
            _seconds(given, "connect", limits.connect_seconds),
            _seconds(given, "read", limits.first_byte_seconds),
            now + total,
        )

    async def _exchange(self, call: _Call) -> AnswerReader:
        connection = await self._pool.take(call.affinity, call.pool_at)
        try:
            if connection is None:
                connection = await self._connect(call)
                answer = await self._send(connection, call)
            else:
                self._count("reused", "")
                connection, answer = await self._reuse(connection, call)
        except BaseException:
            self._pool.free()
            raise
        self._pool.keep(connection, connection.unfit_after(answer))
        return answer

    async def _reuse(self, kept: Connection, call: _Call) -> tuple[Connection, AnswerReader]:
        """Send on a kept connection; if it ends before the answer a read is sent on a fresh one."""
        try:
            return kept, await self._send(kept, call)
        except (httpx.ReadError, httpx.WriteError) as ended:
            if kept.begun or call.method not in TWICE:
                raise
            self._count("stale_retry", "")
            try:
                fresh = await self._connect(call)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                # What they say, that nothing was sent, would be wrong.
                raise ended from error
        return fresh, await self._send(fresh, call)

    async def _send(self, connection: Connection, call: _Call) -> AnswerReader:
        first_byte_at = asyncio.get_running_loop().time() + call.first_byte_seconds
        try:
            return await connection.exchange(
                call.payload, call.method, first_byte_at, call.total_at
            )
        except BaseException as error:
            connection.close(_reason(error))
            raise

    async def _connect(self, call: _Call) -> Connection:
        connection = Connection(self._limits, call.affinity, self._count, self._pool.forget)
        try:
            await self._open(connection, call)
            heard = connection.closed or (self._tls is None and connection.heard())
        except BaseException as error:
            if connection.opened:
                connection.close(_reason(error))
            raise
        if heard == "unsolicited":
            connection.close(heard)
            raise httpx.RemoteProtocolError("the server spoke before it was asked")
        if heard:
            connection.close(heard)
            raise httpx.ConnectError("the server closed the connection before it was asked")
        return connection

    async def _open(self, connection: Connection, call: _Call) -> None:
        loop = asyncio.get_running_loop()
        until = min(loop.time() + call.connect_seconds, call.total_at)
        try:
            async with asyncio.timeout_at(until):
                await self._dial(connection, until)
                if self._tls is not None and not connection.closed:
                    await connection.secure(self._tls, self._host)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        # ValueError: a name that DNS or a certificate cannot have.
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(f"no connection: {type(error).__name__}") from error

    async def _dial(self, connection: Connection, until: float) -> None:
        """Connect to the first address that answers; a silent one has its share of the time."""
        loop = asyncio.get_running_loop()
        found = list(await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM))
        while True:
            family, _, _, _, address = found.pop(0)
            share = (until - loop.time()) / (len(found) + 1)
            try:
                async with asyncio.timeout(share):
                    await loop.create_connection(lambda: connection, *address[:2], family=family)
                return
            except OSError:  # TimeoutError is one
                if not found:
                    raise

    async def _hand_over(self, request: httpx.Request) -> httpx.Response:
        if self._mocked is None:
            verify = self._tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._mocked = httpx.AsyncHTTPTransport(verify=verify, trust_env=False)
        return await self._mocked.handle_async_request(request)


def _seconds(given: Mapping[str, Any], name: str, default: float) -> float:
    value = given.get(name)
    return default if value is None else float(value)


def _reason(error: BaseException) -> str:
    return "failed" if isinstance(error, Exception) else "cancelled"


def _response(answer: AnswerReader) -> httpx.Response:
    """The answer as httpx has it; an encoded body is never decoded: a small one can be huge."""
    headers, body = answer.headers, answer.body
    if body and answer.encoded:
        if answer.status < 400:
            raise httpx.DecodingError("the answer is encoded, which it was not asked to be")
        # Its status says enough.
        headers = [field for field in headers if field[0].lower() != b"content-encoding"]
        body = b""
    return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(body))

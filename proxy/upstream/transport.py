"""
Our transport under httpx: one origin, HTTP/1.1, every answer whole and within bounds.

It stands alone: under any `httpx.AsyncClient`, on asyncio's loop and on uvloop. docs/transport.md
says what it holds and what it refuses.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any

import httpcore
import httpx
import msgspec

from proxy.upstream.answer import AnswerReader
from proxy.upstream.answered import Answered
from proxy.upstream.connection import Connection, closing_reason
from proxy.upstream.counting import Count, uncounted
from proxy.upstream.head import Heads
from proxy.upstream.limits import TransportLimits
from proxy.upstream.pool import Connections, Pool
from proxy.upstream.request import Call, Home, request_bytes

__all__ = ["Transport", "TransportLimits", "is_mocked"]

TWICE = frozenset({"GET", "HEAD", "OPTIONS"})
"""What may be sent once more when a kept connection ends before the answer (RFC 9110, 9.2.2)."""

PORTS = {"http": 80, "https": 443}


def is_mocked() -> bool:
    """Whether respx has put its mock under httpx; no call must leave the machine then."""
    return httpcore.AsyncConnectionPool.handle_async_request.__module__.startswith("respx")


class _Sending(msgspec.Struct, gc=False):
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
        count: Count = uncounted,
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
        self._heads = Heads(limits)
        self._pool = Pool(limits)
        self._known: Home | None = None
        self._mocked: httpx.AsyncHTTPTransport | None = None

    @property
    def connections(self) -> Connections:
        """How many there are now."""
        return self._pool.connections

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if is_mocked():
            return await self._hand_over(request)
        answer = await self._carried(await self._any(request))
        return Answered(answer.status, answer.told, answer.fields, answer.body)

    def carry(self, call: Call) -> Coroutine[Any, Any, AnswerReader]:
        """
        The answer of the server, whatever is mocked.

        Raises `httpx.LocalProtocolError` at once for a call that must not be sent.
        """
        limits, until = self._limits, call.until
        if call.home is not self._known:
            self._check_origin(call.home.url)
            self._known = call.home
        return self._carried(
            _Sending(
                call.method,
                call.written(),
                call.affinity,
                until,
                limits.connect_seconds,
                limits.first_byte_seconds,
                until,
            )
        )

    def begin(
        self,
        payload: bytes,
        method: str,
        affinity: Hashable,
        *,
        until: float,
        when_over: Callable[[], None],
    ) -> Connection | None:
        """
        A request on a connection that is kept, or none where there is none.

        When it is over, `when_over` is called, and `answer` must be.
        """
        now = asyncio.get_running_loop().time()
        connection = self._pool.kept(affinity, now)
        if connection is not None:
            self._count("reused", "")
            first_byte_at = now + self._limits.first_byte_seconds
            try:
                connection.begin(payload, method, first_byte_at, until, when_over)
            except BaseException:
                self.abandon(connection)
                raise
        return connection

    def answer(self, connection: Connection) -> AnswerReader:
        """What came of a request that was begun; raises httpx's errors."""
        try:
            answer = connection.answer()
        except BaseException:
            self._pool.free()
            raise
        now = asyncio.get_running_loop().time()
        self._pool.keep(connection, connection.unfit_after(answer), now)
        if answer.told.content_encoding is not None:
            answer.refuse_coding()
        return answer

    def goes_again(self, connection: Connection, method: str, error: BaseException) -> bool:
        """Whether a call is made once more, for the kept connection ended before its answer."""
        stale = isinstance(error, httpx.ReadError | httpx.WriteError) and not connection.begun
        if stale and method in TWICE:
            self._count("stale_retry", "")
            return True
        return False

    def abandon(self, connection: Connection) -> None:
        """Nobody waits for the answer to a request that was begun."""
        connection.abandon("cancelled")
        self._pool.free()

    async def _carried(self, call: _Sending) -> AnswerReader:
        loop, pool = asyncio.get_running_loop(), self._pool
        now = loop.time()
        connection = pool.kept(call.affinity, now)
        if connection is None:
            connection = await pool.take(call.affinity, call.pool_at)
            now = loop.time()
        try:
            if connection is None:
                connection, answer = await self._afresh(call)
            else:
                self._count("reused", "")
                try:
                    answer = await connection.exchange(
                        call.payload, call.method, now + call.first_byte_seconds, call.total_at
                    )
                except httpx.NetworkError as ended:
                    if not self.goes_again(connection, call.method, ended):
                        raise
                    connection, answer = await self._once_more(call, ended)
        except BaseException:
            pool.free()
            raise
        pool.keep(connection, connection.unfit_after(answer), loop.time())
        if answer.told.content_encoding is not None:
            answer.refuse_coding()
        return answer

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

    async def _any(self, request: httpx.Request) -> _Sending:
        self._check_origin(request.url)
        limits = self._limits
        given = request.extensions.get("timeout") or {}
        total = _seconds(given, "total", limits.total_seconds)
        payload = request_bytes(request, await request.aread())
        now = asyncio.get_running_loop().time()
        return _Sending(
            request.method,
            payload,
            request.extensions.get("affinity"),
            now + min(_seconds(given, "pool", total), total),
            _seconds(given, "connect", limits.connect_seconds),
            _seconds(given, "read", limits.first_byte_seconds),
            now + total,
        )

    async def _afresh(self, call: _Sending) -> tuple[Connection, AnswerReader]:
        connection = await self._connect(call)
        first_byte_at = asyncio.get_running_loop().time() + call.first_byte_seconds
        return connection, await connection.exchange(
            call.payload, call.method, first_byte_at, call.total_at
        )

    async def _once_more(
        self, call: _Sending, ended: httpx.NetworkError
    ) -> tuple[Connection, AnswerReader]:
        """A read on a fresh connection, for the kept one ended before its answer."""
        try:
            return await self._afresh(call)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # What they say, that nothing was sent, would be wrong.
            raise ended from error
        finally:
            # Else it would hold its own traceback, and the request with it.
            del ended

    async def _connect(self, call: _Sending) -> Connection:
        connection = Connection(
            self._limits, call.affinity, self._count, self._pool.forget, self._heads
        )
        try:
            await self._open(connection, call)
            heard = connection.closed or (self._tls is None and connection.heard())
        except BaseException as error:
            if connection.opened:
                connection.close(closing_reason(error))
            raise
        if heard == "unsolicited":
            connection.close(heard)
            raise httpx.RemoteProtocolError("the server spoke before it was asked")
        if heard:
            connection.close(heard)
            raise httpx.ConnectError("the server closed the connection before it was asked")
        return connection

    async def _open(self, connection: Connection, call: _Sending) -> None:
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

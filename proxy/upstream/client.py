"""Calls of the new API, through httpx: no cookies kept, no redirects, no proxies of the machine."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from mappings.core.errors import Problem
from proxy.errors import UpstreamContractError, UpstreamTimeoutError, UpstreamUnreachableError
from proxy.settings import Settings

PSEUDONYM = "passerelle"

Transport = httpx.AsyncBaseTransport
"""What carries the calls; a test hands in its own."""

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the new API, whole."""

    status: int
    body: bytes
    etag: str | None
    retry_after: str | None
    next: str | None
    """Of one page of a list, the URL of the page that follows (RFC 8288)."""
    milliseconds: float


class Upstream:
    """The new API. Shared by all callers, it keeps nothing of any of them."""

    def __init__(self, settings: Settings, transport: Transport | None = None) -> None:
        self._base = settings.upstream_url
        # Told apart from another gateway on the way, which may be one of these too.
        mark = hashlib.sha256(self._base.encode()).hexdigest()[:8]
        self.pseudonym = f"{PSEUDONYM}-{mark}"
        self._deadline = settings.deadline_seconds
        self._max_bytes = settings.max_answer_bytes
        # A call never waits inside httpx's pool: cancelled there, it would break the pool.
        self._slots = asyncio.Semaphore(settings.upstream_connections)
        self._client = httpx.AsyncClient(
            transport=transport,
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": PSEUDONYM,
                "via": f"1.1 {self.pseudonym}",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(settings.deadline_seconds, connect=settings.connect_seconds),
            limits=httpx.Limits(
                max_connections=settings.upstream_connections,
                max_keepalive_connections=settings.upstream_connections,
            ),
        )

    async def ask(
        self,
        method: str,
        path: str,
        headers: Headers,
        content: bytes | None = None,
        *,
        operation: str = "",
        caller: str = "",
        ends_at: float | None = None,
    ) -> Reply:
        """
        One call, under the deadline; `path` is made of constants and typed ids.

        Raises `UpstreamTimeoutError`, `UpstreamUnreachableError`, `UpstreamContractError`.
        """
        began = time.perf_counter()
        if ends_at is None:
            ends_at = asyncio.get_running_loop().time() + self._deadline
        try:
            request = self._client.build_request(
                method,
                self._base + path,
                # As bytes: httpx would refuse what is not ASCII; HTTP allows it (RFC 9110, 5.5).
                headers=[
                    (name.encode("ascii"), value.encode("latin-1")) for name, value in headers
                ],
                content=content,
            )
            async with asyncio.timeout_at(ends_at), self._slots:
                response = await self._client.send(request, stream=True)
                try:
                    body = await self._body(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            sent = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise UpstreamTimeoutError(sent=sent) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            sent = not isinstance(error, httpx.ConnectError | httpx.InvalidURL)
            raise UpstreamUnreachableError(sent=sent) from error
        return Reply(
            status=response.status_code,
            body=body,
            etag=response.headers.get("etag"),
            retry_after=response.headers.get("retry-after"),
            next=response.links.get("next", {}).get("url"),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        """
        The body up to the limit. It is not decoded: a small body can hide a huge one.

        The status of an error says enough; an error's body that cannot be read is none.
        """
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            return self._unread(response, "encoded")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                return self._unread(response, "too_large")
        return bytes(body)

    @staticmethod
    def _unread(response: httpx.Response, reason: str) -> bytes:
        if response.is_error:
            return b""
        raise UpstreamContractError([Problem("", reason)])

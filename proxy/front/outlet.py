"""Where answers go: its end lets a client read the last one, and it waits for nobody for ever."""

from __future__ import annotations

import asyncio
import socket
from struct import Struct

from proxy.front.alarm import NEVER, Alarm

LINGER_SECONDS = 1.0
LINGER_BYTES = 4 * 1024**2
"""How long, and how much, a client may go on to send to nobody while it reads the last answer."""

EARLY_SECONDS = 0.005
TAKEN_BYTES = 16 * 1024
"""A client that takes less than this of what waits for it, in its time, is given up."""

TCP_INFO_BYTES = 148
UNACKNOWLEDGED_AT, ACKNOWLEDGED_AT, UNSENT_AT = 24, 120, 144
"""Where Linux tells (struct tcp_info, since 4.6) how much the other side has taken and has not."""

UINT32, UINT64 = Struct("@I"), Struct("@Q")


class Outlet:
    """The end of a connection's transport, and what waits on it for the client."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        patience_seconds: float,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._patience_seconds = patience_seconds
        self.writable: asyncio.Event | None = None
        """Set once the client has caught up; there only while it takes slower than we write."""
        self._alarm = Alarm(loop, self._overdue)
        self._taken = self._looked = 0
        self._since = 0.0
        self.discarded = 0
        """How many bytes came that nobody reads."""
        self.lingering = False
        """Whether the last answer is written, and what still comes is thrown away."""

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self.lingering or self._transport.is_closing()

    def linger(self) -> None:
        """
        Send nothing more, and close a little later.

        To close at once while the client still sends would reset the connection, and what it has
        not yet read of its answer would be lost (RFC 9112, 9.6).
        """
        if self.is_closing():
            return
        self.lingering = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._alarm.set(self._loop.time() + LINGER_SECONDS)

    def shut(self) -> None:
        """Close, once what was written is taken."""
        if not self._transport.is_closing():
            self._transport.close()
            self._watch()

    def writing_paused(self) -> None:
        """The client takes slower than we write."""
        self.writable = asyncio.Event()
        self._watch()

    def writing_resumed(self) -> None:
        """It has caught up."""
        self._let_write()
        if not self.is_closing():
            self._alarm.set(NEVER)

    def lost(self) -> None:
        """The connection is over."""
        self._let_write()
        self._alarm.end()

    def _let_write(self) -> None:
        if self.writable is not None:
            self.writable.set()
            self.writable = None

    def _watch(self) -> None:
        """Look now and then whether the client takes what waits for it."""
        self._taken = self._looked = self._progress()[1]
        self._since = self._loop.time()
        self._look_again()

    def _look_again(self) -> None:
        self._alarm.set(self._loop.time() + min(LINGER_SECONDS, self._patience_seconds))

    def _overdue(self) -> None:
        closing = self._transport.is_closing()
        if self.lingering and not closing:
            self.shut()
            return
        waiting, taken = self._progress()
        before, self._looked = self._looked, taken
        # A loop may ring a little early.
        if waiting and self._loop.time() - self._since + EARLY_SECONDS >= self._patience_seconds:
            if taken - self._taken < TAKEN_BYTES:
                self._transport.abort()
            else:
                self._watch()
        elif closing and not waiting and taken == before:
            # With TLS the other side has the last word, and may never say it.
            self._transport.abort()
        else:
            self._look_again()

    def _progress(self) -> tuple[bool, int]:
        """
        Whether the client has still to take something, and how much it has ever taken.

        The system tells it: it holds megabytes itself, and under TLS the loop's own count shows
        nothing of what waits below.
        """
        size = self._transport.get_write_buffer_size()
        own = self._transport.get_extra_info("socket")
        if own is None:
            return size > 0, -size
        try:
            told = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
        except OSError:  # the system does not tell
            return size > 0, -size
        (unacknowledged,) = UINT32.unpack_from(told, UNACKNOWLEDGED_AT)
        (acknowledged,) = UINT64.unpack_from(told, ACKNOWLEDGED_AT)
        (unsent,) = UINT32.unpack_from(told, UNSENT_AT)
        return bool(size or unacknowledged or unsent), acknowledged

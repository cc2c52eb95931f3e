"""Where answers go: its end lets a client read the last one, and it waits for nobody for ever."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Any

from proxy.front.alarm import NEVER, Alarm

LINGER_SECONDS = 1.0
LINGER_BYTES = 4 * 1024**2
"""How long, and how much, a client may go on to send to nobody while it reads the last answer."""

TAKEN_BYTES = 16 * 1024
"""A client that takes less than this of what waits for it, in its time, is given up."""


class Outlet(asyncio.Transport):
    """A connection's transport, as what makes an answer sees it."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        patience_seconds: float,
        finish: Callable[[], None],
    ) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._patience_seconds = patience_seconds
        self._finish = finish
        self._alarm = Alarm(loop, self._overdue)
        self._untaken = 0
        self.discarded = 0
        """How many bytes came that nobody reads."""
        self.lingering = False
        """Whether the last answer is written, and what still comes is thrown away."""

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send bytes of an answer."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self.lingering or self._transport.is_closing()

    def close(self) -> None:
        """The answer was the last one; how the connection ends, its protocol decides."""
        self._finish()

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
            self._await_taking()
            self._transport.close()

    def writing_paused(self) -> None:
        """The client takes slower than we write."""
        self._await_taking()

    def writing_resumed(self) -> None:
        """It has caught up."""
        if not self.is_closing():
            self._alarm.set(NEVER)

    def lost(self) -> None:
        """The connection is over."""
        self._alarm.end()

    def _await_taking(self) -> None:
        self._untaken = self._waiting()
        if self._untaken:
            self._alarm.set(self._loop.time() + self._patience_seconds)

    def _overdue(self) -> None:
        if self.lingering and not self._transport.is_closing():
            self.shut()
        elif self._untaken - self._waiting() < TAKEN_BYTES:
            self._transport.abort()
        else:
            self._await_taking()

    def _waiting(self) -> int:
        """How much the client has not taken, of what we hold and of what the system holds."""
        size = self._transport.get_write_buffer_size()
        own = self._transport.get_extra_info("socket")
        if not size or own is None:
            return size
        # The system holds megabytes, and takes no more before a third of them is gone.
        try:
            held = ioctl(own.fileno(), TIOCOUTQ, bytes(4))
        except OSError:  # the system does not tell
            return size
        return size + int.from_bytes(held, sys.byteorder)

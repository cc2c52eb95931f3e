"""How much of one request has come, and how much may."""

from __future__ import annotations

from proxy.front import framing
from proxy.front.framing import Refusal
from proxy.front.wire import Limits

OVERHEAD = 8
"""A body in chunks may be so many times its limit on the wire, sizes and extensions included."""


class Bounds:
    """Counts the bytes of a request as they come, also those that the parser keeps to itself."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._head_bytes = limits, limits.head_bytes
        self._whole = OVERHEAD * limits.body_bytes + limits.head_bytes
        self.begin()

    def begin(self) -> None:
        """The next byte is the first of a head."""
        self.bytes = self._body_bytes = self._trailers = 0
        self.bound, self.excess = self._head_bytes, framing.HEAD_BYTES

    def next_piece(self, data: bytes) -> bytes:
        """
        As much as the parser may be given before it is asked whether the request is whole.

        Never more than a head: so one whose beginning was not seen is at most twice too large.
        """
        piece = data[: min(self.bound - self.bytes, self._head_bytes)]
        self.bytes += len(piece)
        return piece

    def head_complete(self) -> None:
        """What comes next is the body."""
        self.bound, self.excess = self._whole, framing.BODY_BYTES

    def chunk_begins(self) -> None:
        """Content comes next, or trailers if the chunk is the last: at most as large as a head."""
        if self.bytes + self._head_bytes < self._whole:
            self.bound = self.bytes + self._head_bytes
            self.excess = framing.HEAD_BYTES

    def content(self, count: int) -> Refusal | None:
        """So much of the body has come."""
        self._body_bytes += count
        self.head_complete()
        return framing.BODY_BYTES if self._body_bytes > self._limits.body_bytes else None

    def trailer(self) -> Refusal | None:
        """One more trailer has come."""
        self._trailers += 1
        return framing.FIELDS if self._trailers > self._limits.fields else None

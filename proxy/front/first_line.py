"""A request's first line as it was sent: the parser, which tells its parts, takes many forms."""

from __future__ import annotations


class FirstLine:
    """Keeps the bytes in which the line stands, until it was looked at."""

    def __init__(self) -> None:
        self._piece = b""
        self._kept = b""
        self._exact = True

    def awaited(self) -> None:
        """The next byte is the first one of a request."""
        self._kept, self._exact = b"", True

    def fed(self, piece: bytes, *, wanted: bool) -> None:
        """The parser gets these bytes next; `wanted` while they may belong to the line."""
        self._piece = piece
        if wanted:
            self._kept += piece

    def ended(self) -> None:
        """A request has ended, maybe within what the parser was given."""
        self._exact = False

    def begun(self) -> None:
        """The parser has seen the first byte of a request."""
        if not self._exact:
            self._kept = self._piece

    def is_proper(self, method: bytes, target: bytes, version: str) -> bool:
        """
        Whether it is these parts with one space between them, in HTTP and in no other protocol.

        Before it there may be empty lines (RFC 9112, 2.2), or the end of the request before.
        """
        line = b"%b %b HTTP/%b\r\n" % (method, target, version.encode("ascii"))
        before, found, _ = self._kept.partition(line)
        # An empty line may come in two halves, the first of them behind the request before.
        return bool(found) and not (self._exact and before.replace(b"\r\n", b"").strip(b"\n"))

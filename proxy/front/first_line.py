"""A request's first line as it was sent: the parser, which tells its parts, takes many forms."""

from __future__ import annotations


class FirstLine:
    """Keeps the bytes in which the line stands, until it was looked at."""

    def __init__(self) -> None:
        self._piece = b""
        self._kept = b""
        self._exact = True
        """Whether what is kept begins with the request."""
        self._within = True
        """Whether what is kept ends with the present piece."""
        self._behind = -1
        """Then, where in it the line ended that was found; else negative."""

    def begins(self, piece: bytes) -> None:
        """The parser gets these bytes next, and the first one is a request's."""
        self._piece = self._kept = piece
        self._exact = self._within = True
        self._behind = -1

    def goes_on(self, piece: bytes, *, wanted: bool) -> None:
        """It gets these next; `wanted` while they may belong to the line."""
        self._piece, self._within, self._behind = piece, wanted, -1
        if wanted:
            self._kept += piece

    def ended(self) -> None:
        """A request has ended within what the parser was given: the next may begin there."""
        # A line is looked for behind that of the request before: it may be the same one.
        self._kept = self._kept[self._behind :] if self._behind >= 0 else self._piece
        self._exact, self._within, self._behind = False, True, -1

    def is_current(self, method: bytes, target: bytes) -> bool:
        """Whether it is these parts, with HTTP/1.1 and with nothing before: as nearly all are."""
        line = b"%b %b HTTP/1.1\r\n" % (method, target)
        found = self._exact and self._kept.startswith(line)
        if found and self._within:
            self._behind = len(line)
        return found

    def is_proper(self, method: bytes, target: bytes, version: str) -> bool:
        """
        Whether it is these parts with one space between them, in HTTP and in no other protocol.

        Before it there may be empty lines (RFC 9112, 2.2), or the end of the request before.
        """
        line = b"%b %b HTTP/%b\r\n" % (method, target, version.encode("ascii"))
        before, found, _ = self._kept.partition(line)
        if found and self._within:
            self._behind = len(before) + len(line)
        # An empty line may come in two halves, the first of them behind the request before.
        return bool(found) and not (self._exact and before.replace(b"\r\n", b"").strip(b"\n"))

"""A head like the last one on its connection, of which only the target is new."""

from __future__ import annotations

from typing import NamedTuple

from proxy.front import framing, target
from proxy.front.wire import Limits
from proxy.legacy_request import Fields

END_OF_LINE, END_OF_HEAD = b"\r\n", b"\r\n\r\n"
VERSION = b" HTTP/1.1"

NEW = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
"""What says more of one request than of its head."""


class SameHead(NamedTuple):
    """
    A request that came in one piece and was let in.

    A client that keeps its connection sends the same fields with nearly every request; what was
    found of these bytes once is so each time.
    """

    method: bytes
    lines: bytes
    """The fields as they were sent, from the end of the first line to the end of the head."""
    fields: Fields
    length: int
    """How long the body was."""

    @classmethod
    def of(cls, fields: Fields, data: bytes) -> SameHead | None:
        """What can be known again of a request, by all its bytes; none where that is in doubt."""
        line, _, _ = data.partition(END_OF_LINE)
        at, end = len(line), data.find(END_OF_HEAD) + len(END_OF_HEAD)
        method, _, rest = line.partition(b" ")
        length = int(fields.get(b"content-length") or 0)
        # Empty lines may stand before a request and behind it (RFC 9112, 2.2): the parser alone
        # knows where it begins and ends then. Who probes the process asks by a Host that others
        # may not have.
        if (
            not method.isalpha()
            or len(data) - end != length
            or rest[: -len(VERSION)] in framing.HEALTH
            or not fields.has_none_of(NEW)
        ):
            return None
        return cls(method, data[at:end], fields, length)

    def again(self, data: bytes, limits: Limits) -> tuple[bytes, bytes] | None:
        """The target and the body of a request that came whole, and is like this one but there."""
        at = data.find(END_OF_LINE)
        method, _, rest = data[:at].partition(b" ")
        end = at + len(self.lines)
        if (
            method != self.method
            or len(data) - end != self.length
            or not data.startswith(self.lines, at)
            or not rest.endswith(VERSION)
            or end >= limits.head_bytes
        ):
            return None
        url = rest[: -len(VERSION)]
        if len(url) > limits.target_bytes or target.refused(url):
            return None
        return url, data[end:]

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
    begins: bytes
    """What stands before the target."""
    ends: bytes
    """What stands behind it, to the end of the head."""
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
        return cls(method, method + b" ", VERSION + data[at:end], fields, length)

    def again(self, data: bytes, limits: Limits) -> tuple[bytes, bytes] | None:
        """The target and the body of a request that came whole, and is like this one but there."""
        begins = len(self.begins)
        at = data.find(b" ", begins)
        end = at + len(self.ends)
        if (
            len(data) - end != self.length
            or not data.startswith(self.ends, at)
            or not data.startswith(self.begins)
            or end >= limits.head_bytes
            or at - begins > limits.target_bytes
        ):
            return None
        url = data[begins:at]
        return None if target.refused(url) else (url, data[end:])

"""What the protocol itself answers, in the legacy form: made once, sent as it is."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from mappings.core.pack import Pack
from proxy.errors import ProxyError
from proxy.journey import answers

STATUSES = (400, 405, 408, 411, 413, 414, 417, 421, 431, 505)


class RefusedError(ProxyError):
    """A request that never becomes one; has the status that the protocol gives it."""

    def __init__(self, status: int, pack: Pack) -> None:
        self.status = status
        self._allowed = sorted({method for row in pack.endpoints for method in row.methods})
        super().__init__(f"status {status}")

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self._allowed)} if self.status == 405 else {}


def refusals(pack: Pack) -> Callable[[int], bytes]:
    """Gives the whole answer for one of `STATUSES`, as bytes."""
    made = {status: _answer(status, pack) for status in STATUSES}
    return made.__getitem__


def _answer(status: int, pack: Pack) -> bytes:
    answer = answers.failure(RefusedError(status, pack), pack, head=False)
    fields = [*answer.fields, (b"connection", b"close")]
    lines = [b"%s: %s\r\n" % field for field in fields]
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    return b"".join([first, *lines, b"\r\n", answer.body])

"""An answer as httpx has it, of which its parts are made when somebody asks for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from proxy.upstream.answer import Told, encoded

Raw = list[tuple[bytes, bytes]]


class Answered(httpx.Response):
    """
    A whole answer: `status_code`, `told` and `body` at once, everything else of httpx's later.

    An encoded body is never decoded, for a small one can be huge: raises `httpx.DecodingError`,
    but for an error, whose status says enough.
    """

    def __init__(self, status: int, told: Told, fields: Callable[[], Raw], body: bytes) -> None:
        self.status_code = status
        self.told = told
        self.body = body
        self._fields = fields
        if body and b"content-encoding" in told and encoded(told):
            if status < 400:
                raise httpx.DecodingError("the answer is encoded, which it was not asked to be")
            self.body = b""
            self._fields = lambda: [
                field for field in fields() if field[0].lower() != b"content-encoding"
            ]

    def __getattr__(self, name: str) -> Any:
        """The first attribute that is missing is httpx's: it makes them all."""
        if "headers" not in self.__dict__:
            made = dict(self.__dict__)
            super().__init__(
                self.status_code, headers=self._fields(), stream=httpx.ByteStream(self.body)
            )
            self.__dict__.update(made)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

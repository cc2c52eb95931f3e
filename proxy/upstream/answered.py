"""An answer as httpx has it, of which its parts are made when somebody asks for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from proxy.upstream.answer import Raw
from proxy.upstream.head import Told


class Answered(httpx.Response):
    """A whole answer: what is given at once, everything else of httpx's later."""

    def __init__(self, status: int, told: Told, fields: Callable[[], Raw], body: bytes) -> None:
        self.status = self.status_code = status
        self.told = told
        self.fields = fields
        self.body = body

    def __getattr__(self, name: str) -> Any:
        """The first attribute that is missing is httpx's: it makes them all."""
        if "headers" not in self.__dict__:
            made = dict(self.__dict__)
            super().__init__(self.status, headers=self.fields(), stream=httpx.ByteStream(self.body))
            self.__dict__.update(made)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

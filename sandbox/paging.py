"""Lists that come in pages, in the three ways that APIs have to tell the next one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from sandbox.calls import Call
from sandbox.records import Record

Style = Literal["link", "page", "cursor"]


@dataclass(frozen=True)
class Paging:
    """How many records a page has, all of them without a number, and how the next one is told."""

    size: int | None
    style: Style

    def answer(self, call: Call, records: Sequence[Record]) -> Response:
        """Show the page that is asked for."""
        if self.size is None:
            return JSONResponse([record.whole for record in records])
        last = max(1, ceil(len(records) / self.size))
        number = self._number(call, last)
        end = number * self.size
        items = [record.whole for record in records[end - self.size : end]]
        if self.style == "page":
            return JSONResponse({"items": items, "page": number, "total_pages": last})
        following = self._name(number + 1) if number < last else None
        if self.style == "cursor":
            return JSONResponse({"items": items, "next_cursor": following})
        url = call.request.url.include_query_params(page=following)
        return JSONResponse(items, headers={"Link": f'<{url}>; rel="next"'} if following else {})

    def _number(self, call: Call, last: int) -> int:
        numbers = {self._name(number): number for number in range(1, last + 1)}
        parameter = "cursor" if self.style == "cursor" else "page"
        number = numbers.get(call.request.query_params.get(parameter, self._name(1)))
        if number is None:
            raise HTTPException(400)
        return number

    def _name(self, number: int) -> str:
        if self.style == "cursor":
            return urlsafe_b64encode(f"page {number}".encode()).decode()
        return str(number)

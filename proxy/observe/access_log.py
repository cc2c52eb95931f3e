"""
The line that a request leaves in the log.

It is the one line that every request writes, so it is made by hand: a test shows that it is what
structlog would have written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import gmtime, strftime, time

quoted = lru_cache(maxsize=256)(json.dumps)
"""The JSON of a word of a closed set: a method, a route."""


Carried = tuple[frozenset[str], int, frozenset[str]]
"""The declared fields that were lost, how many others were, the fields with unknown codes."""


@dataclass(slots=True)
class AccessLog:
    """Where the lines go; nowhere until the logs are configured."""

    write: Callable[[str], object] | None = None

    def tell(
        self,
        *,
        request_id: str,
        method: str,
        route: str,
        status: int,
        milliseconds: float,
        dropped_parameters: int,
        carried: Carried | None,
        called: tuple[int | None, float] | None,
    ) -> None:
        """
        Write the line of one request.

        `carried`, of one that reached its journey; `called`, of one that asked the new API: the
        last status and the milliseconds.
        """
        if self.write is None:
            return
        lost = unknown = upstream = ""
        if carried is not None:
            names, undeclared, codes = carried
            lost = f'"lost": {_listed(names)}, "lost_undeclared": {undeclared}, '
            unknown = f', "unknown": {_listed(codes)}'
        if called is not None:
            told = "null" if called[0] is None else called[0]
            upstream = f', "upstream_milliseconds": {called[1]:.1f}, "upstream_status": {told}'
        now = time()
        at, fraction = _second(int(now)), int(now % 1 * 1_000_000)
        self.write(
            f'{{"dropped_parameters": {dropped_parameters}, "event": "request", '
            f'"legacy_status": {status}, "level": "info", {lost}"method": {quoted(method)}, '
            f'"milliseconds": {milliseconds:.1f}, "request_id": "{request_id}", '
            f'"route": {quoted(route)}, "timestamp": "{at}.{fraction:06}Z"{unknown}{upstream}}}\n'
        )


@lru_cache(maxsize=256)
def _listed(names: frozenset[str]) -> str:
    """The JSON of fields of a mapping: few sets of them come again and again."""
    return json.dumps(sorted(names))


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))

"""
The line that a request leaves in the log.

It is the one line that every request writes, so it is made by hand: a test shows that it is what
structlog would have written. On a terminal it is a short one, for the eye.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import gmtime, strftime, time
from typing import NamedTuple

from proxy.observe.text_lines import Colours, clock, said


class Quoted(dict[str, str]):
    """The JSON of words of a closed set: methods, routes, clients."""

    __slots__ = ()

    def __missing__(self, word: str) -> str:
        made = self[word] = json.dumps(word)
        return made


quoted = Quoted()

NOTHING = '"lost": [], "lost_undeclared": 0, ', ', "unknown": []'
"""What a line says of what was lost, of most requests."""

Carried = tuple[frozenset[str], int, frozenset[str]]
"""The declared fields that were lost, how many others were, the fields with unknown codes."""


NOTHING_LOST: Carried = (frozenset(), 0, frozenset())


class Alike(NamedTuple):
    """What the lines have in common of requests to one route that lost the same."""

    method: str
    route: str
    status: int
    carried: Carried
    begins: str
    """Up to the milliseconds, with a quotation mark behind the name of each of them."""
    goes_on: str
    """From the request id to the time."""
    ends: str
    """From the time to the milliseconds of the new API."""

    @classmethod
    def of(cls, method: str, route: str, status: int, carried: Carried = NOTHING_LOST) -> Alike:
        """Of requests that asked the new API and dropped no parameter."""
        lost, unknown = _lost_and_unknown(carried)
        return cls(
            method,
            route,
            status,
            carried,
            '{"dropped_parameters": 0, "event": "request", '
            f'"legacy_status": {status}, "level": "info", {lost}"method": {quoted[method]}, '
            '"milliseconds": ',
            f'", "route": {quoted[route]}, "timestamp": "',
            f'Z"{unknown}, "upstream_milliseconds": ',
        )


@dataclass(slots=True)
class AccessLog:
    """Where the lines go; nowhere until the logs are configured."""

    write: Callable[[str], object] | None = None
    text: Colours | None = None
    """The colours of short lines, where they are not JSON."""

    def tell_alike(
        self, alike: Alike, request_id: str, milliseconds: float, called: tuple[int, float]
    ) -> None:
        """Write the line of one request as `tell` does, for a third of its price."""
        if self.write is None or self.text is not None:
            method, route, status, carried, *_ = alike
            self.tell(
                request_id=request_id,
                method=method,
                route=route,
                status=status,
                milliseconds=milliseconds,
                dropped_parameters=0,
                carried=carried,
                called=called,
            )
            return
        now = time()
        seconds = int(now)
        fraction = int((now - seconds) * 1_000_000)
        self.write(
            f'{alike.begins}{milliseconds:.1f}, "request_id": "{request_id}{alike.goes_on}'
            f"{_second(seconds)}.{fraction:06}{alike.ends}{called[1]:.1f}, "
            f'"upstream_status": {called[0]}}}\n'
        )

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
        client: str = "",
    ) -> None:
        """
        Write the line of one request.

        `carried`, of one that reached its journey; `called`, of one that asked the new API: the
        last status and the milliseconds; `client`, of one that showed the key of a known one.
        """
        if self.write is None:
            return
        if self.text is not None:
            self.write(
                _short(
                    self.text,
                    request_id=request_id,
                    method=method,
                    route=route,
                    status=status,
                    milliseconds=milliseconds,
                    carried=carried,
                    client=client,
                )
            )
            return
        lost = unknown = upstream = named = ""
        if client:
            named = f'"client": {quoted[client]}, '
        if carried is not None:
            lost, unknown = _lost_and_unknown(carried)
        if called is not None:
            told = "null" if called[0] is None else called[0]
            upstream = f', "upstream_milliseconds": {called[1]:.1f}, "upstream_status": {told}'
        now = time()
        seconds = int(now)
        fraction = int((now - seconds) * 1_000_000)
        self.write(
            f'{{{named}"dropped_parameters": {dropped_parameters}, "event": "request", '
            f'"legacy_status": {status}, "level": "info", {lost}"method": {quoted[method]}, '
            f'"milliseconds": {milliseconds:.1f}, "request_id": "{request_id}", '
            f'"route": {quoted[route]}, "timestamp": "{_second(seconds)}.{fraction:06}Z"'
            f"{unknown}{upstream}}}\n"
        )


def _lost_and_unknown(carried: Carried) -> tuple[str, str]:
    names, undeclared, codes = carried
    if not (names or undeclared or codes):
        return NOTHING
    lost = f'"lost": {_listed(names)}, "lost_undeclared": {undeclared}, '
    return lost, f', "unknown": {_listed(codes)}'


@lru_cache(maxsize=256)
def _listed(names: frozenset[str]) -> str:
    """The JSON of fields of a mapping: few sets of them come again and again."""
    return json.dumps(sorted(names))


def _short(
    colours: Colours,
    *,
    request_id: str,
    method: str,
    route: str,
    status: int,
    milliseconds: float,
    carried: Carried | None,
    client: str,
) -> str:
    """Time, method, route, status, milliseconds; what was lost; the client; the request id."""
    names, undeclared, codes = carried or (frozenset(), 0, frozenset())
    lost = [*sorted(names), *([f"{undeclared} undeclared"] if undeclared else [])]
    more = {"lost": lost, "unknown": sorted(codes), "client": client}
    words = [f"{name}={said(value)}" for name, value in more.items() if value]
    shown = colours.of_status(status)
    line = f"{method:<6} {route}  {shown}  {milliseconds:.1f} ms"
    return "  ".join([colours.faint(clock(time())), line, *words, colours.faint(request_id)]) + "\n"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))

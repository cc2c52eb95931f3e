"""Which row of the legacy surface a request is for; decided once, and everything keys on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mappings.core.endpoint import UUID_PATTERN, Endpoint, Local, Row
from mappings.core.model import identity
from mappings.core.pack import Pack
from proxy.errors import MethodNotAllowedError, NotFoundError

PARAMETER = re.compile(r"{(\w+)}")


class Route(NamedTuple):
    """A request's row, the ids that its path names, and the prefix under which it came."""

    row: Row
    ids: Mapping[str, str]
    """The legacy ids by parameter; a UUID is in lower case."""
    prefix: str
    reads: bool
    """Whether the request changes nothing."""


class Router:
    """The legacy surface of a pack, compiled."""

    def __init__(self, pack: Pack) -> None:
        self._plain: dict[bytes, dict[str, Route]] = {}
        """Paths without a parameter, in every way in which they may be written."""
        self._named: list[tuple[re.Pattern[str], list[str], dict[str, tuple[Row, bool]]]] = []
        """Of the others the pattern, the names of their ids, and the row of each method."""
        prefixes = "|".join(
            re.escape(prefix) for prefix in sorted(pack.prefixes, key=len, reverse=True)
        )
        for path in dict.fromkeys(row.path for row in pack.endpoints):
            rows = [row for row in pack.endpoints if row.path == path]
            if PARAMETER.search(path):
                named = f"{_pattern(path, rows[0])}(?:{re.escape(pack.suffix)})?/?"
                pattern = re.compile(f"(?P<prefix>{prefixes}){named}", re.ASCII)
                methods = {method: (row, _reads(row)) for method, row in _by_method(rows).items()}
                self._named.append((pattern, PARAMETER.findall(path), methods))
                continue
            for prefix in pack.prefixes:
                routes = {
                    method: Route(row, {}, prefix, _reads(row))
                    for method, row in _by_method(rows).items()
                }
                for end in ("", "/", pack.suffix, f"{pack.suffix}/"):
                    self._plain.setdefault(f"{prefix}{path}{end}".encode(), routes)

    def resolve(self, method: str, raw_path: bytes) -> Route:
        """
        The route of a request, from its path as it was sent: nothing is decoded, so that no
        other spelling of a path reaches a row.

        Raises `NotFoundError`, `MethodNotAllowedError`.
        """
        routes = self._plain.get(raw_path)
        if routes is not None:
            route = routes.get(method)
            if route is None:
                raise MethodNotAllowedError(sorted(routes))
            return route
        path = raw_path.decode("latin-1")
        for pattern, names, methods in self._named:
            found = pattern.fullmatch(path)
            if found is not None:
                if method not in methods:
                    raise MethodNotAllowedError(sorted(methods))
                row, reads = methods[method]
                prefix, *ids = found.group(1, *names)
                return Route(row, dict(zip(names, map(identity, ids), strict=True)), prefix, reads)
        raise NotFoundError


def _by_method(rows: Iterable[Row]) -> dict[str, Row]:
    methods = {method: row for row in rows for method in row.methods}
    return methods | ({"HEAD": methods["GET"]} if "GET" in methods else {})


def _reads(row: Row) -> bool:
    return isinstance(row, Local) or (isinstance(row, Endpoint) and row.action in ("read", "list"))


def _pattern(path: str, row: Row) -> str:
    """A path as a pattern, in which each parameter has the form that the row gives its id."""
    pattern = re.escape(path)
    for name in PARAMETER.findall(path):
        form = row.patterns.get(name, UUID_PATTERN)
        pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{form})")
    return pattern

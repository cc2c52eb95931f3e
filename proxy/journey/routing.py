"""Which row of the legacy surface a request is for; decided once, and everything keys on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mappings.core.compiled.inline import Shown
from mappings.core.context import Document
from mappings.core.endpoint import ID, UUID_PATTERN, Endpoint, Local, Row, filled
from mappings.core.model import identity
from mappings.core.pack import Pack
from proxy.errors import MethodNotAllowedError, NotFoundError

PARAMETER = re.compile(r"{(\w+)}")
NAMED = re.compile(r"\(\?P<\w+>")


class Route(NamedTuple):
    """A request's row, the ids that its path names, and the prefix under which it came."""

    row: Row
    ids: Mapping[str, str]
    """The legacy ids by parameter; a UUID is in lower case."""
    prefix: str
    reads: bool
    """Whether the request changes nothing."""


def location(
    route: Route, endpoint: Endpoint, document: Document | Shown, pack: Pack, base: str
) -> str:
    """Where a client finds a record that it made by this route and is shown so."""
    identifier = endpoint.mapping.identifier
    identity = {} if identifier is None else {ID: str(document[identifier.legacy[0]])}
    path = filled(endpoint.located_at, {**route.ids, **identity})
    return f"{base}{route.prefix}{path}{pack.suffix}"


class Router:
    """The legacy surface of a pack, compiled."""

    def __init__(self, pack: Pack) -> None:
        self._plain: dict[bytes, dict[str, Route]] = {}
        """Paths without a parameter, in every way in which they may be written."""
        self._named: dict[int, tuple[dict[str, int], dict[str, tuple[Row, bool]]]] = {}
        """Of the others, by a path's group, the groups of its ids and the row of each method."""
        prefixes = "|".join(
            re.escape(prefix) for prefix in sorted(pack.prefixes, key=len, reverse=True)
        )
        paths, groups = [], 1
        for path in dict.fromkeys(row.path for row in pack.endpoints):
            rows = [row for row in pack.endpoints if row.path == path]
            if PARAMETER.search(path):
                pattern = _pattern(path, rows[0])
                alone = re.compile(pattern)
                groups += 1
                self._named[groups] = (
                    {name: groups + at for name, at in alone.groupindex.items()},
                    {method: (row, _reads(row)) for method, row in _by_method(rows).items()},
                )
                groups += alone.groups
                # A name stands in more than one of them, which one pattern cannot have.
                paths.append(f"({NAMED.sub('(', pattern)})")
                continue
            for prefix in pack.prefixes:
                routes = {
                    method: Route(row, {}, prefix, _reads(row))
                    for method, row in _by_method(rows).items()
                }
                for end in ("", "/", pack.suffix, f"{pack.suffix}/"):
                    self._plain.setdefault(f"{prefix}{path}{end}".encode(), routes)
        self._pattern = re.compile(
            f"({prefixes})(?:{'|'.join(paths) or '(?!)'})(?:{re.escape(pack.suffix)})?/?", re.ASCII
        )

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
        found = self._pattern.fullmatch(raw_path.decode("latin-1"))
        if found is None:
            raise NotFoundError
        # The group that ended last is the whole of the path that was found.
        groups, methods = self._named[found.lastindex or 0]
        if method not in methods:
            raise MethodNotAllowedError(sorted(methods))
        row, reads = methods[method]
        ids = {name: identity(found[at]) for name, at in groups.items()}
        return Route(row, ids, found[1], reads)


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

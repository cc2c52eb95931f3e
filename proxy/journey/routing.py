"""Which row of the legacy surface a request is for; decided once, and everything keys on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mappings.core.endpoint import UUID_PATTERN, Endpoint, Local, Row
from mappings.core.pack import Pack
from proxy.errors import MethodNotAllowedError, NotFoundError


@dataclass(frozen=True, slots=True)
class Route:
    """A request's row, the ids that its path names, and the prefix under which it came."""

    row: Row
    ids: Mapping[str, str]
    """The legacy ids by parameter, in lower case."""
    prefix: str

    @property
    def reads(self) -> bool:
        """Whether the request changes nothing."""
        row = self.row
        return isinstance(row, Local) or (
            isinstance(row, Endpoint) and row.action in ("read", "list")
        )


class Router:
    """The legacy surface of a pack, compiled."""

    def __init__(self, pack: Pack) -> None:
        suffix = f"(?:{re.escape(pack.suffix)})?"
        prefixes = "|".join(
            re.escape(prefix) for prefix in sorted(pack.prefixes, key=len, reverse=True)
        )
        self._paths = []
        for path in dict.fromkeys(row.path for row in pack.endpoints):
            rows = [row for row in pack.endpoints if row.path == path]
            named = _named(path, rows[0])
            pattern = re.compile(f"(?P<prefix>{prefixes}){named}{suffix}/?", re.ASCII)
            self._paths.append((pattern, self._methods(rows)))

    def resolve(self, method: str, raw_path: bytes) -> Route:
        """
        The route of a request, from its path as it was sent: nothing is decoded, so that no
        other spelling of a path reaches a row.

        Raises `NotFoundError`, `MethodNotAllowedError`.
        """
        path = raw_path.decode("latin-1")
        for pattern, methods in self._paths:
            found = pattern.fullmatch(path)
            if found is not None:
                if method not in methods:
                    raise MethodNotAllowedError(sorted(methods))
                named = found.groupdict()
                prefix = named.pop("prefix")
                ids = {name: value.lower() for name, value in named.items()}
                return Route(methods[method], ids, prefix)
        raise NotFoundError

    @staticmethod
    def _methods(rows: Iterable[Row]) -> dict[str, Row]:
        methods = {method: row for row in rows for method in row.methods}
        return methods | ({"HEAD": methods["GET"]} if "GET" in methods else {})


def _named(path: str, row: Row) -> str:
    """A path as a pattern, in which each parameter has the form that the row gives its id."""
    pattern = re.escape(path)
    for name in re.findall(r"{(\w+)}", path):
        form = row.patterns.get(name, UUID_PATTERN)
        pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{form})")
    return pattern

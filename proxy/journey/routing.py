"""Which endpoint a legacy request is for; decided once, and everything keys on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mappings.core.endpoint import ID, Endpoint
from mappings.core.pack import Pack
from proxy.errors import MethodNotAllowedError, NotFoundError


@dataclass(frozen=True, slots=True)
class Route:
    """A request's endpoint, the record that it names, and the prefix under which it came."""

    endpoint: Endpoint
    id: str
    """The record's id in lower case, or "" where no record is named."""
    prefix: str

    @property
    def reads(self) -> bool:
        """Whether the request changes nothing."""
        return self.endpoint.action in ("read", "list")


class Router:
    """The legacy surface of a pack, compiled."""

    def __init__(self, pack: Pack) -> None:
        suffix = f"(?:{re.escape(pack.suffix)})?"
        prefixes = "|".join(
            re.escape(prefix) for prefix in sorted(pack.prefixes, key=len, reverse=True)
        )
        self._paths = []
        for path in dict.fromkeys(endpoint.path for endpoint in pack.endpoints):
            rows = [endpoint for endpoint in pack.endpoints if endpoint.path == path]
            named = re.escape(path).replace(re.escape(ID), f"(?P<id>{rows[0].id_pattern})")
            pattern = re.compile(f"(?P<prefix>{prefixes}){named}{suffix}/?", re.ASCII)
            self._paths.append((pattern, self._methods(rows)))

    def resolve(self, method: str, raw_path: bytes) -> Route:
        """
        The route of a request, from its path as it was sent: nothing is decoded, so that no
        other spelling of a path reaches an endpoint.

        Raises `NotFoundError`, `MethodNotAllowedError`.
        """
        path = raw_path.decode("latin-1")
        for pattern, methods in self._paths:
            found = pattern.fullmatch(path)
            if found is not None:
                if method not in methods:
                    raise MethodNotAllowedError(sorted(methods))
                named = found.groupdict()
                return Route(methods[method], named.get("id", "").lower(), named["prefix"])
        raise NotFoundError

    @staticmethod
    def _methods(endpoints: Iterable[Endpoint]) -> dict[str, Endpoint]:
        methods = {method: endpoint for endpoint in endpoints for method in endpoint.methods}
        return methods | ({"HEAD": methods["GET"]} if "GET" in methods else {})

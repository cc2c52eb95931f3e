"""One request of a legacy client, as the server hands it over: its head, and its body to come."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Message, Receive, Scope


class Fields(list[tuple[bytes, bytes]]):
    """The fields of a head, by name in lower case: made once, and asked often; never changed."""

    __slots__ = ("_first", "_repeated")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(pairs)
        self._first = dict(self)
        self._repeated = len(self._first) != len(self)
        if self._repeated:
            self._first = dict(reversed(self))

    def get(self, name: bytes) -> str | None:
        """The value that comes first."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")

    def every(self, name: bytes) -> list[str]:
        """All the values, in their order."""
        value = self._first.get(name)
        if value is None:
            return []
        if not self._repeated:
            return [value.decode("latin-1")]
        return [value.decode("latin-1") for given, value in self if given == name]

    def has_none_of(self, names: frozenset[bytes]) -> bool:
        """Whether none of these is there."""
        return names.isdisjoint(self._first)

    def stands_twice(self, names: frozenset[bytes]) -> bool:
        """Whether one of these has more than one value."""
        return self._repeated and any(len(self.every(name)) > 1 for name in names)


class LegacyRequest:
    """A request: its head at once, its body in pieces."""

    __slots__ = ("_receive", "fields", "method", "path", "query", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self.scope = scope
        self.method: str = scope["method"]
        self.path: bytes = scope["raw_path"]
        """As it was sent: nothing in it is decoded."""
        self.query: bytes = scope["query_string"]
        given = scope["headers"]
        self.fields = given if type(given) is Fields else Fields(given)

    async def receive(self) -> Message:
        """The next piece of the body, or that the client has left."""
        return await self._receive()

"""The new API as mocks, with answers that are made from a pack's endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx
import respx

from mappings.core.context import Document
from mappings.core.endpoint import ID, OWNER, Action, Endpoint, UpstreamCall, filled
from mappings.core.pack import Pack


class NewApi:
    """
    Ready routes, and `router`, respx's own, for all others.

    Records are the new API's; `of` is a resource of the pack, by default its first one. What
    each gives is a respx route: another answer is said by its `respond` and `mock`, and
    `calls` has what was sent.
    """

    def __init__(self, pack: Pack, url: str) -> None:
        self._pack = pack
        self.router = respx.Router(base_url=url, assert_all_called=True, assert_all_mocked=True)
        self.transport = httpx.MockTransport(self.router.async_handler)

    def reads(self, record: Document, *, of: str = "") -> respx.Route:
        """It has this record, and shows it alone. What lies within another is read with that."""
        endpoint = self._endpoint("read", of)
        route = self._route(endpoint.read, {ID: _identity(endpoint, record)})
        return route.respond(_status(endpoint.read, endpoint), json=dict(record))

    def lists(self, records: Iterable[Document], *, of: str = "") -> respx.Route:
        """It lists these records, on one page."""
        endpoint = self._endpoint("list", of)
        if endpoint.owner is not None:
            raise LookupError("they lie within another record: let new_api read that one")
        listed: Any = [dict(record) for record in records]
        if endpoint.list_key is not None:
            listed = {endpoint.list_key: listed}
            if endpoint.pages is not None and endpoint.pages.by == "page":
                listed[endpoint.pages.told_in] = 1
        return self._route(endpoint.call, {}).respond(_status(endpoint.call, endpoint), json=listed)

    def creates(self, record: Document, *, of: str = "", within: str = "") -> respx.Route:
        """
        It makes a record: it answers with this one, and what was sent put over it.

        `within` is the id of the record around it.
        """
        endpoint = self._endpoint("create", of)
        return self._merging(endpoint, record, {OWNER: within} if within else {})

    def updates(self, record: Document, *, of: str = "", within: str = "") -> respx.Route:
        """It changes this record: it answers with it, and what was sent put over it."""
        endpoint = self._endpoint("update", of)
        return self._merging(endpoint, record, self._ids(endpoint, record, within))

    def deletes(self, record: Document, *, of: str = "", within: str = "") -> respx.Route:
        """It forgets this record."""
        endpoint = self._endpoint("delete", of)
        route = self._route(endpoint.call, self._ids(endpoint, record, within))
        return route.respond(_status(endpoint.call, endpoint))

    def _merging(self, endpoint: Endpoint, record: Document, ids: dict[str, str]) -> respx.Route:
        def answer(request: httpx.Request) -> httpx.Response:
            sent = json.loads(request.content)
            status = _status(endpoint.call, endpoint)
            if status == 204:
                return httpx.Response(status)
            return httpx.Response(status, json={**record, **sent})

        return self._route(endpoint.call, ids).mock(side_effect=answer)

    def _route(self, call: UpstreamCall, ids: dict[str, str]) -> respx.Route:
        path = filled(call.path, ids)
        if f"{{{OWNER}}}" in path:
            raise LookupError("say the id of the record around it: within=...")
        return self.router.request(call.method, path)

    def _endpoint(self, action: Action, of: str) -> Endpoint:
        resource = of or next(iter(self._pack.mappings))
        mapping = self._pack.mappings.get(resource)
        for row in self._pack.endpoints:
            if isinstance(row, Endpoint) and row.action == action and row.mapping is mapping:
                return row
        known = ", ".join(self._pack.mappings)
        raise LookupError(f"no endpoint has {action} of {resource}; the pack has: {known}")

    @staticmethod
    def _ids(endpoint: Endpoint, record: Document, within: str) -> dict[str, str]:
        return {ID: _identity(endpoint, record)} | ({OWNER: within} if within else {})


def _identity(endpoint: Endpoint, record: Document) -> str:
    identity = endpoint.mapping.identity_of(record)
    if identity is None:
        raise LookupError("the record has no id")
    return identity


def _status(call: UpstreamCall, endpoint: Endpoint) -> int:
    """Of the statuses that mean success, the legacy one if it is among them."""
    return endpoint.status if endpoint.status in call.success else min(call.success)

"""What a line of an audit log tells of a request: who, what, of which records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mappings.core.endpoint import ID, OWNER, Endpoint, Row
from proxy.audit.keys import AuditKey
from proxy.credentials.shown import authorization_of, bearer_of, key_of
from proxy.errors import ProxyError
from proxy.front.door import METHODS, UNMATCHED
from proxy.journey.walk import Walk

Records = Iterable[tuple[str, str]]
"""Records by kind and modern id."""


def told_of(walk: Walk, key: AuditKey, made: Records = ()) -> dict[str, Any]:
    """All but what came of it: never a value, a path, a token or an id."""
    method, route = walk.request.method, walk.route
    path = UNMATCHED if route is None else route.row.path
    records = dict.fromkeys((*_named(walk), *made))
    return {
        "request_id": walk.request_id,
        **({"client": walk.client} if walk.client else {}),
        "credential": _credential(walk, key),
        "operation": f"{method if method in METHODS else 'other'} {path}",
        "records": [[kind, key.pseudonym("record", it)] for kind, it in records],
    }


def outcome_of(walk: Walk, status: int) -> dict[str, Any]:
    """The two statuses."""
    upstream = None if walk.calls is None else walk.calls.status
    return {"status": status, "upstream_status": upstream}


async def made_by(walk: Walk) -> Records:
    """The record that a creation made, and those around it; there are none of other requests."""
    journey, gateway = walk.journey, walk.gateway
    if journey is None or not journey.made_at:
        return ()
    place = journey.made_at.removeprefix(gateway.settings.public_url or "").encode("latin-1")
    try:
        # The client is told of it by a place that it may ask for.
        route = gateway.router.resolve(_method_of(walk, journey.endpoint.located_at), place)
        ids = await gateway.memory.modern(route.row, route.ids)
    except ProxyError:
        # Nobody serves that place, or the store fails now: that it began is written down.
        return ()
    return _of_kinds(route.row, ids)


def _method_of(walk: Walk, path: str) -> str:
    rows = walk.gateway.loaded.pack.endpoints
    return next((row.methods[0] for row in rows if row.path == path), "GET")


def _named(walk: Walk) -> Records:
    """The records that the path names, as far as their modern ids are known."""
    route, journey = walk.route, walk.journey
    if route is None:
        return ()
    if journey is not None:
        return _of_kinds(route.row, journey.ids)
    # It did not come so far that the crosswalk was asked: what is left are the ids of both sides.
    same = {name: it for name, it in route.ids.items() if name not in route.row.kinds}
    return _of_kinds(route.row, same)


def _of_kinds(row: Row, ids: Mapping[str, str]) -> Records:
    if not isinstance(row, Endpoint):
        return ()
    kinds = {ID: row.mapping.kind, OWNER: "" if row.owner is None else row.owner.mapping.kind}
    return tuple((kinds.get(name, name), it) for name, it in ids.items())


def _credential(walk: Walk, key: AuditKey) -> str | None:
    """What stands for the uid of the key that was shown, or else for the token."""
    shown = _shown(walk)
    basic = key_of(shown)
    said = bearer_of(shown) or shown if basic is None else basic.uid
    return key.pseudonym("credential", said) if said else None


def _shown(walk: Walk) -> str | None:
    if walk.calls is not None:
        return walk.calls.caller.identity
    try:
        return authorization_of(walk.request)
    except ProxyError:
        # More than one, or none that is one: the request is refused for it.
        return None

"""
A stand-in for the new API, in memory, with invented patrons and works. It knows nothing of the
old API, nor of passerelle: `uvicorn --factory lending_sandbox:create_app --port 9100`.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Record = dict[str, Any]

PATRONS: tuple[Record, ...] = (
    {
        "id": 90417,
        "full_name": "Aldous Wren",
        "family_name": "Wren",
        "card_number": "LB-000101",
        "tier": "adult",
        "email": "aldous.wren@example.org",
        "born_on": "1961-11-02",
        "home": {
            "line_1": "9 Mill Row",
            "city": "Eastmere",
            "post_code": "EM1 9ZZ",
            "country": "XX",
        },
        "joined_on": "2003-05-17",
        "valid_until": "2031-05-16",
        "consents": ["reminders"],
    },
    {"id": 90418, "full_name": "Bettany Oake", "family_name": "Oake", "tier": "staff"},
    {"id": 90419, "full_name": "Corin", "card_number": "LB-000103", "tier": "child"},
)

WORKS: tuple[Record, ...] = (
    {
        "id": "wrk-lighthouse",
        "title": "The Lighthouse Ledger",
        "authors": ["Isolde Farrow", "Piers Farrow"],
        "published_in": 1998,
        "format": "book",
        "isbn": "978-0-00-000000-2",
        "holdings": [
            {"id": "hld-1", "location": "North 4", "availability": "available", "rfid": "E0-01"},
            {"id": "hld-2", "location": "North 4", "availability": "in_repair", "rfid": "E0-02"},
        ],
        "cover": {"url": "https://covers.example/lighthouse"},
        "updated_at": "2025-02-03T10:11:12Z",
    },
    {"id": "wrk-tides", "title": "Songs of the Tides", "format": "audio_disc"},
    {"id": "wrk-atlas", "title": "Atlas of Eastmere", "format": "map", "published_in": 2011},
)


@dataclass(slots=True)
class Shelf:
    """The records of one kind, by id."""

    prefix: str
    """How the ids begin that the server makes; without one, they are numbers."""
    needed: str
    """The field without which a record is refused."""
    unique: str
    """The field that no two records share."""
    records: dict[str, Record]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def listed(self, request: Request, _: Record) -> Response:
        """One page of the list, as long as the server likes."""
        size, page = request.app.state.page_size, int(request.query_params.get("page", "1"))
        records = list(self.records.values())
        pages = -(-len(records) // size)
        items = records[(page - 1) * size : page * size]
        return JSONResponse({"items": items, "page": page, "page_count": pages})

    def made(self, _: Request, body: Record) -> Response:
        """A new record, with an id of the server's."""
        number = next(self.numbers)
        identity = f"{self.prefix}-n{number}" if self.prefix else number
        return self._put({**body, "id": identity}, 201)

    def read(self, request: Request, _: Record) -> Response:
        """One record."""
        return JSONResponse(self.records[request.path_params["id"]])

    def put(self, request: Request, body: Record) -> Response:
        """The whole record anew: a field that is left out is gone."""
        identity = self.records[request.path_params["id"]]["id"]
        return self._put({**body, "id": identity}, 200)

    def deleted(self, request: Request, _: Record) -> Response:
        """Nothing, and the record is gone."""
        del self.records[request.path_params["id"]]
        return Response(status_code=204)

    def _put(self, record: Record, status: int) -> Response:
        wrong = [] if record.get(self.needed) else [(self.needed, "must not be empty")]
        value, others = record.get(self.unique), self.records.values()
        if value and any(
            it.get(self.unique) == value and it["id"] != record["id"] for it in others
        ):
            wrong.append((self.unique, "is taken"))
        if wrong:
            errors = [{"pointer": f"/{name}", "detail": detail} for name, detail in wrong]
            return JSONResponse({"errors": errors}, 422)
        for holding in record.get("holdings") or ():
            if "id" not in holding:
                holding["id"] = f"hld-n{next(self.numbers)}"
        self.records[str(record["id"])] = record
        return JSONResponse(record, status)

    def routes(self, path: str) -> list[Route]:
        """The five things that can be done with records of this kind."""
        one = f"{path}/{{id}}"
        return [
            Route(path, _answering(self.listed), methods=["GET"]),
            Route(path, _answering(self.made), methods=["POST"]),
            Route(one, _answering(self.read), methods=["GET"]),
            Route(one, _answering(self.put), methods=["PUT"]),
            Route(one, _answering(self.deleted), methods=["DELETE"]),
        ]


def create_app(page_size: int = 2) -> Starlette:
    """The stand-in, with its lists in pages of so many."""
    patrons = Shelf("", "full_name", "card_number", _by_id(PATRONS))
    works = Shelf("wrk", "title", "isbn", _by_id(WORKS))
    app = Starlette(routes=[*patrons.routes("/v2/patrons"), *works.routes("/v2/works")])
    app.state.page_size = page_size
    app.state.patrons, app.state.works = patrons.records, works.records
    return app


def _by_id(records: tuple[Record, ...]) -> dict[str, Record]:
    return {str(record["id"]): copy.deepcopy(record) for record in records}


def _answering(answer: Callable[[Request, Record], Response]) -> Callable[[Request], Any]:
    async def answered(request: Request) -> Response:
        if "authorization" not in request.headers:
            return JSONResponse({"errors": [{"detail": "a bearer token is needed"}]}, 401)
        body = json.loads(await request.body() or b"{}")
        try:
            return answer(request, body)
        except KeyError:
            return JSONResponse({"errors": [{"detail": "there is no such record"}]}, 404)

    return answered

"""Every operation of the legacy surface that calls the new API, as a legacy application asks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mappings.mesvaccins import PACK
from tests.sockets.people import RECORDS, legacy_document
from tests.wire.modern_api import FULL, RPPS

RECORD = f"/api/v1/records/{FULL}"
VACCINATIONS = f"{RECORD}/vaccinations"
SHARING_REQUESTS = f"{RECORD}/sharing_requests"
VACCINATION: Mapping[str, Any] = {"vaccine": {"id": 901}, "date": "2013-02-20"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One of them; in its path stand the legacy ids, which the gateway gave out."""

    name: str
    method: str
    path: str
    document: Any = None


OPERATIONS = (
    Operation("list records", "GET", RECORDS),
    Operation("create record", "POST", RECORDS, legacy_document()),
    Operation(
        "create record with vaccination",
        "POST",
        RECORDS,
        legacy_document(vaccinations=[VACCINATION]),
    ),
    Operation("read record", "GET", f"{RECORD}.json"),
    Operation("put record", "PUT", f"{RECORD}.json", {"first_name": "Aliénor"}),
    Operation("patch record", "PATCH", f"{RECORD}.json", {"zip_code": "44009"}),
    Operation("delete record", "DELETE", f"{RECORD}.json"),
    Operation("list vaccinations", "GET", f"{VACCINATIONS}.json"),
    Operation("create vaccination", "POST", f"{VACCINATIONS}.json", VACCINATION),
    Operation("read vaccination", "GET", f"{VACCINATIONS}/{{act}}.json"),
    Operation("put vaccination", "PUT", f"{VACCINATIONS}/{{act}}.json", {"batch": "LOT-7714"}),
    Operation("patch vaccination", "PATCH", f"{VACCINATIONS}/{{act}}.json", {"batch": "LOT-7715"}),
    Operation("delete vaccination", "DELETE", f"{VACCINATIONS}/{{act}}.json"),
    Operation("list sharing requests", "GET", f"{SHARING_REQUESTS}.json"),
    Operation("create sharing request", "POST", f"{SHARING_REQUESTS}.json", {"rpps": RPPS}),
    Operation("read sharing request", "GET", f"{SHARING_REQUESTS}/{{request}}.json"),
    Operation("accept sharing request", "POST", f"{SHARING_REQUESTS}/{{request}}/accept.json"),
    Operation("refuse sharing request", "POST", f"{SHARING_REQUESTS}/{{request}}/refuse.json"),
)


def tables(folder: Path) -> Path:
    """A folder with the invented vaccines, without which no vaccination can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in PACK.sample.tables.items():
        (folder / f"{name}.json").write_text(json.dumps(list(rows)), encoding="utf-8")
    return folder

"""The vaccination records of MesVaccins.net, as the software of a practice reads and writes them.

Written in 2014 against the documentation of the old API; nothing in it knows of another one.
"""

from __future__ import annotations

from typing import Any

import httpx

RECORDS = "/api/v1/records.json"


class RefusedError(Exception):
    """The API does not take what was written; `problems` has its French sentences, by field."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__(", ".join(sorted(problems)))
        self.problems = problems


class VaccinationRecords:
    """The records that one account sees."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def captions(self) -> dict[str, str]:
        """What the list shows of each record, by uuid: "Homme de 23 ans"."""
        return {record["uuid"]: record["caption"] for record in self._ask("GET", RECORDS)}

    def read(self, uuid: str) -> dict[str, Any]:
        """One record, whole."""
        record: dict[str, Any] = self._ask("GET", _path(uuid))
        return record

    def create(self, **fields: Any) -> str:
        """Make a record; its uuid."""
        return str(self._ask("POST", RECORDS, fields)["uuid"])

    def update(self, uuid: str, **fields: Any) -> None:
        """Read a record, change fields of it, and write it back whole."""
        self._ask("PUT", _path(uuid), {**self.read(uuid), **fields})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, path, json=body)
        if answer.status_code == 422:
            raise RefusedError(answer.json()["errors"])
        answer.raise_for_status()
        return answer.json()


def _path(uuid: str) -> str:
    return f"/api/v1/records/{uuid}.json"

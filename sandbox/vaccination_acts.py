"""The resource `/vaccination_acts`: what each of its methods does to an act and to its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from sandbox.accounts import Accounts, account_id
from sandbox.calls import Call, expect_json
from sandbox.parts import Part, Parts
from sandbox.preconditions import expect_version, show
from sandbox.records import Document
from sandbox.validation import CREATE_ACT, UPDATE_ACT, VACCINATION_ACT, echoing, read, writable

EMPTY_ACT: Final = dict.fromkeys(VACCINATION_ACT["properties"]) | {"booster": False}
"""What an act holds where nobody gave a value."""


@dataclass(frozen=True)
class VaccinationActs:
    """The acts of the records, each seen by those who see its record."""

    parts: Parts
    accounts: Accounts

    def create(self, call: Call) -> Response:
        """Add an act to a record."""
        account = self.accounts.of(call.headers)
        record = self.parts.records.get(call.id, account)
        expect_json(call)
        fields = read(call.body, CREATE_ACT)
        made = {"id": str(uuid4()), "health_record_id": record.document["id"]}
        act = {**EMPTY_ACT, **fields, **made, **_certificator(fields, {}, account)}
        part = self.parts.add(record, act)
        headers = {"Location": f"/vaccination_acts/{act['id']}", "ETag": part.etag}
        return JSONResponse(part.document, 201, headers)

    def read(self, call: Call) -> Response:
        """Show one act exactly as its record holds it, unless the client has it as it is."""
        part = self._part(call)
        return show(call, part.document, part.etag)

    def update(self, call: Call) -> Response:
        """Change the fields that are given."""
        part = self._part(call)
        expect_json(call)
        expect_version(call, part.etag)
        fields = writable(read(call.body, echoing(part.document, UPDATE_ACT)), UPDATE_ACT)
        certificator = _certificator(fields, part.document, self.accounts.of(call.headers))
        part = self.parts.write(part, {**fields, **certificator})
        return JSONResponse(part.document, headers={"ETag": part.etag})

    def delete(self, call: Call) -> Response:
        """Take one act out of its record."""
        part = self._part(call)
        expect_version(call, part.etag)
        self.parts.delete(part)
        return Response(status_code=204)

    def _part(self, call: Call) -> Part:
        account = self.accounts.of(call.headers)
        return self.parts.get(call.id, self.parts.records.seen_by(account))


def _certificator(fields: Document, before: Document, account: str) -> Document:
    """Whoever sets the day of the certification is who certified."""
    day = fields.get("certified_on")
    if "certified_on" not in fields or day == before.get("certified_on"):
        return {}
    return {"certificator_id": account_id(account) if day else None}

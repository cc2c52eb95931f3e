"""Sharing a record with a professional: asked for, then accepted or refused."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from sandbox.accounts import Accounts, account_id, rpps_of
from sandbox.calls import Call, expect_json
from sandbox.parts import Part, Parts
from sandbox.validation import CREATE_SHARING_REQUEST, read


@dataclass(frozen=True)
class SharingRequests:
    """The requests in the records, made by those who see the record."""

    parts: Parts
    accounts: Accounts

    def create(self, call: Call) -> Response:
        """Ask a professional, who must not be thinking about it already."""
        account = self.accounts.of(call.headers)
        record = self.parts.records.get(call.id, account)
        expect_json(call)
        rpps = read(call.body, CREATE_SHARING_REQUEST)["external_id"]
        pending = {"to_pro_external_account_id": rpps, "status": "PENDING"}
        for other in self.parts.of(record):
            if isinstance(other, dict) and pending.items() <= other.items():
                raise HTTPException(409)
        request = {
            "id": str(uuid4()),
            "from_account_id": account_id(account),
            "from_account_type": "PROFESSIONAL" if rpps_of(account) else "CITIZEN",
            "processed_by_account_id": None,
            "to_pro_external_account_id": rpps,
            "to_pro_identity": None,
            "processed_at": None,
            "status": "PENDING",
            "health_record": record.document["id"],
            "created_at": self.parts.records.moment(),
        }
        self.parts.add(record, request)
        return JSONResponse(request, 201, {"Location": f"/sharing_requests/{request['id']}"})

    def read(self, call: Call) -> Response:
        """Show one request to the professional who was asked and to those who see the record."""
        account = self.accounts.of(call.headers)
        part = self._part(call)
        if not (part.record.is_seen_by(account) or _is_asked(part, account)):
            raise HTTPException(404)
        return JSONResponse(part.document)

    def accept(self, call: Call) -> Response:
        """Let the professional who was asked see the record."""
        return self._process(call, "ACCEPTED")

    def refuse(self, call: Call) -> Response:
        """Take the record from the professional who was asked."""
        return self._process(call, "REFUSED")

    def _process(self, call: Call, status: str) -> Response:
        account = self.accounts.of(call.headers)
        part = self._part(call)
        if not _is_asked(part, account):
            raise HTTPException(403)
        if part.document.get("status") != "PENDING":
            raise HTTPException(409)
        processed = {
            "processed_by_account_id": account_id(account),
            "processed_at": self.parts.records.moment(),
            "status": status,
        }
        return JSONResponse(self.parts.write(part, processed).document)

    def _part(self, call: Call) -> Part:
        return self.parts.get(call.id, self.parts.records.all())


def _is_asked(part: Part, account: str) -> bool:
    rpps = rpps_of(account)
    return rpps is not None and part.document.get("to_pro_external_account_id") == rpps

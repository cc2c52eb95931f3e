"""The resource `/health_records`: what each of its methods does."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from sandbox.accounts import account_of
from sandbox.calls import Call
from sandbox.preconditions import is_known, may_write
from sandbox.records import EMPTY, Document, Record, Records
from sandbox.validation import CREATE, UPDATE, echoing, read

WRITABLE: Final = frozenset(UPDATE["properties"])
CLEARED: Final = {name: value for name, value in EMPTY.items() if name in WRITABLE}


@dataclass(frozen=True)
class HealthRecords:
    """The records as the new API shows them, each account seeing its own and everybody's."""

    records: Records
    strict: bool

    def read_all(self, call: Call) -> Response:
        """List the records that the account sees."""
        return JSONResponse([record.whole for record in self.records.seen_by(self._account(call))])

    def create(self, call: Call) -> Response:
        """Make a record that the account alone sees."""
        account = self._account(call)
        _expect_json(call)
        record = self.records.create(read(call.body, CREATE), account)
        return _answer(record, 201, {"Location": f"/health_records/{record.document['id']}"})

    def read(self, call: Call) -> Response:
        """Show one record, unless the client has it as it is."""
        record = self._record(call)
        if is_known(call.headers, record.etag):
            return Response(status_code=304, headers={"ETag": record.etag})
        return _answer(record)

    def update(self, call: Call) -> Response:
        """Change the fields that are given."""
        record = self._record_to_write(call)
        fields = read(call.body, echoing(record.whole, UPDATE))
        return _answer(self.records.write(record, _writable(fields)))

    def replace(self, call: Call) -> Response:
        """Change the fields that are given and clear the others."""
        record = self._record_to_write(call)
        fields = read(call.body, echoing(record.whole, CREATE))
        return _answer(self.records.write(record, CLEARED | _writable(fields)))

    def delete(self, call: Call) -> Response:
        """Forget one record."""
        record = self._record(call)
        _expect_version(call, record)
        self.records.delete(record)
        return Response(status_code=204)

    def _account(self, call: Call) -> str:
        return account_of(call.headers, strict=self.strict)

    def _record(self, call: Call) -> Record:
        record = self.records.find(call.id, self._account(call))
        if record is None:
            raise HTTPException(404)
        return record

    def _record_to_write(self, call: Call) -> Record:
        record = self._record(call)
        _expect_json(call)
        _expect_version(call, record)
        return record


def _expect_json(call: Call) -> None:
    media_type = call.headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise HTTPException(415)


def _expect_version(call: Call, record: Record) -> None:
    if not may_write(call.headers, record.etag):
        raise HTTPException(412)


def _writable(fields: Document) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in WRITABLE}


def _answer(record: Record, status: int = 200, headers: Document | None = None) -> Response:
    return JSONResponse(record.whole, status, {"ETag": record.etag, **(headers or {})})

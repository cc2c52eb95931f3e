"""The resource `/health_records`: what each of its methods does."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse, Response

from sandbox.accounts import Accounts
from sandbox.calls import Call, expect_json
from sandbox.paging import Paging
from sandbox.preconditions import expect_version, show
from sandbox.records import EMPTY, Document, Record, Records
from sandbox.validation import CREATE, UPDATE, echoing, read, writable

CLEARED: Final = writable(EMPTY, UPDATE)


@dataclass(frozen=True)
class HealthRecords:
    """The records as the new API shows them, each account seeing its own and everybody's."""

    records: Records
    accounts: Accounts
    paging: Paging

    def read_all(self, call: Call) -> Response:
        """List the records that the account sees."""
        return self.paging.answer(call, self.records.seen_by(self.accounts.of(call.headers)))

    def create(self, call: Call) -> Response:
        """Make a record that the account alone sees."""
        account = self.accounts.of(call.headers)
        expect_json(call)
        record = self.records.create(read(call.body, CREATE), account)
        return _answer(record, 201, {"Location": f"/health_records/{record.document['id']}"})

    def read(self, call: Call) -> Response:
        """Show one record, unless the client has it as it is."""
        record = self._record(call)
        return show(call, record.whole, record.etag)

    def update(self, call: Call) -> Response:
        """Change the fields that are given."""
        record = self._record_to_write(call)
        fields = read(call.body, echoing(record.whole, UPDATE))
        return _answer(self.records.write(record, writable(fields, UPDATE)))

    def replace(self, call: Call) -> Response:
        """Change the fields that are given and clear the others."""
        record = self._record_to_write(call)
        fields = read(call.body, echoing(record.whole, CREATE))
        return _answer(self.records.write(record, CLEARED | writable(fields, UPDATE)))

    def delete(self, call: Call) -> Response:
        """Forget one record."""
        record = self._record(call)
        expect_version(call, record.etag)
        self.records.delete(record)
        return Response(status_code=204)

    def _record(self, call: Call) -> Record:
        return self.records.get(call.id, self.accounts.of(call.headers))

    def _record_to_write(self, call: Call) -> Record:
        record = self._record(call)
        expect_json(call)
        expect_version(call, record.etag)
        return record


def _answer(record: Record, status: int = 200, headers: Document | None = None) -> Response:
    return JSONResponse(record.whole, status, {"ETag": record.etag, **(headers or {})})

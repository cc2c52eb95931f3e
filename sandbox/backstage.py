"""What the new API does not have and a test needs: raw records, and the exchanges that were had."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from sandbox.calls import Call
from sandbox.problems import found
from sandbox.records import Records
from sandbox.requests_log import RequestsLog
from sandbox.tokens import Tokens
from sandbox.validation import read


@dataclass(frozen=True)
class Backstage:
    """The paths under `/_sandbox`, open to all and not recorded."""

    records: Records
    log: RequestsLog
    tokens: Tokens

    def read_exchanges(self, _call: Call) -> Response:
        """List the exchanges, oldest first."""
        return JSONResponse(self.log.exchanges)

    def delete_exchanges(self, _call: Call) -> Response:
        """Forget the exchanges."""
        self.log.clear()
        return Response(status_code=204)

    def plant(self, call: Call) -> Response:
        """Keep a document exactly as it is, for every account."""
        only_its_id = {"properties": {"id": {"const": call.id}}}
        self.records.plant(read(call.body, {"type": "object", "required": ["id"], **only_its_id}))
        return Response(status_code=204)

    def read_record(self, call: Call) -> Response:
        """Show a document exactly as it is kept, whoever sees it."""
        return JSONResponse(found(self.records.planted(call.id)))

    def delete_records(self, _call: Call) -> Response:
        """Forget every record."""
        self.records.clear()
        return Response(status_code=204)

    def delete_tokens(self, _call: Call) -> Response:
        """Make every token that was given out worthless, as if all sessions had ended."""
        self.tokens.revoke_all()
        return Response(status_code=204)

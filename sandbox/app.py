"""The application: its paths, and what answers each."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from sandbox.backstage import Backstage
from sandbox.calls import route
from sandbox.health_records import HealthRecords
from sandbox.people import PEOPLE
from sandbox.problems import problem_response
from sandbox.records import Records
from sandbox.requests_log import Recorder, RequestsLog


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *, strict: bool = False, seed: bool = True, now: Callable[[], datetime] = _utc_now
) -> Starlette:
    """Make a sandbox with records of its own; a strict one knows two bearer tokens only."""
    records = Records(now, PEOPLE if seed else ())
    log = RequestsLog()
    api = HealthRecords(records, strict)
    backstage = Backstage(records, log)
    app = Starlette(
        routes=[
            route("/health_records", GET=api.read_all, POST=api.create),
            route(
                "/health_records/{id}",
                GET=api.read,
                PATCH=api.update,
                PUT=api.replace,
                DELETE=api.delete,
            ),
            route(
                "/_sandbox/requests",
                GET=backstage.read_exchanges,
                DELETE=backstage.delete_exchanges,
            ),
            route("/_sandbox/records", DELETE=backstage.delete_records),
            route("/_sandbox/records/{id}", GET=backstage.read_record, PUT=backstage.plant),
        ],
        middleware=[Middleware(Recorder, log=log)],
        exception_handlers={HTTPException: problem_response},
    )
    app.router.redirect_slashes = False
    return app

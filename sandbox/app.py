"""The application: its paths, and what answers each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from sandbox.accounts import Accounts
from sandbox.backstage import Backstage
from sandbox.calls import Handler, route
from sandbox.first_answers import FirstAnswers
from sandbox.health_records import HealthRecords
from sandbox.paging import Paging, Style
from sandbox.parts import Parts
from sandbox.people import PEOPLE
from sandbox.problems import problem_response
from sandbox.records import Records
from sandbox.requests_log import Recorder, RequestsLog
from sandbox.sharing_requests import SharingRequests
from sandbox.token_endpoint import PATH_END, TokenEndpoint
from sandbox.tokens import Tokens
from sandbox.vaccination_acts import VaccinationActs


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *,
    strict: bool = False,
    seed: bool = True,
    now: Callable[[], datetime] = _utc_now,
    idempotency: bool = True,
    page_size: int | None = None,
    pages: Style = "link",
) -> Starlette:
    """
    Make a sandbox with records of its own.

    A strict one knows the tokens that it gave out and two more, and no others. Idempotency-Key is
    ignored without `idempotency`. The list comes in pages of `page_size`, told as `pages` says.
    """
    records = Records(now, PEOPLE if seed else ())
    tokens = Tokens(now)
    accounts = Accounts(tokens, strict)
    log = RequestsLog()
    once = FirstAnswers(accounts).once if idempotency else _every_time
    app = Starlette(
        routes=[
            *_health_records(HealthRecords(records, accounts, Paging(page_size, pages)), once),
            *_acts(VaccinationActs(Parts(records, "vaccination_acts"), accounts), once),
            *_sharing(SharingRequests(Parts(records, "sharing_requests"), accounts), once),
            route(f"/realms/{{realm}}{PATH_END}", POST=TokenEndpoint(tokens).answer),
            *_backstage(Backstage(records, log, tokens)),
        ],
        middleware=[Middleware(Recorder, log=log)],
        exception_handlers={HTTPException: problem_response},
    )
    app.router.redirect_slashes = False
    return app


Wrap = Callable[[Handler], Handler]


def _every_time(handler: Handler) -> Handler:
    return handler


def _health_records(api: HealthRecords, once: Wrap) -> Iterator[Route]:
    yield route("/health_records", GET=api.read_all, POST=once(api.create))
    yield route(
        "/health_records/{id}",
        GET=api.read,
        PATCH=api.update,
        PUT=api.replace,
        DELETE=api.delete,
    )


def _acts(api: VaccinationActs, once: Wrap) -> Iterator[Route]:
    yield route("/health_records/{id}/vaccination_acts", POST=once(api.create))
    yield route("/vaccination_acts/{id}", GET=api.read, PATCH=api.update, DELETE=api.delete)


def _sharing(api: SharingRequests, once: Wrap) -> Iterator[Route]:
    yield route("/health_records/{id}/sharing_requests", POST=once(api.create))
    yield route("/sharing_requests/{id}", GET=api.read)
    yield route("/sharing_requests/{id}/accept", POST=api.accept)
    yield route("/sharing_requests/{id}/refuse", POST=api.refuse)


def _backstage(api: Backstage) -> Iterator[Route]:
    yield route("/_sandbox/requests", GET=api.read_exchanges, DELETE=api.delete_exchanges)
    yield route("/_sandbox/records", DELETE=api.delete_records)
    yield route("/_sandbox/records/{id}", GET=api.read_record, PUT=api.plant)
    yield route("/_sandbox/tokens", DELETE=api.delete_tokens)

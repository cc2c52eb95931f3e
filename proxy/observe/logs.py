"""One JSON line an event, on stderr; only fields that are named here."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, NoReturn

import structlog

from proxy.observe.access_log import AccessLog

FIELDS = frozenset(
    {
        "at",
        "counts",
        "dropped_parameters",
        "error",
        "event",
        "legacy_status",
        "level",
        "lost",
        "lost_undeclared",
        "method",
        "milliseconds",
        "places",
        "reason",
        "request_id",
        "route",
        "timestamp",
        "unknown",
        "upstream_milliseconds",
        "upstream_status",
    }
)
"""What a line may hold. None of these is ever a value of a record, a path or a query."""

LIBRARIES = ("alembic", "httpcore", "httpx", "psycopg", "sqlalchemy", "uvicorn.access")

log: structlog.stdlib.BoundLogger = structlog.get_logger()
access = AccessLog()
"""Where the line of each request goes."""


def configure() -> None:
    """Send every event to stderr as JSON, and the libraries' own lines nowhere."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_named_fields,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        # A line is one write, so that no other thread's comes between it and its end.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    access.write = sys.stderr.write
    server = logging.getLogger("uvicorn.error")
    server.handlers, server.propagate = [_OfTheServer()], False
    # Their lines hold URLs and values of statements, and those hold what is told of a person.
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL)


class _OfTheServer(logging.Handler):
    """Tells where the server has said something; not what: that could hold a value."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning("server", at=f"{record.filename}:{record.lineno} {record.funcName}")


def silence() -> None:
    """Write no event at all."""
    structlog.configure(processors=[_nothing])
    access.write = None


def _nothing(logger: Any, method: str, event: MutableMapping[str, Any]) -> NoReturn:
    raise structlog.DropEvent


def only_named_fields(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every field that is not in `FIELDS`, so that no new line can leak by mistake."""
    return {name: value for name, value in event.items() if name in FIELDS}

"""One line an event, on stderr, as JSON or short; only fields that are named here."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from time import time
from typing import Any, Literal, NoReturn, TextIO, cast

import structlog

from proxy.observe.access_log import AccessLog
from proxy.observe.text_lines import Colours, line

FIELDS = frozenset(
    {
        "at",
        "client",
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

LIBRARIES = (
    "alembic",
    "httpcore",
    "httpx",
    "opentelemetry",
    "psycopg",
    "requests",
    "sqlalchemy",
    "urllib3",
    "uvicorn.access",
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()
access = AccessLog()
"""Where the line of each request goes."""


def configure(form: Literal["auto", "json", "text"] = "auto") -> None:
    """Send every event to stderr, and the libraries' own lines nowhere."""
    short = form == "text" or (form == "auto" and sys.stderr.isatty())
    colours = access.text = Colours.of(sys.stderr) if short else None
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            only_named_fields,
            *(_JSON if colours is None else [_short(colours)]),
        ],
        # A line is one write, so that no other thread's comes between it and its end.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", out := _Out(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    access.write = out.write
    server = logging.getLogger("uvicorn.error")
    server.handlers, server.propagate = [_OfTheServer()], False
    # Their lines hold URLs and values of statements, and those hold what is told of a person.
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _short(colours: Colours) -> structlog.typing.Processor:
    return lambda logger, method, event: line(event, colours, time())


_JSON: tuple[structlog.typing.Processor, ...] = (
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(sort_keys=True),
)


class _Out:
    """Where lines go. One that cannot be written, as on a full disk, ends no request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Write it, if that can be."""
        try:
            self._stream.write(line)
        except OSError:
            return

    def flush(self) -> None:
        """Hand over what is written, if that can be."""
        try:
            self._stream.flush()
        except OSError:
            return


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

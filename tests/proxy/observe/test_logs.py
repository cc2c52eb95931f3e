"""Which lines are written, and what they may hold."""

import contextlib
import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from proxy.observe import logs
from tests.proxy.conftest import LogLines


@pytest.fixture
def library_lines() -> Iterator[io.StringIO]:
    """What the standard library's loggers write when somebody turns all of them on."""
    root, stream = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_line_is_one_json_object_with_its_time_and_level(log_lines: LogLines) -> None:
    logs.log.info("request", route="/records", legacy_status=200)

    (line,) = log_lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "legacy_status": 200,
        "route": "/records",
    }


def test_a_field_that_is_not_named_is_dropped(log_lines: LogLines) -> None:
    """Trap 35: a new line cannot leak by mistake."""
    logs.log.error("failure", error="KeyError", first_name="Maëlle", exc_info=ValueError("Maëlle"))

    (line,) = log_lines()
    assert line.keys() == {"event", "level", "timestamp", "error"}
    assert "Ma" not in log_lines.text


def test_no_value_breaks_a_line_in_two(log_lines: LogLines) -> None:
    logs.log.info("request", route="a\nb\u2028\x1b[31m")

    assert len(log_lines.text.splitlines()) == 1
    assert "\x1b" not in log_lines.text


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore", "httpcore.http11", "httpcore.connection", "uvicorn.access"]
)
def test_the_libraries_write_no_urls_even_where_everything_is_turned_on(
    log_lines: LogLines, library_lines: io.StringIO, name: str
) -> None:
    """Trap 35: a URL holds the id of a record."""
    logger = logging.getLogger(name)

    logger.debug("GET /health_records/1")
    logger.info("GET /health_records/1")
    logger.error("GET /health_records/1")

    assert library_lines.getvalue() == ""


def test_all_lines_can_be_silenced() -> None:
    stream = io.StringIO()

    with contextlib.redirect_stderr(stream), contextlib.redirect_stdout(stream):
        logs.silence()
        logs.log.error("failure")
        structlog.reset_defaults()

    assert stream.getvalue() == ""

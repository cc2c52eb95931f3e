"""Which lines are written, and what they may hold."""

import contextlib
import errno
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest
import respx
import structlog

from proxy.observe import logs
from tests.proxy.conftest import Gateways, LogLines
from tests.proxy.documents import MODERN_RECORDS, RECORDS


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


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    write, text = logs.access.write, logs.access.text
    yield
    logs.access.write, logs.access.text = write, text
    structlog.reset_defaults()


def written(
    stream: io.StringIO, form: Literal["auto", "json", "text"], event: str, **fields: Any
) -> str:
    """What an event is on this standard error."""
    with contextlib.redirect_stderr(stream):
        logs.configure(form)
        logs.log.warning(event, **fields)
    return stream.getvalue()


def test_on_a_terminal_a_line_is_short_and_has_colours() -> None:
    line = written(Terminal(), "auto", "token not renewed", error="UpstreamTimeoutError")

    assert re.fullmatch(
        r"\x1b\[2m\d\d:\d\d:\d\dZ\x1b\[0m  \x1b\[33mwarning\x1b\[0m  token not renewed  "
        r"error=UpstreamTimeoutError\n",
        line,
    )
    assert logs.access.text is not None


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colours_has_none(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    line = written(Terminal(), "auto", "server", at="x.py:1 f")

    assert re.fullmatch(r"\d\d:\d\d:\d\dZ  warning  server  at=\"x.py:1 f\"\n", line)


def test_where_nobody_looks_lines_are_json_and_short_ones_have_no_colours() -> None:
    assert json.loads(written(io.StringIO(), "auto", "server"))["event"] == "server"
    assert logs.access.text is None
    assert "\x1b" not in written(io.StringIO(), "text", "server")
    assert logs.access.text is not None


def test_lines_for_machines_can_be_had_on_a_terminal_too() -> None:
    assert json.loads(written(Terminal(), "json", "server"))["event"] == "server"


def test_a_field_that_is_not_named_is_dropped_from_a_short_line_too() -> None:
    """Trap 35: a new line cannot leak by mistake."""
    line = written(io.StringIO(), "text", "failure", first_name="Maëlle", error="KeyError")

    assert line.endswith("  warning  failure  error=KeyError\n")


def test_nothing_in_a_short_line_ends_it_or_speaks_to_the_terminal() -> None:
    odd = 'a\nb\u2028\x1b[31m="\x9b'
    line = written(Terminal(), "text", odd, route=odd, places=[odd, "/a: b"], counts={odd: 1})

    assert len(line.splitlines()) == 1
    assert set(re.findall(r"\x1b\[\d+m", line)) == {
        "\x1b[2m",
        "\x1b[0m",
        "\x1b[33m",
    }
    assert line.isascii()
    assert 'places="a\\nb\\u2028\\u001b[31m=\\"\\u009b","/a: b"' in line


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_line_that_cannot_be_written_ends_no_request(
    form: Any,
    gateways: Gateways,
    upstream: respx.Router,
    monkeypatch: pytest.MonkeyPatch,
    log_lines: LogLines,
) -> None:
    upstream.get(MODERN_RECORDS).mock(side_effect=httpx.ConnectError)
    client = gateways.client()
    monkeypatch.setattr(sys, "stderr", Full())
    logs.configure(form)

    response = await client.get(RECORDS)

    assert response.status_code == 502

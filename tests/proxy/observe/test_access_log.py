"""The line of a request is the one that structlog would have written."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest

from proxy.observe import logs
from proxy.observe.access_log import AccessLog, Carried
from tests.proxy.conftest import LogLines

TIME = re.compile(r'"timestamp": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"')
LOST, UNKNOWN = frozenset({"home_phone", "email"}), frozenset({"gender", "acts[].method"})
REQUEST: dict[str, Any] = {
    "request_id": "0123456789abcdef0123456789abcdef",
    "method": "GET",
    "route": "/records/{id}",
    "dropped_parameters": 2,
}


@pytest.mark.parametrize("called", [None, (200, 12.04), (None, 0.0)])
@pytest.mark.parametrize("carried", [None, (frozenset(), 0, frozenset()), (LOST, 3, UNKNOWN)])
def test_a_line_is_what_structlog_would_write(
    carried: Carried | None, called: tuple[int | None, float] | None, log_lines: LogLines
) -> None:
    named: dict[str, Any] = {}
    if carried is not None:
        lost, undeclared, unknown = carried
        named |= {"lost": sorted(lost), "lost_undeclared": undeclared, "unknown": sorted(unknown)}
    if called is not None:
        named |= {"upstream_status": called[0], "upstream_milliseconds": round(called[1], 1)}
    logs.log.info("request", legacy_status=200, milliseconds=3.1, **REQUEST, **named)

    logs.access.tell(status=200, milliseconds=3.14, carried=carried, called=called, **REQUEST)

    theirs, ours = log_lines.text.splitlines()
    assert TIME.search(ours)
    assert TIME.sub("", ours) == TIME.sub("", theirs)


def test_every_field_of_a_line_is_a_named_one(log_lines: LogLines) -> None:
    """Trap 35: a new line cannot leak by mistake."""
    carried: Carried = (LOST, 1, UNKNOWN)

    logs.access.tell(status=200, milliseconds=3, carried=carried, called=(200, 1), **REQUEST)

    (line,) = log_lines()
    assert line.keys() <= logs.FIELDS


def test_a_line_is_one_write(log_lines: LogLines) -> None:
    written: list[str] = []

    AccessLog(written.append).tell(status=404, milliseconds=0, carried=None, called=None, **REQUEST)

    assert [text.count("\n") for text in written] == [1]


def test_nothing_is_written_where_all_lines_are_silenced() -> None:
    stream = io.StringIO()

    with contextlib.redirect_stderr(stream):
        logs.configure()
        logs.silence()
        logs.access.tell(status=404, milliseconds=0, carried=None, called=None, **REQUEST)

    assert stream.getvalue() == ""

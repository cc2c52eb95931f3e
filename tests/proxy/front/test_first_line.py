"""A first line that is found good at one glance is found good at a close look, too."""

import pytest

from proxy.front.first_line import FirstLine


@pytest.mark.parametrize(
    ("raw", "version", "current", "proper"),
    [
        (b"GET /a HTTP/1.1\r\nHost: a\r\n", "1.1", True, True),
        (b"GET /a HTTP/1.0\r\nHost: a\r\n", "1.0", False, True),
        (b"\r\nGET /a HTTP/1.1\r\n", "1.1", False, True),
        (b" GET /a HTTP/1.1\r\n", "1.1", False, False),
        (b"GET  /a HTTP/1.1\r\n", "1.1", False, False),
        (b"GET /a  HTTP/1.1\r\n", "1.1", False, False),
        (b"GET /a HTTP/1.1\n", "1.1", False, False),
        (b"GET /ab HTTP/1.1\r\n", "1.1", False, False),
        (b"GET /a RTSP/1.1\r\n", "1.1", False, False),
    ],
)
def test_whether_a_line_is_its_parts(raw: bytes, version: str, current: bool, proper: bool) -> None:
    line = FirstLine()
    line.begins(raw)

    assert line.is_current(b"GET", b"/a") == current
    assert line.is_proper(b"GET", b"/a", version) == proper

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


@pytest.mark.parametrize("cut", range(1, len(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")))
def test_the_line_of_a_request_is_found_behind_another_however_they_are_cut(cut: int) -> None:
    """The second begins in the piece in which the first ended, and its line may end in the next."""
    first = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    line = FirstLine()
    line.begins(first[:cut])
    line.goes_on(first[cut:] + b"GET /b HT", wanted=cut < first.index(b"Host"))
    assert line.is_current(b"GET", b"/a")
    line.ended()

    line.goes_on(b"TP/1.1\r\n", wanted=True)

    assert not line.is_proper(b"GET", b"/a", "1.1")
    assert line.is_proper(b"GET", b"/b", "1.1")

"""What calls have in common is written once, and filled for each of them."""

import httpx
import pytest

from proxy.upstream.request import Call, Home, template

ALWAYS = [("user-agent", "passerelle"), ("via", "1.1 us")]


@pytest.mark.parametrize("base", ["http://new.example", "http://new.example/a%20b/v2"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"", b"{}"])
@pytest.mark.parametrize("credential", ["Bearer a", "50% of %s", "\xe9"])
def test_filled_it_is_what_the_call_is_written_as(
    base: str, method: str, body: bytes, credential: str
) -> None:
    home = Home(httpx.URL(base), ALWAYS)
    given = [("via", "1.0 old, 1.1 us"), ("connection", "x"), ("authorization", credential)]
    call = Call(method, home, home.target("/a"), [("x-request-id", "7"), *given], body, 0.0)
    said = body or method == "POST"
    length = b"Content-Length: %d\r\n" % len(body) if said else b""

    filled = template(method, home, [("x-request-id", None), *given]) % (b"/a", b"7", length)

    assert filled + body == call.written()


def test_what_would_end_a_line_is_refused() -> None:
    home = Home(httpx.URL("http://new.example"))

    with pytest.raises(httpx.LocalProtocolError):
        template("GET", home, [("authorization", "a\r\nx: y")])

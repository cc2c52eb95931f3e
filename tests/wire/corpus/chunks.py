"""Framing, second part: the chunks of a body, and the fields that may follow them."""

from __future__ import annotations

from tests.wire.corpus.case import BODY, MARK, SILENCE, SMUGGLED, Case, chunked, post
from tests.wire.corpus.lengths import CHUNKED, FRAMING

SIZE = b"%x" % len(BODY)
END = b"0\r\n\r\n"
EXTENSION = "RFC 9112, 7.1.1: an extension that is not known is ignored"
TRAILER = "RFC 9110, 6.5.1: the request is good, its trailers are dropped"

NO_SIZES = {
    "a word": b"G",
    "a letter after it": SIZE + b"g",
    "a minus sign": b"-" + SIZE,
    "a plus sign": b"+" + SIZE,
    "a prefix": b"0x" + SIZE,
    "an underscore": SIZE + b"_",
    "a fraction": SIZE + b".0",
    "a comma": SIZE + b"," + SIZE,
    "a space before it": b" " + SIZE,
    "a space after it": SIZE + b" ",
    "a tab after it": SIZE + b"\t",
    "a space within": b"5 8",
    "a zero byte after it": SIZE + b"\x00",
    "a vertical tab after it": SIZE + b"\x0b",
    "nothing": b"",
    "nothing but an extension": b";a=b",
    "sixteen letters": b"f" * 16,
    "two to the power of 64 more": b"1" + SIZE.rjust(16, b"0"),
    "thirty zeros and letters": b"0" * 30 + b"f" * 17,
    "a bare CR in its extension": SIZE + b";\rX",
    "a bare LF in its extension": SIZE + b";a\n",
    "a zero byte in its extension": SIZE + b";a=\x00",
    "a control character in its extension": SIZE + b";a=\x01",
    "a line end in a quoted extension": SIZE + b';a="\r\n"',
}

NO_CHUNKS = {
    "a size that ends in LF alone": SIZE + b"\n" + BODY + b"\r\n" + END,
    "a size that ends in CR alone": SIZE + b"\r" + BODY + b"\r\n" + END,
    "a chunk that ends in LF alone": SIZE + b"\r\n" + BODY + b"\n" + END,
    "a chunk that ends in CR alone": SIZE + b"\r\n" + BODY + b"\r" + END,
    "a chunk that ends in nothing": SIZE + b"\r\n" + BODY + END,
    "a chunk that ends in spaces": SIZE + b"\r\n" + BODY + b"  \r\n" + END,
    "a chunk longer than its size": SIZE + b"\r\n" + BODY + b"xx\r\n" + END,
    "a chunk behind an empty line": b"\r\n" + SIZE + b"\r\n" + BODY + b"\r\n" + END,
    "two line ends behind a chunk": SIZE + b"\r\n" + BODY + b"\r\n\r\n" + END,
    "a body without chunks": BODY,
    "a body without chunks, behind a line end": b"\r\n" + BODY,
    "a last chunk that ends in LF alone": chunked(BODY)[:-4] + b"\n\n" + SMUGGLED,
    "a last chunk with LF for its empty line": chunked(BODY)[:-2] + b"\n" + SMUGGLED,
    "a last chunk with CR CR LF": chunked(BODY)[:-2] + b"\r\r\n" + SMUGGLED,
    "a request in place of the last line end": chunked(BODY)[:-2] + SMUGGLED,
}
"""Bodies whose chunks do not fit."""

UNFINISHED = {
    "a chunk shorter than its size": SIZE + b"\r\n" + BODY[:-5],
    "no last chunk": chunked(BODY)[: -len(END)],
    "half a last chunk": chunked(BODY)[:-2],
    "a size and no more": SIZE + b"\r\n",
    "half a size": SIZE,
}

SPELLINGS = {
    "a size with zeros before it": b"000" + SIZE,
    "a size in capitals": SIZE.upper(),
    "an extension": SIZE + b";" + MARK,
    "an extension with a value": SIZE + b";a=" + MARK,
    "an extension with a quoted value": SIZE + b';a="' + MARK + b'; b"',
    "an extension with a space before it": SIZE + b" ;a=b",
    "an empty extension": SIZE + b";",
}

DROPPED = {
    "a field of no meaning": b"X-Note: " + MARK,
    "a credential": b"Authorization: Bearer " + MARK,
    "a condition": b'If-Match: "' + MARK + b'"',
    "a request id": b"X-Request-Id: 0123456789abcdef0123456789abcdef",
    "a language": b"Accept-Language: " + MARK,
    "a trace": b"Traceparent: " + MARK,
    "a key of a creation": b"Idempotency-Key: " + MARK,
    "an address": b"X-Forwarded-For: " + MARK,
    "a type": b"Content-Type: text/" + MARK,
    "a coding of the content": b"Content-Encoding: gzip",
    "a cookie": b"Cookie: a=" + MARK,
    "another method": b"X-HTTP-Method-Override: DELETE",
}

DOUBTFUL = {
    "a length": b"Content-Length: 5",
    "a coding": b"Transfer-Encoding: chunked",
    "a host": b"Host: " + MARK,
    "the end of the connection": b"Connection: close",
    "an expectation": b"Expect: 100-continue",
}
"""Trailers that RFC 9110, 6.5.1 forbids: to drop and to refuse are both right."""

NO_FIELDS = {
    "on a continued line": b"X-Note: a\r\n b",
    "with a space before the colon": b"X-Note : a",
    "without a colon": b"X-Note",
    "without a name": b": a",
    "with a zero byte": b"X-Note: a\x00b",
    "with a bare CR": b"X-Note: a\rb",
    "with a bare LF": b"X-Note: a\nX-Other: b",
}

CHUNKS: list[Case] = [
    *(
        FRAMING.refused(
            f"a chunk whose size has {name}",
            post(CHUNKED, body=size + b"\r\n" + BODY + b"\r\n" + END),
            400,
            413,
            # The largest size of all is one, of a chunk that never ends.
            *([408] if size == b"f" * 16 else []),
        )
        for name, size in NO_SIZES.items()
    ),
    *(
        FRAMING.refused(f"chunks with {name}", post(CHUNKED, body=body))
        for name, body in NO_CHUNKS.items()
    ),
    *(
        FRAMING.refused(f"chunks with {name}", post(CHUNKED, body=body), 408, SILENCE)
        for name, body in UNFINISHED.items()
    ),
    *(
        FRAMING.served(
            f"chunks with {name}",
            post(CHUNKED, body=size + b"\r\n" + BODY + b"\r\n" + END),
            EXTENSION if "extension" in name else "RFC 9112, 7.1: 1*HEXDIG",
            201,
            400,
        )
        for name, size in SPELLINGS.items()
    ),
    FRAMING.served(
        "a last chunk of many zeros",
        post(CHUNKED, body=chunked(BODY)[: -len(END)] + b"0000\r\n\r\n"),
        'RFC 9112, 7.1: 1*("0")',
        201,
        400,
    ),
    FRAMING.served(
        "chunks of one byte each",
        post(CHUNKED, body=chunked(*(bytes([byte]) for byte in BODY))),
        "chunks may be as small as that",
        201,
    ),
    FRAMING.refused("no chunk but the last", post(CHUNKED, body=END), 400, 422, closes=False),
]

TRAILERS: list[Case] = [
    *(
        FRAMING.served(
            f"a trailer that is {name}",
            post(CHUNKED, body=chunked(BODY, trailers=[line])),
            TRAILER,
            201,
        )
        for name, line in DROPPED.items()
    ),
    FRAMING.served(
        "trailers, fifty of them",
        post(CHUNKED, body=chunked(BODY, trailers=[b"X-Note: " + MARK] * 50)),
        TRAILER,
        201,
        431,
    ),
    *(
        FRAMING.served(
            f"a trailer that is {name}",
            post(CHUNKED, body=chunked(BODY, trailers=[line])),
            TRAILER,
            201,
            400,
        )
        for name, line in DOUBTFUL.items()
    ),
    *(
        FRAMING.refused(f"a trailer {name}", post(CHUNKED, body=chunked(BODY, trailers=[line])))
        for name, line in NO_FIELDS.items()
    ),
]

"""Framing, third part: the lines of a head, where they end and what stands in them."""

from __future__ import annotations

from tests.wire.corpus.case import AUTHORIZATION, HOST, MARK, RECORD, SILENCE, Case, get, lines
from tests.wire.corpus.lengths import FRAMING

FIRST = b"GET " + RECORD + b" HTTP/1.1"
GOOD = get(b"X-Note: " + MARK)

LINE_ENDS = {
    "LF alone at every line's end": GOOD.replace(b"\r\n", b"\n"),
    "CR alone at every line's end": GOOD.replace(b"\r\n", b"\r"),
    "LF CR at every line's end": GOOD.replace(b"\r\n", b"\n\r"),
    "CR CR LF at every line's end": GOOD.replace(b"\r\n", b"\r\r\n"),
    "LF alone behind the first line": GOOD.replace(b"\r\n", b"\n", 1),
    "CR alone behind the first line": GOOD.replace(b"\r\n", b"\r", 1),
    "CR CR LF behind the first line": GOOD.replace(b"\r\n", b"\r\r\n", 1),
    "LF alone behind a field": get(b"X-Note: a\nX-Other: b"),
    "CR alone behind a field": get(b"X-Note: a\rX-Other: b"),
    "CR CR LF behind a field": get(b"X-Note: a\r\r\nX-Other: b"),
    "LF alone for the empty line": GOOD[:-2] + b"\n",
    "CR alone for the empty line": GOOD[:-2] + b"\r" + b"GET / HTTP/1.1\r\n\r\n",
    "a field that is a bare CR": get(b"\r"),
    "a field that is a space": get(b" "),
    "a field that is a tab": get(b"\t"),
    "a zero byte behind the head's last field": GOOD[:-2] + b"\x00\r\n",
}

FOLDS = {
    "by a space": get(b"X-Note: a\r\n b"),
    "by a tab": get(b"X-Note: a\r\n\tb"),
    "in the Host": lines(FIRST, b"Host: old.example\r\n .evil", AUTHORIZATION),
    "in the credential": lines(FIRST, HOST, b"Authorization: Bearer\r\n " + MARK),
    "in the first field": lines(FIRST, b" " + HOST, AUTHORIZATION),
    "in the first field, by a tab": lines(FIRST, b"\tX-Note: a", HOST, AUTHORIZATION),
    "with nothing on it": get(b"X-Note: a\r\n "),
    "behind a bare LF": get(b"X-Note: a\n b"),
    "behind a bare CR": get(b"X-Note: a\r b"),
}

NO_NAMES = {
    "nothing": b"",
    "a space within": b"X Note",
    "a space before the colon": b"X-Note ",
    "a tab before the colon": b"X-Note\t",
    "parentheses": b"X(Note)",
    "a zero byte": b"X-\x00Note",
    "a control character": b"X-\x01Note",
    "a delete character": b"X-\x7fNote",
    "a byte beyond ASCII": b"X-\x80Note",
    "a letter beyond ASCII": "X-Noté".encode(),
    "quotes": b'"X-Note"',
    "an at sign": b"X@Note",
    "a slash": b"X/Note",
    "a backslash": b"X\\Note",
    "brackets": b"X[Note]",
    "braces": b"{X-Note}",
    "angle brackets": b"<X-Note>",
    "a comma": b"X,Note",
    "a semicolon": b"X;Note",
    "an equals sign": b"X=Note",
    "a question mark": b"X?Note",
    "a vertical tab": b"X-\x0bNote",
    "a bare CR": b"X-\rNote",
    "a bare LF": b"X-\nNote",
}

CONTROLS = (0x00, 0x01, 0x07, 0x08, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F)

UNFINISHED = {
    "nothing at all": b"",
    "half a method": b"GE",
    "a method": b"GET ",
    "half a first line": FIRST[:-4],
    "a first line without its end": FIRST,
    "a first line": FIRST + b"\r\n",
    "half a field": FIRST + b"\r\nHo",
    "no empty line": GOOD[:-2],
    "half an empty line": GOOD[:-1],
    "an empty line and no request": b"\r\n",
}

HEADS: list[Case] = [
    *(FRAMING.refused(name, raw, 400, 408, SILENCE) for name, raw in LINE_ENDS.items()),
    *(FRAMING.refused(f"a continued line {name}", raw) for name, raw in FOLDS.items()),
    *(
        FRAMING.refused(f"a field's name with {name}", get(given + b": a"))
        for name, given in NO_NAMES.items()
    ),
    FRAMING.refused("a line without a colon", get(b"X-Note")),
    FRAMING.refused("a line that is a request", get(FIRST)),
    *(
        FRAMING.refused(f"a value with the byte {byte:#04x}", get(b"X-Note: a%cb" % byte))
        for byte in CONTROLS
    ),
    FRAMING.refused(
        "a credential with a zero byte", lines(FIRST, HOST, AUTHORIZATION + b"\x00" + MARK)
    ),
    FRAMING.served(
        "a value with bytes beyond ASCII",
        get(b"X-Note: \x80\xff" + MARK),
        "RFC 9110, 5.5: obs-text is opaque; the field is dropped",
    ),
    FRAMING.served(
        "a value with a tab",
        get(b"X-Note: a\t" + MARK),
        "RFC 9110, 5.5: a tab may stand in a value; the field is dropped",
    ),
    FRAMING.served(
        "a value that is empty",
        get(b"X-Note:"),
        "RFC 9110, 5.5: a value may be empty; the field is dropped",
    ),
    *(
        FRAMING.refused(f"a request that ends with {name}", raw, 408, SILENCE)
        for name, raw in UNFINISHED.items()
    ),
]

"""Targets: every other spelling of a path, and every other form of a target."""

from __future__ import annotations

from tests.wire.corpus.case import HOST, ID, MARK, RECORD, RECORDS, Case, Group, get, lines

TARGETS = Group("targets")
UNREAD = "the query is dropped: the upstream's target is made of the typed id alone"
BASE = b"/api/v1/records/"

PATHS = {
    "two dots for an id": BASE + b"..",
    "two dots for an id, and an ending": BASE + b"...json",
    "one dot for an id": BASE + b".",
    "two dots, escaped": BASE + b"%2e%2e",
    "two dots, escaped in capitals": BASE + b"%2E%2E",
    "two dots, the first escaped": BASE + b"%2e.",
    "two dots, the second escaped": BASE + b".%2e",
    "two dots, escaped twice": BASE + b"%252e%252e",
    "two dots, overlong": BASE + b"%c0%ae%c0%ae",
    "one dot, escaped": BASE + b"%2e",
    "dots that lead out": b"/api/v1/../../admin",
    "dots that lead out of everything": b"/../../../../etc/passwd",
    "dots that lead back": BASE + b"../records/" + ID + b".json",
    "dots behind a record": RECORD + b"/../../vaccines.json",
    "dots behind an open door": b"/healthz/../api/v1/records/" + ID + b".json",
    "dots with a parameter": b"/api/v1/..;/v1/records/" + ID + b".json",
    "a dot within": b"/api/v1/./records/" + ID + b".json",
    "two slashes within": b"/api/v1//records/" + ID + b".json",
    "two slashes before": b"//api/v1/records/" + ID + b".json",
    "three slashes before": b"///api/v1/records/" + ID + b".json",
    "two slashes behind": RECORD + b"//",
    "an authority behind two slashes": b"//evil.example" + RECORD,
    "an authority with a user": b"//" + MARK + b"@evil.example" + RECORD,
    "a slash, escaped": b"/api/v1/records%2f" + ID + b".json",
    "a slash, escaped in capitals": b"/api/v1/records%2F" + ID + b".json",
    "a slash, escaped twice": b"/api/v1/records%252f" + ID + b".json",
    "a slash, overlong": b"/api/v1/records%c0%af" + ID + b".json",
    "a slash, overlong by three bytes": b"/api/v1/records%e0%80%af" + ID + b".json",
    "a slash, overlong by four bytes": b"/api/v1/records%f0%80%80%af" + ID + b".json",
    "a slash behind a record, escaped": BASE + ID + b"%2fvaccinations.json",
    "dots behind an open door, escaped": b"/healthz%2f..%2fapi%2fv1%2frecords",
    "a backslash": b"/api/v1/records\\" + ID + b".json",
    "a backslash, escaped": b"/api/v1/records%5c" + ID + b".json",
    "a backslash, overlong": b"/api/v1/records%c1%9c" + ID + b".json",
    "dots and backslashes": BASE + b"..\\..\\admin",
    "two backslashes before": b"\\\\evil.example" + RECORD,
    "a slash and a backslash before": b"/\\evil.example" + RECORD,
    "a parameter": RECORD + b";x=1",
    "a parameter before the ending": BASE + ID + b";x=1.json",
    "a session": RECORD + b";jsessionid=" + MARK,
    "a semicolon, escaped": RECORD + b"%3bx=1",
    "a zero byte, escaped": BASE + ID + b"%00.json",
    "a zero byte, escaped, and another ending": RECORD + b"%00.png",
    "a zero byte, escaped twice": RECORD + b"%2500",
    "a line end, escaped": RECORD + b"%0a",
    "a line end and a field, escaped": RECORD + b"%0d%0aX-Note:%20" + MARK,
    "a tab, escaped": RECORD + b"%09",
    "a space, escaped": RECORD + b"%20",
    "a plus sign": RECORD + b"+",
    "a delete character, escaped": RECORD + b"%7f",
    "a query, escaped": RECORD + b"%3Fadmin=1",
    "a fragment, escaped": RECORD + b"%23x",
    "a byte that is no UTF-8": BASE + b"%ff",
    "a byte that continues nothing": RECORD + b"%80",
    "a sequence cut short": RECORD + b"%e2%28%a1",
    "a surrogate": RECORD + b"%ed%a0%80",
    "a character beyond the last": RECORD + b"%f4%90%80%80",
    "an escape of another kind": BASE + b"%u002e%u002e",
    "an escape without digits": RECORD + b"%",
    "an escape with one digit": RECORD + b"%2",
    "an escape with letters": RECORD + b"%zz",
    "an escape with one good digit": RECORD + b"%2g",
    "a letter of the path, escaped": b"/api/v1/%72ecords/" + ID + b".json",
    "a digit of the id, escaped": BASE + b"%35" + ID[1:] + b".json",
    "a hyphen of the id, escaped": RECORD.replace(b"-", b"%2d"),
    "the ending, escaped": BASE + ID + b"%2ejson",
    "digits of full width": RECORD.replace(ID[:1], b"%EF%BC%95", 1),
    "the path in capitals": RECORD.upper(),
    "a number for an id": BASE + b"495.json",
    "a star for an id": BASE + b"*.json",
    "braces for an id": BASE + b"%7Bid%7D.json",
    "an id in braces": BASE + b"%7B" + ID + b"%7D.json",
    "an id too long": BASE + ID + b"0.json",
    "an id without hyphens": BASE + ID.replace(b"-", b"") + b".json",
    "a quote and a word of SQL": BASE + b"'%20OR%201=1--",
    "an address for an id": BASE + b"http:%2f%2fevil.example",
    "another ending": BASE + ID + b".xml",
    "the ending twice": RECORD + b".json",
    "a path of the new API": b"/health_records/" + ID,
    "a path of the new API, below the old one": b"/api/v1/health_records/" + ID,
    "nothing": b"/",
    "a prefix alone": b"/api/v1",
    "a path without end": b"/api/v1/records" + b"/x" * 1000,
}

RAW = {
    "a byte beyond ASCII": RECORD + b"\xff",
    "a letter beyond ASCII": "/api/v1/records/é.json".encode(),
    "a dot beyond ASCII": "/api/v1/records/․․".encode(),
    "a zero byte": RECORD + b"\x00",
    "a control character": RECORD + b"\x01",
    "an escape character": RECORD + b"\x1b[31m",
    "a delete character": RECORD + b"\x7f",
    "a bare LF": RECORD + b"\nX-Note: a",
    "a bare CR": RECORD + b"\rX-Note: a",
    "a space": RECORD + b" x",
    "a tab": RECORD + b"\tx",
    "quotes": RECORD + b'"',
    "a backquote": RECORD + b"`",
    "braces": b"/api/v1/records/{" + ID + b"}.json",
    "a bar": RECORD + b"|id",
    "a caret": RECORD + b"^",
    "angle brackets": RECORD + b"<script>" + MARK,
    "brackets": RECORD + b"[0]",
}

FORMS = {
    "no slash before it": b"api/v1/records/" + ID + b".json",
    "a dot before it": b".." + RECORD,
    "a question mark alone": b"?",
    "a query alone": b"?id=" + ID,
    "a fragment alone": b"#" + MARK,
    "a star": b"*",
    "a star and a path": b"*" + RECORD,
    "a host and a port": b"old.example:443",
    "a host": b"old.example",
    "an absolute one": b"http://old.example" + RECORD,
    "an absolute one, secure": b"https://old.example" + RECORD,
    "an absolute one, in capitals": b"HTTP://OLD.EXAMPLE" + RECORD,
    "an absolute one, without a path": b"http://old.example",
    "an absolute one, with a user": b"http://user:" + MARK + b"@old.example" + RECORD,
    "an absolute one, with a port": b"http://old.example:1" + RECORD,
    "an absolute one, without a host": b"http://" + RECORD,
    "an absolute one, with one slash": b"http:/" + RECORD,
    "another scheme": b"ftp://old.example" + RECORD,
    "a file": b"file:///etc/passwd",
    "a script": b"javascript:" + MARK,
    "a mail address": b"mailto:someone@old.example",
    "the metadata of a cloud": b"http://169.254.169.254/latest/meta-data",
    "a socket": b"unix:/run/x.sock",
}

QUERIES = {
    "an unknown name": b"a=" + MARK,
    "nothing": b"",
    "two question marks": b"?a=b",
    "a question mark in it": b"a=b?c=d",
    "nothing but separators": b"&&&=&",
    "a slash, escaped": b"next=%2F" + MARK,
    "dots": b"file=../../" + MARK,
    "two slashes": b"next=//evil.example/" + MARK,
    "a zero byte, escaped": b"a=%00",
    "a line end and a field, escaped": b"a=%0d%0aX-Note:%20" + MARK,
    "bytes that are no UTF-8": b"a=%ff%fe",
    "an escape without digits": b"a=%",
    "an escape with letters": b"a=%zz",
    "a semicolon": b"a=1;b=2",
    "a backslash": b"a=\\" + MARK,
    "the name of another id": b"id=" + MARK + b"&uuid=" + MARK,
    "a method": b"_method=DELETE",
    "a page": b"page=2&per_page=1000000",
    "a name a hundred times": b"&".join([b"a=1"] * 99),
    "bytes beyond ASCII": b"a=\xc3\xa9",
}

NO_QUERIES = {
    "a zero byte": b"a=\x00",
    "a space": b"a=b c",
    "a bare LF": b"a=b\nX-Note: " + MARK,
    "a bare CR": b"a=b\rX-Note: " + MARK,
    "a delete character": b"a=\x7f",
    "two credentials": b"access_token=" + MARK + b"&access_token=" + MARK,
    "a credential beside the header's": b"access_token=" + MARK,
}

CASES: list[Case] = [
    *(TARGETS.refused(name, get(target=path), 400, 404) for name, path in PATHS.items()),
    *(
        TARGETS.refused(f"{name}, raw", get(target=path), 400, 404, 505)
        for name, path in RAW.items()
    ),
    *(
        TARGETS.refused(f"a target that is {name}", get(target=it), 400, 404)
        for name, it in FORMS.items()
    ),
    *(
        TARGETS.refused(
            f"{method.decode()} of {name}", get(*framing, target=path, method=method), 400, 404
        )
        for method, framing in {b"PUT": (b"Content-Length: 0",), b"DELETE": ()}.items()
        for name, path in {
            "two dots": BASE + b"..",
            "two dots, escaped": BASE + b"%2e%2e",
            "a slash, escaped": BASE + ID + b"%2fvaccinations",
            "two slashes": b"//evil.example" + RECORD,
            "a parameter": RECORD + b";x=1",
        }.items()
    ),
    TARGETS.refused("OPTIONS of a star", get(target=b"*", method=b"OPTIONS"), 400, 404, 405),
    TARGETS.refused(
        "the list by an absolute target of another",
        lines(b"GET http://evil.example" + RECORDS + b" HTTP/1.1", HOST),
        400,
        404,
        421,
    ),
    *(
        TARGETS.served(f"a query with {name}", get(target=RECORD + b"?" + query), UNREAD, 200, 400)
        for name, query in QUERIES.items()
    ),
    *(
        TARGETS.refused(f"a query with {name}, raw", get(target=RECORD + b"?" + query), 400, 505)
        for name, query in NO_QUERIES.items()
    ),
    *(
        TARGETS.served(
            f"a fragment {name}",
            get(target=target),
            "RFC 9110, 7.1: a fragment is no part of a target: it is dropped or refused",
            200,
            400,
            404,
        )
        for name, target in {
            "behind a path": RECORD + b"#" + MARK,
            "behind a query": RECORD + b"?a=b#" + MARK,
        }.items()
    ),
]

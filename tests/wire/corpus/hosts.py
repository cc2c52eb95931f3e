"""Host: exactly one, well formed; and the list of those that are served."""

from __future__ import annotations

from tests.wire.corpus.case import AUTHORIZATION, HOST, MARK, RECORD, Case, Group, lines

HOSTS = Group("hosts")
LISTED = Group("listed hosts")
SERVED_NAMES = ("old.example", "other.example")
"""The names that the gateway serves to which the cases of `listed hosts` are sent."""

FIRST = b"GET " + RECORD + b" HTTP/1.1"
GRAMMAR = "RFC 9110, 7.2: the grammar of a Host allows it; the upstream has a Host of its own"

NO_HOSTS = {
    "that is a space within": b"old example",
    "with a path": b"old.example/x",
    "with a path that leads out": b"old.example/../",
    "with a query": b"old.example?x",
    "with a fragment": b"old.example#x",
    "with a user": b"user@old.example",
    "with a user and a password": b"user:" + MARK + b"@old.example",
    "with an address before an at sign": b"127.0.0.1@evil.example",
    "with a word for a port": b"old.example:abc",
    "with a port below zero": b"old.example:-1",
    "with a signed port": b"old.example:+80",
    "with a port beyond the last": b"old.example:99999",
    "with a port of forty digits": b"old.example:" + b"9" * 40,
    "with two ports": b"old.example:80:80",
    "with a space before the port": b"old.example :80",
    "with a space in the port": b"old.example: 80",
    "with a path behind the port": b"old.example:80/x",
    "with a port alone": b":80",
    "with a scheme": b"http://old.example",
    "with two slashes before": b"//old.example",
    "that is a list": b"old.example,evil.example",
    "that is a list with a space": b"old.example, evil.example",
    "with a semicolon": b"old.example;x",
    "with a backslash": b"old.example\\evil",
    "with angle brackets": b"<script>",
    "with quotes": b'"old.example"',
    "with a bar": b"old|example",
    "with a caret": b"old^example",
    "with braces": b"{old}.example",
    "with a zero byte": b"old.example\x00",
    "with a control character": b"old.example\x01",
    "with a tab within": b"old\texample",
    "with letters beyond ASCII": "olé.example".encode(),
    "with bytes beyond ASCII": b"old.example\xff",
    "with an escape that is none": b"old%zz.example",
    "with an address that is not closed": b"[::1",
    "with an address that is not opened": b"::1]",
    "with an address without brackets": b"::1",
    "with an address that is none": b"[::g]",
    "with an address of nine parts": b"[1:2:3:4:5:6:7:8:9]",
    "with an empty address": b"[]",
    "with an address and more": b"[::1]x",
    "with an address and a word for a port": b"[::1]:x",
    "with an address of version 4 in brackets": b"[127.0.0.1]",
    "with an address that has a zone": b"[fe80::1%25eth0]",
    "that is an at sign": b"@",
    "that is a slash": b"/",
    "that is nothing": b"",
    "that is spaces": b"   ",
}

HOSTS_OF_THE_GRAMMAR = {
    "in capitals": b"OLD.EXAMPLE",
    "with a dot behind": b"old.example.",
    "with a port": b"old.example:8080",
    "with an empty port": b"old.example:",
    "with port zero": b"old.example:0",
    "with zeros before the port": b"old.example:00080",
    "with an escape": b"%6fld.example",
    "with an underscore": b"old_example",
    "with two dots": b"old..example",
    "with a dot before": b".old.example",
    "that is a hyphen": b"-",
    "that is a star": b"*",
    "that is an address of version 4": b"127.0.0.1",
    "that is an address in hexadecimal": b"0x7f.1",
    "that is an address of version 6": b"[::1]",
    "that is an address of version 6, with a port": b"[::1]:8080",
    "that is an address of version 6 with one of version 4": b"[::ffff:127.0.0.1]",
    "that is an address of the future": b"[v1.a]",
    "with a quote": b"old'example",
    "with parentheses": b"(old)example",
    "of 300 letters": b"a" * 300,
}

UNLISTED = {
    "another name": b"evil.example",
    "a name below": b"a.old.example",
    "a name above": b"example",
    "a name with more before": b"not-old.example",
    "a name with more behind": b"old.example.evil.example",
    "an address": b"127.0.0.1",
    "an address of version 6": b"[::1]",
    "another name with a port": b"evil.example:80",
    "an escape": b"%6fld.example",
    "the name of this machine": b"localhost",
}

LISTED_SPELLINGS = {
    "a name of the list": b"old.example",
    "the other name of the list": b"other.example",
    "a name of the list in capitals": b"OLD.example",
    "a name of the list with a port": b"old.example:8443",
}


def _hosts(*values: bytes) -> bytes:
    return lines(FIRST, *(b"Host: " + value for value in values), AUTHORIZATION)


CASES: list[Case] = [
    HOSTS.refused("no Host", lines(FIRST, AUTHORIZATION)),
    HOSTS.refused("no Host and no field at all", lines(FIRST)),
    HOSTS.refused(
        "no Host but a forwarded one", lines(FIRST, AUTHORIZATION, b"X-Forwarded-Host: old.example")
    ),
    HOSTS.served(
        "no Host in HTTP/1.0",
        lines(b"GET " + RECORD + b" HTTP/1.0", AUTHORIZATION),
        "RFC 9112, 3.2: only HTTP/1.1 demands one",
        200,
        400,
    ),
    HOSTS.refused("two Hosts that agree", _hosts(b"old.example", b"old.example")),
    HOSTS.refused("two Hosts, the second another", _hosts(b"old.example", b"evil.example")),
    HOSTS.refused("two Hosts, the first another", _hosts(b"evil.example", b"old.example")),
    HOSTS.refused("two Hosts, the first nothing", _hosts(b"", b"old.example")),
    HOSTS.refused("two Hosts, the second nothing", _hosts(b"old.example", b"")),
    HOSTS.refused("three Hosts", _hosts(b"old.example", b"old.example", b"old.example")),
    HOSTS.refused(
        "two Hosts, one in small letters", lines(FIRST, HOST, HOST.lower(), AUTHORIZATION)
    ),
    HOSTS.refused(
        "two Hosts in HTTP/1.0",
        lines(b"GET " + RECORD + b" HTTP/1.0", HOST, b"Host: evil.example", AUTHORIZATION),
    ),
    HOSTS.refused("a Host with a space before the colon", lines(FIRST, b"Host : old.example")),
    HOSTS.refused("a Host behind a space", lines(FIRST, AUTHORIZATION, b" Host: old.example")),
    HOSTS.refused("a Host on a continued line", lines(FIRST, b"Host:\r\n old.example")),
    *(HOSTS.refused(f"a Host {name}", _hosts(value)) for name, value in NO_HOSTS.items()),
    *(
        HOSTS.served(f"a Host {name}", _hosts(value), GRAMMAR, 200, 400)
        for name, value in HOSTS_OF_THE_GRAMMAR.items()
    ),
    HOSTS.served(
        "a Host in a name of small letters",
        lines(FIRST, HOST.lower(), AUTHORIZATION),
        "RFC 9110, 5.1: names of fields have no case",
    ),
    HOSTS.served(
        "a Host behind the other fields",
        lines(FIRST, AUTHORIZATION, HOST),
        "RFC 9110, 5.3: fields of different names have no order",
    ),
    *(
        HOSTS.refused(
            f"an absolute target {name}",
            lines(b"GET " + target + RECORD + b" HTTP/1.1", HOST, AUTHORIZATION),
            400,
            404,
            421,
        )
        for name, target in {
            "of another name": b"http://evil.example",
            "of a user": b"http://evil.example@old.example",
        }.items()
    ),
    *(
        LISTED.refused(f"a Host that is {name}", _hosts(value), 400, 421)
        for name, value in UNLISTED.items()
    ),
    *(
        LISTED.served(f"a Host that is {name}", _hosts(value), "it is on the list")
        for name, value in LISTED_SPELLINGS.items()
    ),
    LISTED.refused("no Host in HTTP/1.0", lines(b"GET " + RECORD + b" HTTP/1.0"), 400, 421),
    LISTED.refused(
        "an absolute target that is not on the list",
        lines(b"GET http://evil.example" + RECORD + b" HTTP/1.1", HOST, AUTHORIZATION),
        400,
        404,
        421,
    ),
]

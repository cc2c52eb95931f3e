"""Whether a request's head can be believed: its version, its Host and where its body ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from proxy.front import target
from proxy.front.wire import Limits


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered to a request that is not let in, and why: a word of a closed set."""

    status: int
    reason: str


SYNTAX = Refusal(400, "syntax")
HOST = Refusal(400, "host")
LENGTH = Refusal(400, "length")
CODING = Refusal(400, "coding")
PIPELINED = Refusal(400, "pipelined")
METHOD = Refusal(405, "method")
HEAD_TIME = Refusal(408, "head_time")
BODY_TIME = Refusal(408, "body_time")
NO_LENGTH = Refusal(411, "no_length")
BODY_BYTES = Refusal(413, "body_bytes")
TARGET_BYTES = Refusal(414, "target_bytes")
EXPECTATION = Refusal(417, "expectation")
MISDIRECTED = Refusal(421, "misdirected")
FIELDS = Refusal(431, "fields")
HEAD_BYTES = Refusal(431, "head_bytes")
VERSION = Refusal(505, "version")

JUDGED = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
"""The fields that decide whether a request is let in."""

Fields = Sequence[tuple[bytes, bytes]]

VERSIONS = ("1.1", "1.0")
REFUSED_METHODS = (b"TRACE", b"CONNECT")
WITH_A_BODY = (b"POST", b"PUT", b"PATCH")
BLANKS = b" \t"
NAME = re.compile(
    rb"(?P<name>(?:[A-Za-z0-9._~!$&'()*+=-]|%[0-9A-Fa-f]{2})+|\[(?P<address>[0-9A-Fa-f:.]+)\])"
    rb"(?::(?P<port>[0-9]{0,5}))?"
)
LAST_PORT = 65535


def refused(
    method: bytes, version: str, url: bytes, judged: Fields, limits: Limits
) -> Refusal | None:
    """Why a request with this head is refused; `judged` are its fields among `JUDGED`."""
    if version not in VERSIONS:
        return VERSION
    if method in REFUSED_METHODS:
        return METHOD
    reason = target.refused(url)
    if reason is not None:
        return Refusal(400, reason)
    given: dict[bytes, list[bytes]] = {}
    for name, value in judged:
        given.setdefault(name, []).append(value.strip(BLANKS))
    found = _host_refused(given.get(b"host", ()), limits.hosts)
    if len(given) == 1 and found is None and version == "1.1":
        return None
    return found or _body_refused(method, version, given, limits)


def of_a_body(judged: Fields) -> Fields:
    """The fields of these that say where a body ends; none where there is no body."""
    return [
        (name, value)
        for name, value in judged
        if name == b"transfer-encoding" or (name == b"content-length" and int(value))
    ]


def _host_refused(hosts: Sequence[bytes], allowed: frozenset[str]) -> Refusal | None:
    found = NAME.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None or int(found["port"] or 0) > LAST_PORT:
        return HOST
    if found["address"] is not None and not _is_address(found["address"].decode("ascii")):
        return HOST
    if allowed and found["name"].decode("ascii").lower() not in allowed:
        return MISDIRECTED
    return None


def _is_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _body_refused(
    method: bytes, version: str, given: dict[bytes, list[bytes]], limits: Limits
) -> Refusal | None:
    codings, lengths = given.get(b"transfer-encoding", []), given.get(b"content-length", [])
    if codings and ([coding.lower() for coding in codings] != [b"chunked"] or version == "1.0"):
        return CODING
    if lengths and (codings or len(lengths) > 1 or not lengths[0].isdigit()):
        return LENGTH
    if lengths and int(lengths[0]) > limits.body_bytes:
        return BODY_BYTES
    if version == "1.0":
        # RFC 9110, 10.1.1: an expectation in HTTP/1.0 is ignored.
        return NO_LENGTH if method in WITH_A_BODY and not lengths else None
    if any(value.lower() != b"100-continue" for value in given.get(b"expect", ())):
        return EXPECTATION
    return None

"""Whether a request's head can be believed: its version, its Host and where its body ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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

ONCE = {
    b"host": HOST,
    b"content-length": LENGTH,
    b"transfer-encoding": CODING,
    b"expect": EXPECTATION,
}
"""What may be given once, and what is answered otherwise."""

Fields = Sequence[tuple[bytes, bytes]]

VERSIONS = ("1.1", "1.0")
HEALTH = (b"/healthz", b"/readyz")
NOWHERE: frozenset[str] = frozenset()
REFUSED_METHODS = (b"TRACE", b"CONNECT")
WITH_A_BODY = (b"POST", b"PUT", b"PATCH")
BLANKS = b" \t"
CONTINUE = b"100-continue"
NAME = re.compile(
    rb"(?P<name>(?:[A-Za-z0-9._~!$&'()*+=-]|%[0-9A-Fa-f]{2})+|\[(?P<address>[0-9A-Fa-f:.]+)\])"
    rb"(?::(?P<port>[0-9]{0,5}))?"
)
LAST_PORT = 65535


def refused(
    method: bytes, version: str, url: bytes, fields: Fields, limits: Limits
) -> Refusal | None:
    """Why a request with this head is refused; the names of its fields are in lower case."""
    if version not in VERSIONS:
        return VERSION
    if method in REFUSED_METHODS:
        return METHOD
    if len(fields) > limits.fields:
        return FIELDS
    reason = target.refused(url)
    if reason is not None:
        return Refusal(400, reason)
    given = dict(fields)
    return (
        (_doubled(fields) if len(given) != len(fields) else None)
        # Who probes asks by an address, which no list of names has.
        or _host_refused(given.get(b"host", b""), NOWHERE if url in HEALTH else limits.hosts)
        or _body_refused(method, version, given, limits)
    )


def _doubled(fields: Fields) -> Refusal | None:
    seen = set()
    for name, _ in fields:
        if name in seen and name in ONCE:
            return ONCE[name]
        seen.add(name)
    return None


@lru_cache(maxsize=64)
def _host_refused(host: bytes, allowed: frozenset[str]) -> Refusal | None:
    found = NAME.fullmatch(host.strip(BLANKS))
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
    method: bytes, version: str, given: Mapping[bytes, bytes], limits: Limits
) -> Refusal | None:
    coding, length = given.get(b"transfer-encoding"), given.get(b"content-length")
    if coding is not None and (version == "1.0" or coding.strip(BLANKS).lower() != b"chunked"):
        return CODING
    if length is not None:
        digits = length.strip(BLANKS)
        if coding is not None or not digits.isdigit():
            return LENGTH
        if int(digits) > limits.body_bytes:
            return BODY_BYTES
    if version == "1.0":
        return NO_LENGTH if length is None and method in WITH_A_BODY else None
    expected = given.get(b"expect", CONTINUE)
    return None if expected.strip(BLANKS).lower() == CONTINUE else EXPECTATION


def of_a_body(fields: Fields) -> Fields:
    """The fields of these that say where a body ends; none where there is no body."""
    return [
        (name, value)
        for name, value in fields
        if name == b"transfer-encoding" or (name == b"content-length" and int(value))
    ]

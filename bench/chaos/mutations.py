"""Requests, mutated: from good ones and from the malformed corpus, the same for the same seed."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence

from tests.wire.corpus import CORPUS
from tests.wire.corpus.case import BODY, ID, OTHER, RECORDS, chunked, get, length, post

LARGEST = 4096
"""A larger case is no beginning: most of its mutations are the same."""

GOOD = (
    get(),
    get(target=RECORDS),
    get(b"X-Request-Id: 0123456789abcdef0123456789abcdef", b"Connection: keep-alive"),
    get(b"If-None-Match: *", b"Accept-Language: fr"),
    get(method=b"HEAD"),
    get(method=b"DELETE"),
    get(length(BODY), method=b"PUT") + BODY,
    post(length()),
    post(b"Transfer-Encoding: chunked", body=chunked(BODY[:9], BODY[9:])),
)
INSERTED = (b"\r", b"\n", b"\r\n", b"\x00", b":", b" ", b"\t", b"\r\n\r\n", b",", b";", b"%", b"/")

Mutation = Callable[[random.Random, bytes, bytes], bytes]


def _flip(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """One bit of one byte."""
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]


def _replace(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """One byte by any other."""
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]


def _insert(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """What means something to a parser, anywhere."""
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(INSERTED) + raw[at:]


def _drop(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """A few bytes."""
    at = chance.randrange(len(raw))
    return raw[:at] + raw[at + chance.randint(1, 8) :]


def _repeat(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """A piece, twice."""
    at = chance.randrange(len(raw))
    end = at + chance.randint(1, 60)
    return raw[:end] + raw[at:end] + raw[end:]


def _repeat_line(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """A line, twice, the second one elsewhere."""
    lines = raw.split(b"\r\n")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return b"\r\n".join(lines)


def _cut(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """The end is missing."""
    return raw[: chance.randrange(1, len(raw) + 1)]


def _splice(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """The beginning of this one, the end of another."""
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


def _take_line(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """A line of another one."""
    lines = raw.split(b"\r\n")
    lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(other.split(b"\r\n")))
    return b"\r\n".join(lines)


def _follow(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """Another one right behind it."""
    return raw + other


MUTATIONS: Sequence[Mutation] = (
    _flip,
    _replace,
    _insert,
    _insert,
    _drop,
    _repeat,
    _repeat_line,
    _cut,
    _splice,
    _take_line,
    _follow,
)


def mutated(seed: int, count: int) -> list[bytes]:
    """So many requests, each mutated once to four times: the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret, and the same again
    cases = [case.raw for case in CORPUS if 0 < len(case.raw) <= LARGEST]
    made = []
    for _ in range(count):
        raw = chance.choice(GOOD if chance.random() < 0.5 else cases)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
            other = chance.choice(GOOD if chance.random() < 0.5 else cases)
            raw = chance.choice(MUTATIONS)(chance, raw, other) or b"\x00"
        fresh = str(uuid.UUID(int=chance.getrandbits(128))).encode()
        made.append(raw.replace(ID, fresh).replace(OTHER, fresh))
    return made

"""Canaries: values that stand nowhere else, and the search for them in whatever form."""

from __future__ import annotations

import base64
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from uuid import UUID

UNIQUE = 12
HEX_RUNS = re.compile(rb"(?=([0-9a-f]{12}))")

Hits = Counter[str]
"""How often something was found, by the form that it had."""


class Canaries:
    """Gives out canaries of one side, and knows each of them again."""

    def __init__(self, mark: str, seed: int) -> None:
        self.mark = mark
        self._random = random.Random(seed)  # noqa: S311 - no secrets, and the same ones again
        self._texts: dict[bytes, int] = {}
        self._identities: dict[bytes, int] = {}
        self._digits: list[bytes] = []
        self._needles = dict(_needles(mark))

    def __len__(self) -> int:
        return len(self._texts) + len(self._identities) + len(self._digits)

    def text(self, owner: int = 0) -> str:
        """A word, for the request of this number."""
        unique = self._unique()
        self._texts[unique.encode()] = owner
        return self.mark + unique

    def identity(self, owner: int = 0) -> str:
        """A UUID."""
        unique = self._unique()
        self._identities[unique.encode()] = owner
        return str(UUID(int=self._random.getrandbits(80) << 48 | int(unique, 16), version=4))

    def trace(self, owner: int = 0) -> str:
        """A traceparent."""
        unique = self._unique()
        self._texts[unique.encode()] = owner
        return f"00-{'4bf92f3577b34da6a3ce'}{unique}-00f067aa0ba902b7-01"

    def digits(self, count: int, beginning: str = "") -> str:
        """A number so long, as a text; 10 digits at least, so that it stands nowhere by chance."""
        rest = "".join(self._random.choices("0123456789", k=count - len(beginning)))
        self._digits.append((beginning + rest).encode())
        return beginning + rest

    def found(self, data: bytes, *, identities: bool = True) -> Hits:
        """What of these stands in these bytes; ids too, unless it is where ids are kept."""
        lower, hits = data.lower(), Hits()
        for form, (needle, exact) in self._needles.items():
            hits[form] += (data if exact else lower).count(needle)
        for number in self._digits:
            hits["digits"] += data.count(number)
        sought = self._texts.keys() | (self._identities.keys() if identities else set())
        runs = Counter(HEX_RUNS.findall(lower))
        hits["unique part"] += sum(runs[unique] for unique in sought & runs.keys())
        if identities:
            binary = {bytes.fromhex(unique.decode()) for unique in self._identities}
            windows = (data[at : at + UNIQUE // 2] for at in range(len(data)))
            hits["binary id"] += sum(window in binary for window in windows)
        return +hits

    def of_others(self, data: bytes, owner: int) -> int:
        """How many canaries of other requests than this one stand in an answer."""
        given = {**self._texts, **self._identities}
        found = set(HEX_RUNS.findall(data.lower())) & given.keys()
        return sum(given[unique] not in (0, owner) for unique in found)

    def _unique(self) -> str:
        # With a letter at each end: so it is never a part of a longer number.
        return f"a{self._random.getrandbits(4 * (UNIQUE - 2)):0{UNIQUE - 2}x}f"


def forms(text: str) -> dict[str, bytes]:
    """A text in each form in which the search knows its mark again."""
    raw = text.encode()
    return {
        "plain": raw,
        "in small letters": raw.lower(),
        "in capitals": raw.upper(),
        "percent-encoded": _percent(text).upper(),
        "percent-encoded, small": _percent(text),
        "JSON-escaped": _escaped(text),
        "JSON-escaped, capitals": _escaped(text).upper().replace(b"U", b"u"),
        "hexadecimal": raw.hex().encode(),
        "hexadecimal, capitals": raw.hex().upper().encode(),
        "UTF-16": text.encode("utf-16-le"),
        "UTF-16, the other way": text.encode("utf-16-be"),
        **{f"base64 after {by}": _based(raw, by) for by in range(3)},
        **{f"base64 of capitals after {by}": _based(raw.upper(), by) for by in range(3)},
        **{f"base64 of small letters after {by}": _based(raw.lower(), by) for by in range(3)},
    }


def _based(raw: bytes, by: int) -> bytes:
    return base64.urlsafe_b64encode(b"-" * by + raw)


def _needles(mark: str) -> Iterator[tuple[str, tuple[bytes, bool]]]:
    """By form: the bytes to look for, and whether their case counts."""
    raw = mark.lower().encode()
    yield "plain", (raw, False)
    for case in dict.fromkeys((mark, mark.upper(), mark.lower())):
        yield f"percent-encoded {case}", (_percent(case), False)
        yield f"JSON-escaped {case}", (_escaped(case), False)
        yield f"hexadecimal {case}", (case.encode().hex().encode(), False)
        for by in range(3):
            yield f"base64 {case} after {by}", (_inner_base64(case.encode(), by), True)
    for encoding in ("utf-16-le", "utf-16-be"):
        yield encoding, (mark.lower().encode(encoding), False)


def _percent(text: str) -> bytes:
    return "".join(f"%{byte:02x}" for byte in text.encode()).encode()


def _escaped(text: str) -> bytes:
    return "".join(f"\\u{ord(char):04x}" for char in text).encode()


def _inner_base64(raw: bytes, by: int) -> bytes:
    """What of the base64 of a word stands whatever stands before and after it."""
    whole = base64.b64encode(b"-" * by + raw)
    last = (by + len(raw)) * 8 // 6
    return whole[-(-by * 8 // 6) : last]


def summed(hits: Iterable[Hits]) -> Hits:
    """All of them together."""
    together = Hits()
    for some in hits:
        together += some
    return together

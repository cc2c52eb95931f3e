"""JSON without surprises: no duplicate keys, no NaN, no lone surrogates, every number exact."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import jiter
import msgspec

LARGEST = Decimal("1.7976931348623157e308")
"""The largest double: a larger number has no meaning in the JSON of either side."""

ESCAPED = re.compile("[^\\x00-\\x7f]")


class NotStrictJsonError(ValueError):
    """The bytes are not one strict JSON document; says no more, so that it can be logged."""


def parse(raw: bytes, max_depth: int) -> Any:
    """
    The document in UTF-8 bytes; numbers with a fraction or an exponent come as `Decimal`.

    Raises `NotStrictJsonError`.
    """
    try:
        document = jiter.from_json(
            raw,
            allow_inf_nan=False,
            catch_duplicate_keys=True,
            float_mode="decimal",
            cache_mode="keys",
        )
    except ValueError as error:
        raise NotStrictJsonError("not strict JSON") from error
    # The parser refuses a raw U+0000: only an escape can give one.
    _check([document], max_depth, zeros=b"\\u0000" in raw)
    return document


def dump(document: Any, *, ascii_escapes: bool = False) -> bytes:
    """The document as compact UTF-8 JSON, every number as it was read."""
    written = _ENCODER.encode(document)
    if ascii_escapes and not written.isascii():
        return ESCAPED.sub(_escape, written.decode()).encode("ascii")
    return written


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _escape(found: re.Match[str]) -> str:
    pairs = found[0].encode("utf-16-be")
    return "".join(f"\\u{pairs[at : at + 2].hex()}" for at in range(0, len(pairs), 2))


def _check(container: Any, depth: int, *, zeros: bool) -> None:
    """
    Refuse what the parser lets through: depth, numbers beyond every double, and U+0000 where the
    bytes show that there may be some. `depth` is how many levels there may be below this one.
    """
    if zeros:
        _refuse_zeros(container)
    for value in container.values() if type(container) is dict else container:
        kind = type(value)
        # Most are texts.
        if kind is str:
            continue
        if kind is dict or kind is list:
            if depth == 0:
                raise NotStrictJsonError("nested too deep")
            if value:
                # The parser goes no deeper than calls can.
                _check(value, depth - 1, zeros=zeros)
        # No abs(): arithmetic rounds by the context, and overflows in it.
        elif kind is Decimal and not -LARGEST <= value <= LARGEST:
            raise NotStrictJsonError("a number beyond every double")


def _refuse_zeros(container: dict[str, Any] | list[Any]) -> None:
    texts = [*container, *container.values()] if isinstance(container, dict) else container
    if any(isinstance(text, str) and "\0" in text for text in texts):
        raise NotStrictJsonError("U+0000 in a text")

"""What the new API found wrong with a document, in the names of the client's own document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mappings.core import pointer as pointers
from mappings.core.context import Document
from mappings.core.errors import Problem
from mappings.core.record_mapping import RecordMapping
from proxy import strict_json

REFUSED = "refused"
"""The reason that is told: the new API's own sentences hold modern names, and perhaps values."""


def walked_back(
    body: bytes, mapping: RecordMapping, written: Document, max_depth: int
) -> list[Problem]:
    """
    The problems in a 400 or 422, as pointers into what the client wrote.

    What names no place that the legacy side has becomes a problem of the whole document.
    """
    try:
        document = strict_json.parse(body, max_depth)
    except strict_json.NotStrictJsonError:
        document = None
    places: dict[str, None] = {}
    for pointer in _pointers(document):
        for place in mapping.legacy_pointers(pointer, written) or [""]:
            places.setdefault(place)
    return [Problem(place, REFUSED) for place in places or {"": None}]


def _pointers(document: Any) -> Iterator[str]:
    """The modern pointers in an RFC 9457 problem, or in `{"errors": {field: ...}}`."""
    errors = document.get("errors") if isinstance(document, Mapping) else None
    if isinstance(errors, Mapping):
        yield from (pointers.child("", name) for name in errors)
    elif isinstance(errors, list):
        for error in errors:
            pointer = error.get("pointer") if isinstance(error, Mapping) else None
            if isinstance(pointer, str):
                yield pointer.removeprefix("#")

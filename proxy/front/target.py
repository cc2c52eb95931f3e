"""Which targets are refused before routing: every second spelling of a path, and no path at all."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

# Segments that begin with a dot, and escapes, are looked at closely. Nothing here goes back.
PLAIN = re.compile(
    rb"(?=/)(?:/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9_~!$&'()*+,=:@.-]*+)*+/?+(?:\?[!\"$-~]*+)?+"
)
WRONG = (
    ("empty_segment", re.compile(rb"//")),
    ("separator", re.compile(rb"[\\;]|%2[Ff]|%5[Cc]")),
    ("control", re.compile(rb"%(?:[01][0-9A-Fa-f]|7[Ff])")),
    ("escape", re.compile(rb"%(?![0-9A-Fa-f]{2})")),
)
"""What no path may hold, and the word for it."""
NOT_PRINTED = re.compile(rb"[^!-~]")
DOTS = (b".", b"..")


def refused(target: bytes) -> str | None:
    """
    Why a target is refused, from a closed set of words; `None` where it is taken.

    What is taken is a path with one reading only, whoever reads it: the router, a proxy in front,
    the new API. Of a query only its bytes are looked at.
    """
    if PLAIN.fullmatch(target):
        return None
    if target[:1] != b"/":
        return "form"
    if NOT_PRINTED.search(target):
        return "byte"
    if b"#" in target:
        return "fragment"
    return _path_refused(target.partition(b"?")[0])


def _path_refused(path: bytes) -> str | None:
    found = next((word for word, wrong in WRONG if wrong.search(path)), None)
    if found is not None:
        return found
    read = unquote_to_bytes(path)
    # No escape stands for a slash any more: the segments are the same before and after.
    if any(segment in DOTS for segment in read.split(b"/")):
        return "dots"
    try:
        read.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    return None

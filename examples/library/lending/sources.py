"""The sources that this pack's evidence cites; `docs/apis.md` holds what each of them says."""

from __future__ import annotations

from mappings.core.evidence import documented

SOURCES = {
    "DESK": "the handbook of the old lending desk API",
    "REEL": "the reference of the new API",
    "MOVE": "the library's note “Moving to the new API”",
}

DESK = documented("DESK")
REEL = documented("REEL")
MOVE = documented("MOVE")

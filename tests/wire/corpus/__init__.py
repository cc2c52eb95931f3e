"""The malformed corpus: raw requests that no good client sends, by group."""

from __future__ import annotations

from tests.wire.corpus import hops, hosts, limits, syntax, targets
from tests.wire.corpus.case import MARK, SILENCE, Case
from tests.wire.corpus.chunks import CHUNKS, TRAILERS
from tests.wire.corpus.heads import HEADS
from tests.wire.corpus.hosts import LISTED, SERVED_NAMES
from tests.wire.corpus.lengths import CODINGS, LENGTHS

__all__ = ["CORPUS", "GROUPS", "LISTED", "MARK", "SERVED_NAMES", "SILENCE", "Case"]

CORPUS: tuple[Case, ...] = (
    *LENGTHS,
    *CODINGS,
    *CHUNKS,
    *TRAILERS,
    *HEADS,
    *syntax.CASES,
    *targets.CASES,
    *hops.CASES,
    *limits.CASES,
    *hosts.CASES,
)
"""Every case."""

GROUPS = tuple(dict.fromkeys(case.group for case in CORPUS))

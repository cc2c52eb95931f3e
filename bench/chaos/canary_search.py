"""Where canaries are looked for: in every answer, and in all that a gateway tells and leaves."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.canaries import Canaries, Hits, summed
from bench.chaos.canary_requests import RIGHT, Told
from bench.chaos.clients import parsed
from bench.chaos.collector import Collector
from proxy.store.engine import FILE

ERRORS = "answers of 5xx"
REFUSALS = "answers of 4xx: of the new API's"
HEADS = "heads of other answers: of the new API's"
OUTPUT = "standard output and error"
METRICS = "metrics and the other pages of the admin port"
SPANS = "spans, as bytes and decoded"
AUDIT = "audit log"
DATABASE = "database, WAL and shared memory"
FILES = "other files that it wrote, core dumps too"
UNNAMED = "files that it holds open, without a name"
PLACES = (ERRORS, REFUSALS, HEADS, OUTPUT, METRICS, SPANS, AUDIT, DATABASE, FILES, UNNAMED)


@dataclass(slots=True)
class Found:
    """What was found, and in how much."""

    client: Canaries
    upstream: Canaries
    hits: dict[str, Hits] = field(default_factory=lambda: {place: Hits() for place in PLACES})
    """By place."""
    searched: Counter[str] = field(default_factory=Counter)
    """How many bytes, by place: where there were none, nothing was looked at."""
    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    of_others: int = 0
    failed: int = 0
    """Requests that are right, and have no such answer."""
    shown: int = 0
    """How often a canary of the new API stood in a right answer, as it should."""
    files: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    """What there was to find: sealed rows, lines, spans, series."""

    def search(
        self, place: str, data: bytes, sides: Iterable[Canaries], *, identities: bool = True
    ) -> None:
        """Look for the canaries of these sides."""
        found = [side.found(data, identities=identities) for side in sides]
        self.hits[place] = summed([self.hits[place], *found])
        self.searched[place] += len(data)

    def answered(self, told: Told, answer: bytes) -> None:
        """Look at an answer. What a right one shows of a record is the caller's own."""
        head, _, _ = answer.partition(b"\r\n\r\n")
        status = parsed(head)[0] if answer else 0
        self.statuses[f"{status // 100}xx" if status else "closed"] += 1
        self.kinds[told.kind] += 1
        self.failed += told.kind == RIGHT and not 200 <= status < 300
        # What the gateway keeps of a record, whoever may read the record is shown.
        self.of_others += self.upstream.of_others(answer, told.number)
        if status >= 500:
            self.search(ERRORS, answer, (self.client, self.upstream))
        elif status >= 400 or not status:
            # Its own field names are told to a client whose document is wrong.
            self.search(REFUSALS, answer, (self.upstream,))
        else:
            self.shown += self.upstream.found(answer).total()
            # The new API's id of what was made is what the client is to ask for.
            lines = [line for line in head.split(b"\r\n") if not line.startswith(b"location: /")]
            self.search(HEADS, b"\n".join(lines), (self.upstream,))

    def told(self, pages: Iterable[bytes]) -> None:
        """Look at what the admin port tells."""
        for page in pages:
            self.search(METRICS, page, (self.client, self.upstream))

    def collected(self, came: Collector) -> None:
        """Look at the spans. The trace that a client names is no secret: it is there to be told."""
        self.search(SPANS, came.raw, (self.client, self.upstream))
        self.search(SPANS, came.text.encode(), (self.client, self.upstream))

    def audited(self, folder: Path) -> None:
        """Look at the audit log, which names records by pseudonyms alone."""
        for path in _files(folder):
            self.search(AUDIT, path.read_bytes(), (self.client, self.upstream))

    def left(self, *places: Path) -> None:
        """Look at everything that was written in these folders, and at these files."""
        both = (self.client, self.upstream)
        for path in _files(*places):
            data = path.read_bytes()
            self.files += 1
            if path.name in ("out", "err"):
                self.search(OUTPUT, data, both)
            elif path.name.startswith(FILE):
                # It keeps which id is which: that is what it is for.
                self.search(DATABASE, data, both, identities=False)
            else:
                self.search(FILES, data, both)

    def held(self, pids: Iterable[int]) -> None:
        """Look at the files that processes have open and that have no name any more."""
        for data in (data for pid in pids for data in _unnamed(pid)):
            self.search(UNNAMED, data, (self.client, self.upstream))


def _files(*places: Path) -> list[Path]:
    below = (path for place in places for path in (place, *sorted(place.rglob("*"))))
    return [path for path in below if path.is_file()]


def _unnamed(pid: int) -> Iterator[bytes]:
    for held in Path(f"/proc/{pid}/fd").iterdir():
        if held.is_file() and os.readlink(held).endswith(" (deleted)"):
            yield held.read_bytes()

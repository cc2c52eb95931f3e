"""Who saw or changed what: the lines of an audit log that fit a question."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from proxy.audit.folder import AuditFolder, begun_at
from proxy.audit.keys import AuditKey
from proxy.audit.lines import read_as


class Told(msgspec.Struct, frozen=True):
    """What is read of a line that tells of a request."""

    at: str
    event: str
    request_id: str
    operation: str
    records: list[tuple[str, str]]
    client: str = ""
    credential: str | None = None
    status: int | None = None
    upstream_status: int | None = None


Found = tuple[Told, bytes]
"""A line, read and as it stands."""


class Question(msgspec.Struct, frozen=True):
    """What is asked; whatever is none is not asked."""

    since: datetime | None = None
    until: datetime | None = None
    record: str | None = None
    """The new API's id of a record, or the pseudonym of one."""
    client: str | None = None
    """The uid or the token of a legacy application, or the pseudonym of one."""
    request_id: str | None = None


def search(
    folder: AuditFolder,
    keys: Mapping[str, AuditKey],
    question: Question,
    tell: Callable[[int], object] = lambda size: None,
) -> Iterator[Found]:
    """
    The lines that fit, by their time; `verify` tells whether they hold.

    They are read while they are asked for, and a file is opened when its time has come: however
    many there are, those alone are held that were written at one time.
    """
    waiting = _Waiting()
    for path in folder.files():
        yield from waiting.before(_stamp(datetime.fromtimestamp(begun_at(path), UTC)))
        waiting.add(pair for pair in _told(path, tell) if _fits(pair[0], question, keys))
    yield from waiting.before(None)


class _Waiting:
    """Files that are being read, each with the next line of it that fits."""

    def __init__(self) -> None:
        self._heap: list[tuple[str, int, Found, Iterator[Found]]] = []
        self._added = 0

    def add(self, lines: Iterator[Found]) -> None:
        if (found := next(lines, None)) is not None:
            # The number tells lines of one moment apart.
            self._added += 1
            heapq.heappush(self._heap, (found[0].at, self._added, found, lines))

    def before(self, end: str | None) -> Iterator[Found]:
        """What waits of before a moment, or all of it."""
        while self._heap and (end is None or self._heap[0][0] < end):
            _, _, found, lines = heapq.heappop(self._heap)
            yield found
            self.add(lines)


def _told(path: Path, tell: Callable[[int], object]) -> Iterator[Found]:
    with path.open("rb") as opened:
        for line in opened:
            tell(len(line))
            told = read_as(Told, line)
            if told is not None:
                yield told, line


def _fits(told: Told, asked: Question, keys: Mapping[str, AuditKey]) -> bool:
    records = {record for _, record in told.records}
    clients = {told.client, told.credential}
    return (
        (asked.since is None or told.at >= _stamp(asked.since))
        and (asked.until is None or told.at < _stamp(asked.until))
        and (asked.request_id is None or told.request_id == asked.request_id)
        and (asked.record is None or bool(records & _names("record", asked.record.lower(), keys)))
        and (asked.client is None or bool(clients & _names("credential", asked.client, keys)))
    )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _names(what: Any, value: str, keys: Mapping[str, AuditKey]) -> set[str | None]:
    """What may stand in a line for a value: itself, and its pseudonym by each key."""
    return {value, *(key.pseudonym(what, value) for key in keys.values())}

"""An audit log without a gateway: a folder, lines in it, and a disk that is full."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from proxy.audit.audit import Audit
from proxy.audit.folder import LOCK, AuditFolder
from proxy.audit.keys import AuditKey
from proxy.audit.lines import Claim
from proxy.audit.trail import HANDED_OVER, Beginning, Book, Trail
from proxy.audit.verify import Verified, verify

KEYS = f"k1:{base64.b64encode(bytes(32)).decode()}"
OTHER_KEYS = f"k2:{base64.b64encode(bytes([1] * 32)).decode()}"
KEY = AuditKey("k1", bytes(32))
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Stands still until time is let pass."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def let_pass(self, **time: float) -> None:
        """Let so much time go by."""
        self.now += timedelta(**time)


@dataclass
class Writer:
    """Writes files into a folder, as processes of a gateway do."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    counts: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = AuditFolder(self.path)
        self.folder.make()

    def book(self, *, days: int | None = None, file_bytes: int = 10**9) -> Book:
        """What the files of a process have in common."""
        return Book(self.folder, {KEY.name: KEY}, "1.2.3 a-pack 0123456789ab", days, file_bytes)

    def kept_by_another(self) -> AbstractContextManager[None]:
        """Another process is beginning a file, and does not get on with it."""
        return AuditFolder(self.path).locked(0)

    async def waited_for(self) -> None:
        """Wait until somebody else waits for that."""
        while self._locks() < 2:  # noqa: ASYNC110 - a thread opens it, and tells nobody
            await asyncio.sleep(0)

    def _locks(self) -> int:
        links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
        return sum(os.path.realpath(link) == str(self.path / LOCK) for link in links)

    def trail(self, lines: int = 0, **others: Any) -> Trail:
        """A file that is being written, with so many lines after its first one."""
        with closing(Beginning(self.book(**others), self.clock(), 0)) as beginning:
            trail = Trail.begin(beginning, self.clock())
        for number in range(lines):
            trail.append("answered", self.clock(), {"request_id": f"{number:032}"})
        return trail

    def file(self, lines: int = 3, **others: Any) -> Path:
        """A file that is closed, with so many lines between its first and its last one."""
        trail = self.trail(lines, **others)
        trail.close(self.clock())
        self.clock.let_pass(seconds=1)
        return self.path / trail.name

    def audit(self, *, refuses: bool = True, **others: Any) -> Audit:
        """The audit log of one process."""
        return Audit(
            self.book(**others),
            self.clock,
            lambda name, label: self.counts.append((name, label)),
            refuses=refuses,
        )

    def verified(self, expected: Sequence[Claim] = ()) -> Verified:
        """What is found in the folder."""
        return verify(self.folder, {"k1": KEY}, expected)

    def findings(self, expected: Sequence[Claim] = ()) -> list[str]:
        """What is wrong in the folder, by the order in which files were begun."""
        texts = [str(finding) for finding in self.verified(expected).findings]
        for number, path in enumerate(self.folder.files()):
            texts = [text.replace(path.name, f"file {number}") for text in texts]
        return texts


def lines_in(folder: Path) -> list[dict[str, Any]]:
    """Every line of every file of a folder."""
    return [
        json.loads(line)
        for path in AuditFolder(folder).files()
        for line in path.read_bytes().splitlines()
    ]


def events_in(folder: Path) -> list[str]:
    """What each of these lines tells of."""
    return [line["event"] for line in lines_in(folder)]


def tamper(path: Path, how: str) -> None:
    """Do to a file what somebody else must not."""
    if how == "removed":
        path.unlink()
    elif how == "moved":
        path.rename(path.with_name("elsewhere"))
    elif how == "moved with its folder":
        path.parent.rename(path.parent.with_name("elsewhere"))
        path.parent.mkdir()
    else:
        os.truncate(path, 100)


@contextmanager
def no_file_can_be_begun(folder: Path) -> Iterator[None]:
    """Something lies in the way of the next file."""
    (folder / HANDED_OVER).mkdir(parents=True)
    yield
    (folder / HANDED_OVER).rmdir()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """A disk that is full: what would make a file larger than this is not written, or in part."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

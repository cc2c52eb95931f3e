"""The one file of an audit log that a process writes."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from proxy.audit.folder import AuditFolder
from proxy.audit.keys import AuditKey
from proxy.audit.lines import FIRST, LAST, START, Claim, line_of
from proxy.observe.logs import log

HANDED_OVER = ".begun"
"""What a file is called until its first line stands: no file of a folder is ever empty."""

ROOM_BYTES = 64 * 1024
"""What must fit on the disk before lines are written again: else every other one would fail."""

STALE = "it is not what was written: somebody removed or changed it"


@dataclass(frozen=True, slots=True)
class Book:
    """What the files of one process have in common."""

    folder: AuditFolder
    keys: Mapping[str, AuditKey]
    """By name; the first one writes."""
    build: str
    days: int | None
    """How long files are kept."""
    file_bytes: int

    @property
    def key(self) -> AuditKey:
        """The one that writes."""
        return next(iter(self.keys.values()))


class Beginning:
    """
    What a new file will tell of those before it. Until it is closed no other process begins one.

    Made in whatever thread: others may have to be waited for, and there may be many files.
    """

    def __init__(self, book: Book, now: datetime, patience_seconds: float) -> None:
        """Raises `OSError`."""
        folder = book.folder
        with ExitStack() as stack:
            stack.enter_context(folder.locked(patience_seconds))
            firsts = folder.firsts(book.keys)
            self.book = book
            self.folder = firsts[-1].folder if firsts else secrets.token_hex(8)
            self.before = folder.untold(firsts)
            self.removed = [] if book.days is None else folder.outdated(now, book.days)
            self.close = stack.pop_all().close

    def told(self, lost: Claim | None) -> list[Claim]:
        """How those before it stand; `lost` is one that was there, and may not be as it was."""
        left = [it for it in self.before if lost is not None and it.file == lost.file]
        if lost is None or (left and left[0].sequence >= lost.sequence):
            return self.before
        # What was written counts, not what somebody has left of it.
        return [*(it for it in self.before if it not in left), lost]


class Trail:
    """A file, open to append to; every line is one write."""

    def __init__(self, book: Book, name: str, opened: int, now: datetime) -> None:
        self.name = name
        self.size = 0
        self.is_whole = True
        """Whether another line may follow."""
        self._book = book
        self._key = book.key
        self._opened = opened
        self._day = now.astimezone(UTC).date()
        self._sequence = -1
        self._hash = START
        self._closed = False
        self._synced = 0

    @classmethod
    def begin(cls, beginning: Beginning, now: datetime, lost: Claim | None = None) -> Self:
        """
        A new file, whose first line tells of those before it; what is too old is removed.

        `lost` is the last one of this process. Raises `OSError`.
        """
        book = beginning.book
        trail = cls(book, book.folder.free_name(now), _opened(book.folder), now)
        told = {"before": beginning.told(lost), "removed": beginning.removed}
        trail._introduce(now, {"folder": beginning.folder, **told})
        for claim in beginning.removed:
            remove(book.folder.path / claim.file)
        return trail

    def _introduce(self, now: datetime, told: Mapping[str, Any]) -> None:
        folder = self._book.folder.path
        first = {"file": self.name, "key": self._key.name, "build": self._book.build}
        try:
            self.append(FIRST, now, {**first, **told})
            os.fsync(self._opened)
            (folder / HANDED_OVER).rename(folder / self.name)
            _sync_folder(self._book.folder)
        except OSError:
            os.close(self._opened)
            with suppress(OSError):
                (folder / HANDED_OVER).unlink()
            raise

    @property
    def claim(self) -> Claim:
        """How it stands now."""
        return Claim(self.name, self._sequence, self._hash, self._closed)

    def append(self, event: str, now: datetime, told: Mapping[str, Any]) -> None:
        """
        Write one line. Raises `OSError`; then the file is as it was before.

        Should even that fail, the file ends with half a line, and no other one may follow.
        """
        sequence = self._sequence + 1
        at = now.astimezone(UTC).isoformat(timespec="microseconds")[:-6]
        content = msgspec.json.encode(
            {"sequence": sequence, "at": f"{at}Z", "event": event, **told}
        )
        digest = self._key.hash(self._hash, content)
        self._write(line_of(content, digest))
        self._sequence, self._hash = sequence, digest

    def make_sure_of_room(self) -> None:
        """Raises `OSError` where only a few more lines could be written."""
        before = self.size
        self._write(b"\0" * ROOM_BYTES)
        os.ftruncate(self._opened, before)
        self.size = before

    def _write(self, written: bytes) -> None:
        try:
            if os.write(self._opened, written) < len(written):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self.is_whole = False
            os.ftruncate(self._opened, self.size)
            self.is_whole = True
            raise
        self.size += len(written)

    def sync(self) -> None:
        """
        Bring what was written to the disk, in whatever thread.

        Raises `OSError`, also where the file was removed or changed by somebody else.
        """
        size = self.size
        if size != self._synced:
            os.fdatasync(self._opened)
            self._synced = size
        found = os.fstat(self._opened)
        try:
            there = os.lstat(self._book.folder.path / self.name)
        except FileNotFoundError:
            raise OSError(errno.ESTALE, STALE) from None
        if not os.path.samestat(found, there) or found.st_size < size:
            raise OSError(errno.ESTALE, STALE)

    def is_full(self, now: datetime) -> bool:
        """Whether another one should be begun: it is large, or of another day."""
        large = self.size >= self._book.file_bytes
        return large or self._day != now.astimezone(UTC).date()

    def close(self, now: datetime, unwritten: int = 0) -> None:
        """
        Write the last line, which says how many are missing. Raises `OSError`; it is closed
        nevertheless.
        """
        try:
            self.append(LAST, now, {"unwritten": unwritten} if unwritten else {})
            self._closed = True
            os.fdatasync(self._opened)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Leave it as it is, without a last line."""
        os.close(self._opened)


def _opened(folder: AuditFolder) -> int:
    # One that a killed process has left, or a pipe that would be waited for.
    (folder.path / HANDED_OVER).unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    opened = os.open(folder.path / HANDED_OVER, flags, 0o600)
    # It tells others that the file is being written; nobody else has it.
    fcntl.flock(opened, fcntl.LOCK_EX)
    return opened


def remove(path: Path) -> None:
    """Remove a file that is too old."""
    try:
        path.unlink()
    except OSError as error:
        # Nothing is wrong with the log then: the next file that is begun tries again.
        log.error("an old file of the audit log cannot be removed", reason=str(error.strerror))


def _sync_folder(folder: AuditFolder) -> None:
    opened = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

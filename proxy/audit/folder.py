"""The folder of an audit log: its files, and what they tell of each other."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proxy.audit.keys import AuditKey
from proxy.audit.lines import LAST, START, Claim, First, Line, parted, read_as
from proxy.errors import ConfigurationError
from proxy.settings import PREFIX

NAME = re.compile(r"audit-(\d{8}T\d{6}\.\d{6}Z)-\d+\.jsonl", re.ASCII)
STAMP = "%Y%m%dT%H%M%S.%fZ"
LOCK = ".lock"
TAIL_BYTES = 64 * 1024
"""The end of a file that is looked at for its last line; it grows until there is one."""

PATIENCE_SECONDS = 1.0
"""How long other processes may keep one from beginning a file: who keeps it longer is stopped."""

TRY_SECONDS = 0.01


class AuditFolder:
    """A folder that several processes may share, on one machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it, for this user alone, where it is not there; raises `ConfigurationError`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(BlockingIOError), self.locked(0):
                pass
        except OSError as error:
            raise ConfigurationError(
                f"{PREFIX}AUDIT_DIR: {self.path} cannot be written: {error.strerror}"
            ) from error

    @contextlib.contextmanager
    def locked(self, patience_seconds: float) -> Iterator[None]:
        """
        Keep other processes from beginning a file; it takes them milliseconds.

        Raises `OSError`, a `BlockingIOError` where another one keeps it for so long.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        opened = os.open(self.path / LOCK, flags, 0o600)
        try:
            _lock(opened, patience_seconds)
            yield
        finally:
            os.close(opened)

    def files(self) -> list[Path]:
        """Its files, by the time at which they were begun."""
        return self._named(regular=True)

    def no_files(self) -> list[Path]:
        """What has the name of a file and is none: a folder, a link, a pipe. Nobody opens it."""
        return self._named(regular=False)

    def _named(self, *, regular: bool) -> list[Path]:
        with os.scandir(self.path) as entries:
            named = [it for it in entries if NAME.fullmatch(it.name)]
        return sorted(Path(it) for it in named if it.is_file(follow_symlinks=False) is regular)

    def free_name(self, now: datetime) -> str:
        """The name of a file that is begun now."""
        while True:
            name = f"audit-{now.astimezone(UTC).strftime(STAMP)}-{os.getpid()}.jsonl"
            if not (self.path / name).exists():
                return name
            now += timedelta(microseconds=1)

    def firsts(self, keys: Mapping[str, AuditKey]) -> list[First]:
        """
        The first lines that these keys have written, by the time of their files. What another one
        says counts for nothing: anybody could have put it there.
        """
        firsts = (_signed(_first_line(path), path.name, keys) for path in self.files())
        return [first for first in firsts if first is not None]

    def untold(self, firsts: Iterable[First]) -> list[Claim]:
        """How those files stand now of which no first line tells how they ended."""
        told = {it.file for first in firsts for it in first.before if not it.written}
        claims = (claim_of(path) for path in self.files() if path.name not in told)
        return [claim for claim in claims if claim is not None]

    def outdated(self, now: datetime, days: int) -> list[Claim]:
        """
        The oldest files that have not been written for so many days, up to the first one that was:
        so what tells of a removed file is never removed after what tells that it may be missing.
        """
        end = (now - timedelta(days=days)).timestamp()
        found: list[Claim] = []
        for path in self.files():
            # Anybody who can write the folder can set the time of a file; its name is in its hash.
            if is_written(path) or max(path.stat().st_mtime, begun_at(path)) > end:
                break
            claim = claim_of(path)
            found.append(claim or Claim(path.name, -1, ""))
        return found


def begun_at(path: Path) -> float:
    """When a file was begun, as its name says; none is written for longer than a day."""
    try:
        return datetime.strptime(path.name.split("-")[1], STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        # No file of ours has such a name.
        return 0.0


def is_written(path: Path) -> bool:
    """Whether a process has a file open to write it, as far as its lock can be seen from here."""
    with path.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def first_of(path: Path) -> First | None:
    """The first line of a file, if it is one, whoever has written it."""
    first: First | None = read_as(First, _first_line(path))
    return first


def _first_line(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.readline()


def _signed(line: bytes, name: str, keys: Mapping[str, AuditKey]) -> First | None:
    first: First | None = read_as(First, line)
    parts = parted(line)
    if first is None or parts is None or first.file != name or first.key not in keys:
        return None
    return first if keys[first.key].hash(START, parts[0]) == parts[1] else None


def _lock(opened: int, patience_seconds: float) -> None:
    """By trying, for who has the lock may be a process that was stopped."""
    end = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(TRY_SECONDS)
        else:
            return


def claim_of(path: Path) -> Claim | None:
    """How a file stands now; nothing for one without a whole line. What is told is on the disk."""
    written = is_written(path)
    with path.open("rb") as opened:
        os.fdatasync(opened.fileno())
        last = _last_line(opened.fileno())
    line, parts = read_as(Line, last), parted(last)
    if line is None or parts is None:
        return None
    closed = line.event == LAST
    return Claim(path.name, line.sequence, parts[1], closed, written=written and not closed)


def _last_line(opened: int) -> bytes:
    """The last line that is whole."""
    size, length = os.fstat(opened).st_size, TAIL_BYTES
    while True:
        tail = os.pread(opened, length, max(0, size - length))
        whole = tail[: tail.rfind(b"\n") + 1]
        start = whole.rfind(b"\n", 0, -1) + 1
        if start or length >= size:
            return whole[start:]
        length *= 4

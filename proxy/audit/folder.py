"""The folder of an audit log: its files, and what they tell of each other."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proxy.audit.lines import LAST, Claim, First, Line, parted, read_as
from proxy.errors import ConfigurationError
from proxy.settings import PREFIX

NAME = re.compile(r"audit-(\d{8}T\d{6}\.\d{6}Z)-\d+\.jsonl", re.ASCII)
STAMP = "%Y%m%dT%H%M%S.%fZ"
LOCK = ".lock"
TAIL_BYTES = 64 * 1024
"""The end of a file that is looked at for its last line; it grows until there is one."""


class AuditFolder:
    """A folder that several processes may share, on one machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it, for this user alone, where it is not there; raises `ConfigurationError`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.locked():
                pass
        except OSError as error:
            raise ConfigurationError(
                f"{PREFIX}AUDIT_DIR: {self.path} cannot be written: {error.strerror}"
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from beginning a file; it takes them milliseconds."""
        opened = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield
        finally:
            os.close(opened)

    def files(self) -> list[Path]:
        """Its files, by the time at which they were begun."""
        return sorted(it for it in self.path.iterdir() if NAME.fullmatch(it.name))

    def free_name(self, now: datetime) -> str:
        """The name of a file that is begun now."""
        while True:
            name = f"audit-{now.astimezone(UTC).strftime(STAMP)}-{os.getpid()}.jsonl"
            if not (self.path / name).exists():
                return name
            now += timedelta(microseconds=1)

    def untold(self) -> list[Claim]:
        """How those files stand now of which no other one tells how they ended."""
        files = self.files()
        firsts = [first for path in files if (first := first_of(path)) is not None]
        told = {it.file for first in firsts for it in first.before if not it.written}
        claims = (claim_of(path) for path in files if path.name not in told)
        return [claim for claim in claims if claim is not None]

    def outdated(self, now: datetime, days: int) -> list[Claim]:
        """
        The oldest files that have not been written for so many days, up to the first one that was:
        so what tells of a removed file is never removed after what tells that it may be missing.
        """
        end = (now - timedelta(days=days)).timestamp()
        found: list[Claim] = []
        for path in self.files():
            if is_written(path) or path.stat().st_mtime > end:
                break
            claim = claim_of(path)
            found.append(claim or Claim(path.name, -1, ""))
        return found


def is_written(path: Path) -> bool:
    """Whether a process has a file open to write it, as far as its lock can be seen from here."""
    with path.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def first_of(path: Path) -> First | None:
    """The first line of a file, if it is one."""
    with path.open("rb") as opened:
        first: First | None = read_as(First, opened.readline())
    return first


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

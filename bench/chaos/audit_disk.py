"""A disk that can be filled and freed under a gateway that serves."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from bench.chaos.serving import Gateway

MEBIBYTE = 1024**2


class Disk(Protocol):
    """Where an audit log lies."""

    kind: str

    def fill(self, serving: Gateway) -> None:
        """Leave no room on it."""
        ...

    def free(self, serving: Gateway) -> None:
        """Make room again."""
        ...


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A file system of a mebibyte in this folder, where one can be had; else a limit of files."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(folder)]
    if mount is None or os.geteuid() or subprocess.run(command, check=False).returncode:  # noqa: S603 - ours
        yield LimitedFiles(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - as above


class SmallDisk:
    """A file system of its own, of which another file takes all the room."""

    kind = "tmpfs"

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, serving: Gateway) -> None:
        """Write until nothing fits any more."""
        with suppress(OSError), self._filler.open("wb", buffering=0) as filler:
            for _ in range(MEBIBYTE // 512):
                filler.write(bytes(512))

    def free(self, serving: Gateway) -> None:
        """Remove what was written."""
        self._filler.unlink()


class LimitedFiles:
    """No file of the gateway may grow beyond the audit log's present size."""

    kind = "RLIMIT_FSIZE"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, serving: Gateway) -> None:
        """Set the limit; the gateway ignores the signal, as every Python does."""
        size = max(path.stat().st_size for path in self._folder.glob("*.jsonl"))
        limit = (size, self._before[1])
        resource.prlimit(serving.running.pid, resource.RLIMIT_FSIZE, limit)

    def free(self, serving: Gateway) -> None:
        """Take the limit away."""
        resource.prlimit(serving.running.pid, resource.RLIMIT_FSIZE, self._before)

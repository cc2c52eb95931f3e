"""Whether a commit is on the disk: the store's own connection says so, and the system calls too."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

from bench.reliability.databases import UPSTREAM, Database, Databases
from bench.reliability.figure import Figure
from proxy.settings.keys import new_key
from proxy.store.connection import Connection
from proxy.store.database import Database as Stored

COUNTED = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*?(fdatasync|fsync)$", re.MULTILINE)
FULL = 2
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "strace")


def fsync(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """The figure for SQLite; a PostgreSQL server answers for itself."""
    figure = Figure("fsync, SQLite")
    with databases.sqlite() as database:
        synchronous, mode = asyncio.run(_pragmas(database))
        figure.counts |= {"synchronous": synchronous, "journal mode": mode}
        figure.expect(synchronous == FULL, "synchronous is FULL (2)")
        figure.expect(mode == "wal", "the journal is a write-ahead log")
        _trace(database, figure, 20 if quick else 200)
    yield figure


async def _pragmas(database: Database) -> tuple[int, str]:
    """What the connection that writes says of itself."""
    stored = Stored(database.settings)

    def ask(connection: Connection) -> tuple[int, str]:
        ((synchronous,),) = connection.execute("PRAGMA synchronous")
        ((mode,),) = connection.execute("PRAGMA journal_mode")
        return synchronous, mode

    found = await stored.write(ask)
    await stored.close()
    return found


def _trace(database: Database, figure: Figure, commits: int) -> None:
    """Count the calls that wait for the disk while so many commits are made."""
    figure.counts["commits"] = commits
    if not (strace := _strace()):
        figure.skipped = "strace is not there, and cannot be installed: apt-get install strace"
        return
    told = database.settings.data_dir / "strace"
    command = [strace, "-f", "-c", "-e", "trace=fdatasync,fsync", "-o", str(told)]
    settings = {
        "PASSERELLE_UPSTREAM_URL": UPSTREAM,
        "PASSERELLE_DATA_DIR": str(database.settings.data_dir),
        "PASSERELLE_KEYS": new_key(),
    }
    ended = subprocess.run(  # noqa: S603 - a command of this module
        [*command, sys.executable, "-m", "bench.reliability.writer", str(commits)],
        env={**os.environ, **settings},
        check=False,
        capture_output=True,
        text=True,
    )
    if "ptrace" in ended.stderr.lower():
        figure.skipped = "this machine does not let processes be traced"
        return
    calls = {name: int(count) for count, name in COUNTED.findall(told.read_text())}
    figure.counts |= calls
    figure.expect(ended.returncode == 0, "the writer ended well")
    figure.expect(sum(calls.values()) >= commits, "a commit waits for the disk at least once")


def _strace() -> str | None:
    """Where strace is, once it was installed where that is possible."""
    if shutil.which("strace") is None and shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(INSTALL, check=False, capture_output=True)  # noqa: S603 - a command of this module
    return shutil.which("strace")

"""How far a conversion has come: a small file beside its output, from which it can go on."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec

from proxy.cli.dumps.plan import Plan
from proxy.settings import PackSettings, StoreSettings

ENDING = ".progress"
HEAD_BYTES = 64 * 1024
PLACES = ("host", "hostaddr", "port", "dbname", "options")
"""What the query of a PostgreSQL URL may say of where the store is."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Digests of what must be the same for a conversion to go on; standard input has none."""

    command: str
    mapping: str
    input: str
    store: str = ""
    """Of the crosswalk, where there is one."""

    def differs(self, other: Identity) -> str:
        """What is another one, in words; empty where nothing is."""
        if not other.input:
            return "standard input cannot be read again"
        words = {
            "command": "the options are others",
            "mapping": "the mapping, its options or its tables have changed",
            "input": "the input has changed",
            "store": "the store is another one",
        }
        return ", and ".join(
            text for name, text in words.items() if getattr(self, name) != getattr(other, name)
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that was done before one place in the input."""

    offset: int = 0
    line: int = 0
    output_bytes: int = 0
    rejects_bytes: int = 0
    documents: int = 0
    rejected: int = 0
    rejected_lines: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    ended: bool = False
    """Whether this is the end of the input; only files are still to be renamed."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What the file holds; the day stays the one of the first run."""

    identity: Identity
    today: str
    at: Checkpoint


class BrokenJournalError(Exception):
    """The file is no journal of this version."""


def path_of(output: Path) -> Path:
    """Where the journal of an output lies."""
    return output.with_name(output.name + ENDING)


def read(path: Path) -> Journal | None:
    """The journal, if there is one; raises `BrokenJournalError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Journal)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenJournalError from error


def write(path: Path, journal: Journal) -> None:
    """Put it in the place of the one before, on the disk, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(journal))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path)


def sync_folder(path: Path) -> None:
    """Bring to the disk what a folder says of this file: its name, or that it is gone."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def identity_of(
    plan: Plan, rejects: Path | None, settings: PackSettings, file: Path, store: str = ""
) -> Identity:
    """The digests for a conversion of `file`; the day is no part of them."""
    said = msgspec.to_builtins(plan)
    said.pop("today")
    return Identity(
        command=_digest([msgspec.json.encode([said, str(rejects)])]),
        mapping=_digest(_mapping(settings)),
        input="" if str(file) == "-" else _digest(_input(file)),
        store=_digest([store.encode()]),
    )


def store_name(settings: StoreSettings) -> str:
    """Which store it is, without how one signs in there."""
    if settings.store_url is None:
        return str(settings.data_dir.resolve())
    parts = urlsplit(settings.store_url.get_secret_value())
    said = [pair for pair in parse_qsl(parts.query) if pair[0] in PLACES]
    return f"{parts.hostname}:{parts.port}{parts.path} {said}"


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


def _mapping(settings: PackSettings) -> Iterable[bytes]:
    """The code of the pack and of what it is made of, its options and its tables."""
    for package in ("mappings.core", settings.pack):
        found = importlib.util.find_spec(package)
        for folder in (found and found.submodule_search_locations) or []:
            yield from _files(Path(folder).rglob("*.py"))
        if found and found.origin:
            yield Path(found.origin).read_bytes()
    yield from _files([settings.pack_options] if settings.pack_options else [])
    yield from _files(settings.tables.iterdir() if settings.tables else [])


def _files(paths: Iterable[Path]) -> Iterable[bytes]:
    for path in sorted(paths):
        if path.is_file():
            yield path.name.encode()
            yield path.read_bytes()


def _input(file: Path) -> Iterable[bytes]:
    """Its size, when it was written, and how it begins: a dump is too large to be read twice."""
    status = file.stat()
    yield f"{status.st_size} {status.st_mtime_ns}".encode()
    with file.open("rb") as opened:
        yield opened.read(HEAD_BYTES)

"""Which form a dump has, and where its documents begin: found before anything is read of it."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from proxy import strict_json
from proxy.journey.legacy_body import BOM
from proxy.store.staging import MAX_LINE_BYTES

MAX_DEPTH = 64
MAX_WHOLE_BYTES = 128 * 1024**2
"""A document that is longer than one line is held in memory; a larger file is read as lines."""

MAGIC = b"\x1f\x8b"
ZIPPED = ".gz"
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
DAMAGE = "its gzip is damaged, or has no end"


class Form(StrEnum):
    """How documents stand in a file."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


ENDINGS = {".csv": Form.CSV, ".ndjson": Form.NDJSON, ".jsonl": Form.NDJSON}


class UnreadableError(Exception):
    """A file is not what its name says; says why, without anything of its content."""


def form_of(path: Path) -> Form:
    """What the ending says; JSON, in one line or many, where it says nothing."""
    name = path.with_suffix("") if is_zipped(path) else path
    return ENDINGS.get(name.suffix.lower(), Form.JSON)


def is_zipped(path: Path) -> bool:
    """Whether the ending says gzip."""
    return path.suffix.lower() == ZIPPED


@dataclass(slots=True)
class Source:
    """An input that is open: its bytes, unzipped."""

    file: BinaryIO
    raw: BinaryIO | None = None
    """The file itself, to tell how far it was read; none for standard input."""
    _head: io.BytesIO = field(default_factory=io.BytesIO)

    def readline(self, limit: int = MAX_LINE_BYTES) -> bytes:
        """The next line, or as much of it as the limit allows; raises `UnreadableError`."""
        try:
            return self._head.readline(limit) or self.file.readline(limit)
        except DAMAGED as error:
            raise UnreadableError(DAMAGE) from error

    def read(self, limit: int) -> bytes:
        """What comes next, up to so many bytes; raises `UnreadableError`."""
        try:
            return self.file.read(limit)
        except DAMAGED as error:
            raise UnreadableError(DAMAGE) from error

    def give_back(self, read: bytes) -> None:
        """Let what was read ahead, whole lines of it, be read again."""
        self._head = io.BytesIO(read)

    def skip_to(self, offset: int) -> None:
        """Go on where another run stopped."""
        self._head = io.BytesIO()
        self.file.seek(offset)

    @property
    def bytes_read(self) -> int:
        """How much of the file itself was read."""
        return 0 if self.raw is None else self.raw.tell()


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """
    The file, or standard input for `-`; gzip is known by its first bytes.

    Raises `OSError`, and `UnreadableError` for a name that ends in .gz over something else.
    """
    with ExitStack() as stack:
        if str(path) == "-":
            piped = sys.stdin.buffer
            if not isinstance(piped, io.BufferedReader):
                piped = io.BufferedReader(cast("io.RawIOBase", piped))
                stack.callback(piped.detach)
            raw, file = None, cast("BinaryIO", piped)
            # What a pipe has is looked at without being taken.
            zipped = piped.peek(len(MAGIC)).startswith(MAGIC)
        else:
            raw = file = stack.enter_context(path.open("rb"))
            zipped = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            if is_zipped(path) and not zipped:
                raise UnreadableError(f"it ends in {ZIPPED} and is no gzip")
        if zipped:
            file = cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=file, mode="rb")))
        yield Source(file, raw)


def whole_document(source: Source, encoding: str) -> tuple[int, int, bytes] | None:
    """
    The one document in a JSON file, after its first and last line; none where each line is one.

    A line each where the first or the second is one by itself. Nothing of the lines is taken.
    """
    head, number, line = _first_line(source)
    first = line.removeprefix(BOM)
    if not first or is_document(first, encoding):
        source.give_back(head)
        return None
    rest = source.read(MAX_WHOLE_BYTES)
    if len(rest) == MAX_WHOLE_BYTES or (
        not is_document(first + rest, encoding) and is_document(_second_line(rest), encoding)
    ):
        # No line may be cut in two.
        source.give_back(head + rest + source.readline())
        return None
    return number, number + rest.count(b"\n", 0, -1) + bool(rest), first + rest


def _first_line(source: Source) -> tuple[bytes, int, bytes]:
    """All up to the first line that is not blank, its number, and itself."""
    head, number = b"", 0
    while line := source.readline():
        head, number = head + line, number + 1
        if line.removeprefix(BOM).strip():
            return head, number, line
    return head, number, b""


def _second_line(rest: bytes) -> bytes:
    return next((line for line in io.BytesIO(rest) if line.strip()), b"")


def is_document(raw: bytes, encoding: str) -> bool:
    """Whether these bytes are one JSON document."""
    try:
        strict_json.parse(raw if encoding == "utf-8" else raw.decode(encoding).encode(), MAX_DEPTH)
    except ValueError:
        return False
    return True

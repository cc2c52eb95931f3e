"""A dump in chunks of whole records: where one ends does not depend on who works on it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proxy.cli.dumps import cells
from proxy.cli.dumps.form import Form, Source, UnreadableError, whole_document
from proxy.journey.legacy_body import BOM
from proxy.store.staging import MAX_LINE_BYTES

CHUNK_BYTES = 512 * 1024

Numbered = tuple[int, int, bytes]
"""The first and the last line of a record, and the record as it stands; empty: it is too long."""

IsWhole = Callable[[bytes, bool], bool]
"""Whether a record ends where this line does; and whether the line goes on with one."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records, one after another."""

    records: list[Numbered]
    end: int
    """Where the next chunk begins: bytes from the beginning, unzipped."""
    last_line: int


def whole_lines(line: bytes, goes_on: bool) -> bool:
    """A record a line."""
    return True


def whole_cells(delimiter: str) -> IsWhole:
    """A record of CSV: a cell that begins with a quote may go on in the next line."""
    other = re.escape(delimiter.encode())
    cell = rb'(?:"(?:[^"]|"")*+"[^%s]*+|[^%s"][^%s]*+|)' % (other, other, other)
    begun = re.compile(rb"%s(?:%s%s)*+" % (cell, other, cell))
    # A line that does not end its record ends within quotes: no line is looked at twice.
    within = re.compile(rb'(?:[^"]|"")*+"[^%s]*+(?:%s%s)*+' % (other, other, cell))

    def is_whole(line: bytes, goes_on: bool) -> bool:
        if b'"' not in line:
            return not goes_on
        return (within if goes_on else begun).fullmatch(line.rstrip(b"\r\n")) is not None

    return is_whole


def chunks(source: Source, is_whole: IsWhole, *, offset: int, line: int) -> Iterator[Chunk]:
    """
    The records after so many bytes and lines, blank ones left out.

    Raises `UnreadableError` after all that could be read.
    """
    records: list[Numbered] = []
    began = offset
    damage: UnreadableError | None = None
    try:
        for first, length, last, record in _records(source, is_whole, line):
            offset, line = offset + length, last
            if record is None or not record.isspace():
                records.append((first, last, record or b""))
            if offset - began >= CHUNK_BYTES:
                yield Chunk(records, offset, line)
                records, began = [], offset
    except UnreadableError as error:
        damage = error
    if offset > began:
        yield Chunk(records, offset, line)
    if damage is not None:
        raise damage


def _records(
    source: Source, is_whole: IsWhole, line: int
) -> Iterator[tuple[int, int, int, bytes | None]]:
    """Each with its first line, its length, its last line; none for one that is too long."""
    while raw := source.readline():
        line, first, length, record = line + 1, line + 1, len(raw), bytearray(raw)
        cut, whole = _is_cut(raw), is_whole(raw, False)
        while (cut or not whole) and (raw := source.readline()):
            line += not cut
            length += len(raw)
            cut = _is_cut(raw)
            if length > MAX_LINE_BYTES:
                # Whatever it is, it ends with this line.
                record, whole = bytearray(), True
            else:
                record += raw
                whole = is_whole(raw, not whole)
        if first == 1 and record.startswith(BOM):
            del record[: len(BOM)]
        yield first, length, line, bytes(record) if length <= MAX_LINE_BYTES else None


def _is_cut(raw: bytes) -> bool:
    return len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n")


@dataclass(frozen=True, slots=True)
class Dump:
    """An input of which it is known how its records stand in it."""

    source: Source
    form: Form
    whole: Numbered | None = None
    """The one document, where there is but one; it was read already."""
    header: tuple[str, ...] = ()
    delimiter: str = ","
    begins: int = 0
    """How many bytes the header has; it is one line."""

    def chunks(self, offset: int, line: int) -> Iterator[Chunk]:
        """What comes after so many bytes and lines; from the beginning, after none."""
        if self.whole is not None:
            _, last, document = self.whole
            return iter([] if offset else [Chunk([self.whole], len(document), last)])
        if offset:
            self.source.skip_to(offset)
        is_csv = self.form is Form.CSV
        return chunks(
            self.source,
            whole_cells(self.delimiter) if is_csv else whole_lines,
            offset=offset or self.begins,
            line=line or int(is_csv),
        )


def dump_of(source: Source, form: Form, encoding: str, delimiter: str | None) -> Dump:
    """The dump in a source; raises `UnreadableError` where the header of CSV cannot be read."""
    line = source.readline()
    source.give_back(line)
    if encoding != "utf-8" and line.startswith(BOM):
        raise UnreadableError(f"its byte order mark says that it is UTF-8, and not {encoding}")
    if form is Form.JSON:
        whole = whole_document(source, encoding)
        return Dump(source, Form.JSON if whole else Form.NDJSON, whole)
    if form is Form.NDJSON:
        return Dump(source, form)
    line = source.readline()
    try:
        text = line.removeprefix(BOM).decode(encoding)
        chosen = delimiter or cells.delimiter_of(text)
        header = tuple(cells.cells(text, chosen))
    except (ValueError, csv.Error) as error:
        raise UnreadableError(f"its first line is not CSV in {encoding}") from error
    if not header:
        raise UnreadableError(cells.NO_HEADER)
    return Dump(source, form, None, header, chosen, len(line))

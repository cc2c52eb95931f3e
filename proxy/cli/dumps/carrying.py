"""Chunks of a dump carried over: what is written, what is rejected, what is lost."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mappings.core.context import Context, Document, Json, Key, Loss
from mappings.core.errors import DocumentError, Problem
from mappings.core.record_mapping import RecordMapping
from proxy import packs, strict_json
from proxy.cli.dumps import cells
from proxy.cli.dumps.chunks import Numbered
from proxy.cli.dumps.form import MAX_DEPTH, Form
from proxy.cli.dumps.ids import Identified, Pair, StoredIds
from proxy.cli.dumps.plan import Direction, Plan
from proxy.cli.dumps.rejects import Reject, Wrong
from proxy.observe.losses import Losses


@dataclass(slots=True)
class Carried:
    """What became of a chunk."""

    written: bytes = b""
    documents: int = 0
    rejects: list[Reject] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    pairs: list[tuple[int, list[Pair]]] = field(default_factory=list)
    """What the lines tell for the crosswalk."""
    unknown: set[Key] = field(default_factory=set)
    """Legacy ids that the crosswalk did not know when these lines were looked up."""


@dataclass(slots=True)
class Part:
    """A document of a record: the only one, or an item of an array."""

    document: Json
    where: str = ""
    """Its pointer in the record."""
    converted: Document | None = None
    lost: Sequence[Loss] = ()
    unknown: Sequence[str] = ()
    pairs: list[Pair] = field(default_factory=list)
    without: Sequence[Key] = ()
    """Legacy ids that the crosswalk does not know."""
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """A record of a chunk on its way."""

    line: int
    to: int
    raw: bytes
    parts: list[Part] = field(default_factory=list)
    is_array: bool = False
    wrong: tuple[Wrong, ...] = ()


class Translator:
    """Carries chunks over, without a base and without anything set aside."""

    def __init__(self, plan: Plan, loaded: packs.Loaded, ids: StoredIds | None = None) -> None:
        self._plan = plan
        self._mapping: RecordMapping = loaded.pack.mappings[plan.resource]
        self._context = Context(today=plan.today, tables=loaded.tables)
        self._ids = ids
        is_up = plan.direction is Direction.UPGRADE
        read, target = self._mapping.legacy, self._mapping.modern
        self._read, target = (read, target) if is_up else (target, read)
        self._columns = cells.columns(plan.header, self._read) if plan.header else ()
        self._names = tuple(target.model_fields)
        self._carry = self._upgrade if is_up else self._downgrade

    def carry(self, records: Iterable[Numbered], refused: Iterable[int] = ()) -> Carried:
        """What becomes of the records; the crosswalk has `refused` what these lines tell it."""
        read = [self._record(*numbered) for numbered in records]
        self._carry([part for record in read for part in record.parts])
        carried, converted, contradict = Carried(), [], frozenset(refused)
        for record in read:
            wrong = self._wrong(record, record.line in contradict)
            if wrong:
                carried.rejects.append(Reject(record.line, record.to, wrong, self._text(record)))
                continue
            converted.append(record)
            for part in record.parts:
                carried.unknown.update(part.without)
                carried.losses.count(part.lost, part.unknown)
            if pairs := [pair for part in record.parts for pair in part.pairs]:
                carried.pairs.append((record.line, pairs))
        carried.documents = len(converted)
        carried.written = self._zipped(self._lines(converted))
        return carried

    def settled(self, records: Iterable[Numbered], carried: Carried) -> Carried:
        """The same once the crosswalk has what these tell; what contradicts it is rejected."""
        if self._ids is None:
            return carried
        refused = self._ids.accept(carried.pairs)
        # A line before may have told an id after another process had looked for it.
        return (
            self.carry(records, refused) if refused or self._ids.told(carried.unknown) else carried
        )

    def header(self) -> bytes:
        """What stands before the first record."""
        if self._plan.write is not Form.CSV:
            return b""
        return self._zipped(cells.written([self._names], self._plan.written_delimiter))

    def _zipped(self, lines: bytes) -> bytes:
        """The bytes as they are written: of gzip, a member by itself, the same at any time."""
        return gzip.compress(lines, 6, mtime=0) if self._plan.zipped and lines else lines

    def _lines(self, records: Sequence[Record]) -> bytes:
        if self._plan.write is Form.CSV:
            parts = (part for record in records for part in record.parts)
            rows = [cells.row(part.converted or {}, self._names) for part in parts]
            return cells.written(rows, self._plan.written_delimiter)
        return b"".join(strict_json.dump(_document(record)) + b"\n" for record in records)

    def _record(self, line: int, to: int, raw: bytes) -> Record:
        record = Record(line, to, raw)
        try:
            document = self._document(raw)
        except strict_json.NotStrictJsonError as error:
            record.wrong = (Wrong(str(error)),)
        except UnicodeDecodeError:
            record.wrong = (Wrong(f"not {self._plan.encoding}"),)
        except csv.Error:
            record.wrong = (Wrong("not CSV"),)
        except _RunsOverError:
            record.wrong = (Wrong("not CSV: a quote seems not to be closed"),)
        except _NotAsManyCellsError:
            record.wrong = (Wrong(f"expected {len(self._columns)} cells"),)
        else:
            record.is_array = isinstance(document, list)
            items = document if isinstance(document, list) else [document]
            record.parts = [
                Part(item, f"/{place}" if record.is_array else "")
                for place, item in enumerate(items)
            ]
        return record

    def _document(self, raw: bytes) -> Json:
        plan = self._plan
        if not raw:
            raise strict_json.NotStrictJsonError("longer than 16 MiB")
        if plan.read is not Form.CSV:
            utf8 = raw if plan.encoding == "utf-8" else raw.decode(plan.encoding).encode()
            return strict_json.parse(utf8, MAX_DEPTH)
        text = raw.decode(plan.encoding)
        row = cells.cells(text, plan.delimiter)
        if cells.runs_over(text, row, plan.delimiter):
            raise _RunsOverError
        if len(row) != len(self._columns):
            raise _NotAsManyCellsError
        return cells.document(row, self._columns, empty=plan.empty)

    def _text(self, record: Record) -> str | None:
        if not self._plan.rejected_text:
            return None
        return record.raw.decode(self._plan.encoding, errors="replace")

    def _wrong(self, record: Record, contradicts: bool) -> tuple[Wrong, ...]:
        found = [
            Wrong(it.reason, part.where + it.pointer, cells.column_of(it.pointer, self._columns))
            for part in record.parts
            for it in part.problems
        ]
        if contradicts:
            found.append(Wrong("modern_id: contradicts the crosswalk, or a line before"))
        return record.wrong or tuple(found)

    def _upgrade(self, parts: Sequence[Part]) -> None:
        identified = (
            None if self._ids is None else self._ids.identified([it.document for it in parts])
        )
        for place, part in enumerate(parts):
            known = None if identified is None else identified[place]
            part.problems += (
                [it for dumped in known.records for it in dumped.problems] if known else []
            )
            try:
                upgraded = self._mapping.upgrade(part.document, self._context)
            except DocumentError as error:
                part.problems += [it for it in error.problems if it not in part.problems]
                continue
            part.converted, part.lost = upgraded.document, upgraded.lost_unless_kept
            if known is not None:
                self._identify(part, known)

    def _identify(self, part: Part, known: Identified) -> None:
        part.converted = known.with_ids(self._mapping, part.converted or {})
        carried = known.carried
        part.lost = [loss for loss in part.lost if loss.pointer not in carried]
        part.pairs, part.without = known.pairs, known.unknown

    def _downgrade(self, parts: Sequence[Part]) -> None:
        for part in parts:
            part.problems += self._mapping.misfits(part.document, "")
        fit = [part for part in parts if not part.problems]
        context = self._context
        if self._ids is not None:
            ids = self._ids.given([part.document for part in fit])
            context = Context(today=context.today, ids=ids, tables=context.tables)
        for part in fit:
            shown = self._mapping.show(part.document, context)
            part.converted, part.unknown = shown.document, shown.unknown


class _RunsOverError(Exception):
    """A cell holds what looks like a row."""


class _NotAsManyCellsError(Exception):
    """A row is shorter or longer than the header."""


def _document(record: Record) -> Json:
    documents = [part.converted for part in record.parts]
    return documents if record.is_array else documents[0]

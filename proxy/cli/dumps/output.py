"""Where a conversion writes: standard output, or files that a kill leaves ready to go on with."""

from __future__ import annotations

import fcntl
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

from proxy.cli.dumps import journal
from proxy.cli.dumps.carrying import Carried
from proxy.cli.dumps.chunks import Chunk
from proxy.cli.dumps.journal import BrokenJournalError, Checkpoint, Journal

CHECKPOINT_BYTES = 8 * 1024**2
"""After so much of the input, all that is written is brought to the disk."""
PART = ".part"
ANEW = "--overwrite begins anew"


class OutputRefusedError(Exception):
    """What is there already must not be overwritten; says the next step."""


class Output:
    """Takes what became of each chunk, in order: here, to standard output."""

    def __init__(self, at: Checkpoint) -> None:
        self.at = at
        """What has become of the records so far."""

    def begin(self, header: bytes) -> None:
        """Write what stands before the first record, where nothing is written yet."""
        if not self.at.output_bytes:
            self._write(header, b"")
            self.at = replace(self.at, output_bytes=len(header))

    def take(self, chunk: Chunk, carried: Carried) -> None:
        """Write what became of one chunk, and count it."""
        rejects = b"".join(reject.row() for reject in carried.rejects)
        self._write(carried.written, rejects)
        at = self.at
        self.at = Checkpoint(
            offset=chunk.end,
            line=chunk.last_line,
            output_bytes=at.output_bytes + len(carried.written),
            rejects_bytes=at.rejects_bytes + len(rejects),
            documents=at.documents + carried.documents,
            rejected=at.rejected + len(carried.rejects),
            rejected_lines=at.rejected_lines + sum(it.lines for it in carried.rejects),
            lost=_sum(at.lost, carried.losses.by_field),
            unknown=_sum(at.unknown, carried.losses.unknown),
        )

    def checkpoint(self) -> None:
        """Let what is written be seen."""
        sys.stdout.buffer.flush()

    def end(self) -> None:
        """All is written."""
        self.checkpoint()

    def _write(self, output: bytes, rejects: bytes) -> None:
        sys.stdout.buffer.write(output)


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))


@dataclass(frozen=True, slots=True)
class Names:
    """The files of one conversion."""

    output: Path
    rejects: Path | None = None

    @property
    def all(self) -> list[Path]:
        """Those that are written."""
        return [self.output] if self.rejects is None else [self.output, self.rejects]

    @property
    def journal(self) -> Path:
        """Beside the output."""
        return journal.path_of(self.output)


class Files(Output):
    """An output, perhaps rejects, and the journal of both: they get their names at the end."""

    def __init__(self, names: Names, begun: Journal, parts: Sequence[FileIO]) -> None:
        super().__init__(begun.at)
        self._names = names
        self.begun = begun
        """The journal as it was found, or made."""
        self._parts = parts
        self._saved_at = begun.at.offset

    def take(self, chunk: Chunk, carried: Carried) -> None:
        """Write what became of one chunk, and now and then bring all to the disk."""
        super().take(chunk, carried)
        if self.at.offset - self._saved_at >= CHECKPOINT_BYTES:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Bring to the disk what is written, and then that it is."""
        for part in self._parts:
            os.fsync(part.fileno())
        journal.write(self._names.journal, replace(self.begun, at=self.at))
        self._saved_at = self.at.offset

    def end(self) -> None:
        """Give the files their names; a run that is killed meanwhile is ended by the next one."""
        if not self.at.ended:
            self.at = replace(self.at, ended=True)
            self.checkpoint()
        for path in reversed(self._names.all):
            if part_of(path).exists():
                part_of(path).replace(path)
                journal.sync_folder(path)
        self._names.journal.unlink()
        journal.sync_folder(self._names.journal)

    def _write(self, output: bytes, rejects: bytes) -> None:
        for part, written in zip(self._parts, (output, rejects), strict=False):
            left = memoryview(written)
            # A disk that is full takes a part of it, and then refuses.
            while left:
                left = left[part.write(left) :]


def part_of(path: Path) -> Path:
    """What a file is called before all of it is there."""
    return path.with_name(path.name + PART)


def _locked(path: Path) -> FileIO:
    """What will have this name, to append to; it tells of people: it is for its owner alone."""
    part = FileIO(part_of(path), "ab", opener=lambda name, flags: os.open(name, flags, 0o600))
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        part.close()
        raise OutputRefusedError(f"{path}: another run is writing it") from error
    return part


def _is_still(part: FileIO) -> bool:
    """Whether the file that is open is the one that has this name."""
    try:
        return os.path.samestat(os.fstat(part.fileno()), os.stat(part.name))
    except FileNotFoundError:
        return False


@contextmanager
def opened(names: Names, fresh: Journal, *, overwrite: bool) -> Iterator[Files]:
    """
    The files of a conversion: `fresh`, or as the one before left them at its last checkpoint.

    Raises `OutputRefusedError`, and `OSError`.
    """
    with ExitStack() as stack:
        found = None if overwrite else _found(names, fresh)
        if found is not None and found.at.ended:
            yield Files(names, found, ())
            return
        parts = [stack.enter_context(_locked(path)) for path in names.all]
        # Another run may have ended since these files were looked for, or have renamed them.
        if not all(map(_is_still, parts)) or (not overwrite and _found(names, fresh) != found):
            raise OutputRefusedError(f"{names.output}: another run has just written it")
        if found is None:
            journal.write(names.journal, fresh)
        begun = found or fresh
        for part, length in zip(
            parts, (begun.at.output_bytes, begun.at.rejects_bytes), strict=False
        ):
            if part.seek(0, os.SEEK_END) < length:
                raise OutputRefusedError(f"{part.name} is shorter than it was left; {ANEW}")
            part.truncate(length)
        yield Files(names, begun, parts)


def journal_of(names: Names) -> Journal | None:
    """The journal of a run before, if there was one; raises `OutputRefusedError`."""
    try:
        return journal.read(names.journal)
    except BrokenJournalError as error:
        raise OutputRefusedError(f"{names.journal} cannot be read; {ANEW}") from error


def _found(names: Names, fresh: Journal) -> Journal | None:
    """The journal of the run before, if it is one of the same conversion."""
    found = journal_of(names)
    if found is None:
        parts = map(part_of, names.all)
        # An empty part is of a run that was killed before it had a journal.
        there = [path for path in names.all if path.exists()]
        there += [part for part in parts if part.exists() and part.stat().st_size]
        if there:
            raise OutputRefusedError(f"{there[0]} is there already; --overwrite replaces it")
        return None
    if found.at.ended and not all(it.exists() or part_of(it).exists() for it in names.all):
        raise OutputRefusedError(f"{names.output} was written and is no longer there; {ANEW}")
    differs = found.identity.differs(fresh.identity)
    if differs:
        raise OutputRefusedError(
            f"{names.output} is half done, and {differs}: the command of before goes on; {ANEW}"
        )
    return found

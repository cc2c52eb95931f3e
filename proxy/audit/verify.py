"""Whether the files of an audit log are as they were written, none removed and none cut."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from proxy.audit.folder import AuditFolder, first_of, is_written
from proxy.audit.keys import AuditKey
from proxy.audit.lines import FIRST, LAST, START, Claim, First, Line, parted, read_as

State = Literal["closed", "written", "not closed"]
"""It has its last line; a process writes it; it has none, for its process was killed."""

Tell = Callable[[int], object]


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong with a file."""

    file: str
    line: int | None
    """As an editor counts, from 1; none for the whole file."""
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}: line {self.line}"
        return f"{place}: {self.what}"


class Checked(msgspec.Struct):
    """One file."""

    file: str
    lines: int = 0
    first: str = ""
    last: str = ""
    state: State = "not closed"
    unwritten: int = 0
    """How many lines could not be written, as it says itself."""
    torn_bytes: int = 0
    """What stands behind the last line: one that a power failure or a full disk cut short."""
    hash: str = START
    """That of its last line."""


class Verified(msgspec.Struct, frozen=True):
    """What was found in a folder."""

    files: list[Checked]
    findings: list[Finding]

    @property
    def heads(self) -> list[Claim]:
        """How each file ends: to be kept where nobody who can write the files can."""
        return [
            Claim(it.file, it.lines - 1, it.hash, it.state == "closed", it.state == "written")
            for it in self.files
        ]


def verify(
    folder: AuditFolder,
    keys: Mapping[str, AuditKey],
    expected: Iterable[Claim] = (),
    tell: Tell = lambda size: None,
) -> Verified:
    """
    Check every file against itself, against what the others tell of it, and against heads that
    were kept elsewhere; `tell` hears how many bytes were read.
    """
    paths = folder.files()
    firsts = {path.name: first for path in paths if (first := first_of(path)) is not None}
    claims: defaultdict[str, list[tuple[str, Claim]]] = defaultdict(list)
    for claim in expected:
        claims[claim.file].append(("the file of heads", claim))
    for name, told in firsts.items():
        for claim in told.before:
            claims[claim.file].append((name, claim))
    files, findings = [], [*_misplaced(folder, keys)]
    for path in paths:
        checking = _Checking(path, keys, claims[path.name], tell)
        files.append(checking.checked)
        findings += checking.findings
    here = {path.name for path in paths} | {finding.file for finding in findings}
    removed = {claim.file for told in firsts.values() for claim in told.removed}
    for name in sorted(claims.keys() - here - removed):
        findings.append(Finding(name, None, f"is not there; {claims[name][0][0]} tells of it"))
    return Verified(files, findings)


def _misplaced(folder: AuditFolder, keys: Mapping[str, AuditKey]) -> Iterator[Finding]:
    for path in folder.no_files():
        yield Finding(path.name, None, "is no file: a folder, a link or a pipe")
    firsts = folder.firsts(keys)
    called = [name for name, _ in Counter(it.folder for it in firsts).most_common(1)]
    for first in firsts:
        if first.folder not in called:
            yield Finding(first.file, 1, "is of another folder")


class _Checking:
    """The check of one file."""

    def __init__(
        self,
        path: Path,
        keys: Mapping[str, AuditKey],
        claims: Iterable[tuple[str, Claim]],
        tell: Tell,
    ) -> None:
        self.checked = Checked(path.name)
        self.findings: list[Finding] = []
        self._keys = keys
        self._key: AuditKey | None = None
        self._hashes = dict.fromkeys((claim.sequence for _, claim in claims), "")
        written = is_written(path)
        with path.open("rb") as opened:
            for number, line in enumerate(opened, 1):
                tell(len(line))
                if not self._fits(number, line):
                    break
        if not self.findings:
            self._end(written, claims)

    def _wrong(self, line: int | None, what: str) -> bool:
        self.findings.append(Finding(self.checked.file, line, what))
        return False

    def _fits(self, number: int, line: bytes) -> bool:
        """Whether the next line is what must stand there; else the rest cannot be judged."""
        checked = self.checked
        if checked.state == "closed":
            return self._wrong(number, "stands behind the last one")
        if not line.endswith(b"\n"):
            checked.torn_bytes = len(line)
            return True
        if number == 1 and not self._introduced(line):
            return False
        parts, said = parted(line), read_as(Line, line)
        if parts is None or said is None:
            return self._wrong(number, "is no line of an audit log")
        assert self._key is not None  # noqa: S101 - for the type checker: the first line has named it
        if self._key.hash(checked.hash, parts[0]) != parts[1]:
            return self._wrong(number, "was changed, or one before it was removed")
        checked.hash, checked.lines, checked.last = parts[1], number, said.at
        checked.first = checked.first or said.at
        checked.unwritten += said.unwritten
        if said.sequence in self._hashes:
            self._hashes[said.sequence] = parts[1]
        if said.event == LAST:
            checked.state = "closed"
        return True

    def _introduced(self, line: bytes) -> bool:
        """Whether the first line is that of this file."""
        first: First | None = read_as(First, line)
        if first is None or first.event != FIRST:
            return self._wrong(1, "is not the first line of an audit log")
        if first.file != self.checked.file:
            return self._wrong(1, "is that of another file")
        self._key = self._keys.get(first.key)
        if self._key is None:
            return self._wrong(1, f"the key {first.key} is not configured")
        return True

    def _end(self, written: bool, claims: Iterable[tuple[str, Claim]]) -> None:
        """Look at how it ends, with what others tell of that."""
        checked, last = self.checked, self.checked.lines - 1
        for teller, claim in claims:
            if claim.sequence > last:
                self._wrong(None, f"was cut: {teller} tells of {claim.sequence + 1} lines")
            elif self._hashes[claim.sequence] != claim.hash:
                self._wrong(claim.sequence + 1, f"is another one than {teller} tells of")
        if checked.state == "closed":
            return
        checked.state = "written" if written else "not closed"
        ended = any(claim.sequence == last and not claim.written for _, claim in claims)
        if not written and not ended and not self.findings:
            self._wrong(
                None,
                "has no last line, and no other file tells how it ended: its process was killed, "
                "or it was cut",
            )

"""What is written of requests, and what becomes of them when nothing can be."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime
from typing import Any

from proxy.audit.folder import PATIENCE_SECONDS, AuditFolder
from proxy.audit.keys import audit_keys
from proxy.audit.lines import Claim
from proxy.audit.request import made_by, outcome_of, told_of
from proxy.audit.trail import Beginning, Book, Trail
from proxy.errors import ProxyError
from proxy.front.door import CLIENT_LEFT
from proxy.journey.walk import Walk
from proxy.observe.logs import log
from proxy.settings import Settings
from proxy.upstream.counting import Count

EVERY_SECONDS = 1.0
"""
How often lines are brought to the disk. A process that is killed loses none, for the system has
them; a machine that loses its power may lose those of so long.
"""

COUNTER = "audit"


class AuditError(ProxyError):
    """What would be done cannot be written down, and so it is not done."""

    status = 503
    sent = False

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class Audit:
    """The audit log of one process."""

    def __init__(
        self, book: Book, clock: Callable[[], datetime], count: Count, *, refuses: bool
    ) -> None:
        self.refuses = refuses
        """Whether requests are refused while no line can be written; else they are served."""
        self.is_failing = False
        """Whether no line could be written, the last time that it was tried."""
        self._book = book
        self._key = book.key
        self._clock = clock
        self._count = count
        self._trail: Trail | None = None
        self._lost: Claim | None = None
        self._unwritten = 0

    @property
    def refuses_all(self) -> bool:
        """Whether requests are refused now."""
        return self.is_failing and self.refuses

    def admit(self) -> None:
        """Raise `AuditError` where a request would leave no line, and must."""
        if self.is_failing and not self._resume() and self.refuses:
            self._count(COUNTER, "refused")
            raise AuditError

    def begun(self, walk: Walk) -> None:
        """Write down that a write begins; raises `AuditError`, and then it must not."""
        self._write("begun", told_of(walk, self._key))

    def left(self, walk: Walk) -> None:
        """Write down that a client went away before its answer; raises `AuditError`."""
        self._write("left", told_of(walk, self._key) | outcome_of(walk, CLIENT_LEFT))

    async def answered(self, walk: Walk, status: int) -> None:
        """Write down what an answer says that is about to leave; raises `AuditError`."""
        made = await made_by(walk)
        self._write("answered", told_of(walk, self._key, made) | outcome_of(walk, status))

    def _write(self, event: str, told: Mapping[str, Any]) -> None:
        if not self.is_failing:
            try:
                self._written().append(event, self._clock(), {**told, "build": self._book.build})
            except OSError as error:
                self._fail(error)
            else:
                return
        self._unwritten += 1
        self._count(COUNTER, "unwritten")
        if self.refuses:
            raise AuditError

    @asynccontextmanager
    async def kept(self, every_seconds: float = EVERY_SECONDS) -> AsyncIterator[None]:
        """Begin a file, and look after it as long as the process serves."""
        await self.look()
        ending = asyncio.Event()
        looking = asyncio.create_task(self._look_until(ending, every_seconds))
        try:
            yield
        finally:
            ending.set()
            await looking

    async def look(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Bring lines to the disk, begin another file where it is time, try again after a fault."""
        trail = self._trail
        try:
            if trail is not None and not self.is_failing:
                await asyncio.to_thread(trail.sync)
                # Meanwhile a request may have found that no other line may follow in it.
                if trail is self._trail and trail.is_full(self._clock()):
                    await self._follow(trail, patience_seconds)
                return
            if trail is None:
                await self._follow(None, patience_seconds)
        except OSError as error:
            if trail is not None and trail is self._trail:
                self._leave(trail)
                trail.let_go()
            self._fail(error)
        else:
            self._resume()

    def close(self) -> None:
        """Write the last line."""
        trail, self._trail = self._trail, None
        if trail is not None:
            with suppress(OSError):
                trail.close(self._clock(), self._unwritten)

    async def _look_until(self, ending: asyncio.Event, every_seconds: float) -> None:
        while not ending.is_set():
            try:
                async with asyncio.timeout(every_seconds):
                    await ending.wait()
            except TimeoutError:
                await self.look()

    async def _follow(self, full: Trail | None, patience_seconds: float) -> None:
        """Begin a file; one that is full is written until then. Raises `OSError`."""
        try:
            beginning = await asyncio.to_thread(
                Beginning, self._book, self._clock(), patience_seconds
            )
        except OSError as error:
            if full is None:
                raise
            log.error("no other file of the audit log can be begun", reason=_word_of(error))
            return
        with closing(beginning):
            # Meanwhile a request may have found a fault, or have begun one itself.
            if self._trail is full:
                self._end(full)
                self._begin(beginning)

    def _end(self, full: Trail | None) -> None:
        if full is not None:
            try:
                full.close(self._clock())
            finally:
                self._leave(full)

    def _begin(self, beginning: Beginning) -> Trail:
        self._trail = Trail.begin(beginning, self._clock(), self._lost)
        self._lost = None
        return self._trail

    def _written(self) -> Trail:
        if self._trail is not None:
            return self._trail
        # No request waits for another process; whoever looks after the file does.
        with closing(Beginning(self._book, self._clock(), patience_seconds=0)) as beginning:
            return self._begin(beginning)

    def _leave(self, trail: Trail) -> None:
        """Go on in another file, which will tell how this one ended."""
        self._lost, self._trail = trail.claim, None

    def _resume(self) -> bool:
        """Whether lines can be written, now that it was tried."""
        try:
            trail = self._written()
            if self.is_failing:
                trail.make_sure_of_room()
                trail.append("resumed", self._clock(), {"unwritten": self._unwritten})
        except OSError as error:
            self._fail(error)
            return False
        if self.is_failing:
            self.is_failing, self._unwritten = False, 0
            log.info("the audit log is written again")
        return True

    def _fail(self, error: OSError) -> None:
        trail = self._trail
        if trail is not None and not trail.is_whole:
            self._leave(trail)
            trail.let_go()
        if not self.is_failing:
            self.is_failing = True
            # Standard error may be a file on the same full disk.
            with suppress(OSError):
                log.error("the audit log cannot be written", reason=_word_of(error))


def _word_of(error: OSError) -> str:
    """The system's word for what is wrong."""
    return errno.errorcode.get(error.errno or 0, "OSError")


def make_audit(
    settings: Settings, build: tuple[str, ...], clock: Callable[[], datetime], count: Count
) -> Audit:
    """The audit log that the settings ask for; raises `ConfigurationError`."""
    assert settings.audit_dir is not None  # noqa: S101 - for the type checker: else there is none
    keys = audit_keys(settings)
    folder = AuditFolder(settings.audit_dir)
    folder.make()
    book = Book(folder, keys, " ".join(build), settings.audit_days, settings.audit_file_bytes)
    return Audit(book, clock, count, refuses=settings.audit_failure == "refuse")

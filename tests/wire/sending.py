"""Raw cases, sent to a gateway: what it answers, and what is wrong with that."""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.wire.corpus import MARK, SILENCE, Case
from tests.wire.counting import Counting, Seen
from tests.wire.peer import PATIENCE_SECONDS, Answer, EndedError, Peer, connected

AT_ONCE = 16
SINGLE = 600
"""So many bytes at the beginning and the end of a case are cut into single ones."""

SETTINGS = {"head_seconds": "1", "body_seconds": "1", "max_requests": "1000"}
"""Of the gateway: a case without end is over soon, and how much it works at is no matter here."""


@dataclass(slots=True)
class Told:
    """What became of one case."""

    case: Case
    own: bytes
    other: bytes
    answers: list[Answer] = field(default_factory=list)
    interim: int = 0
    closed: bool = False
    """Whether the gateway ended the connection by itself."""
    cut: bool = False
    """Whether it ended within an answer."""
    next_right: bool = True
    """Whether the next request on the connection, where it is open, was answered rightly."""

    def wrong(self, seen: Sequence[Seen]) -> list[str]:
        """What is wrong with it, given what reached the upstream of it."""
        case = self.case
        statuses = [answer.status for answer in self.answers] or [SILENCE]
        found = [f"status {it}" for it in statuses if it not in case.statuses and it != SILENCE]
        if statuses == [SILENCE] and not (SILENCE in case.statuses and self.closed):
            found.append("closed without an answer" if self.closed else "no answer in time")
        checks = {
            "more answers than requests": len(self.answers) > case.answers,
            "the connection left open": case.closes and not self.closed,
            "the next request answered wrongly": not self.next_right,
            "an answer that is cut": self.cut and SILENCE not in case.statuses,
            "an interim answer": bool(self.interim) and b"100-continue" not in case.raw.lower(),
            "it reached the upstream": bool(seen) and not case.may_reach,
            "it reached the upstream too often": len(seen) > case.answers,
            "what reached the upstream was answered with a refusal": bool(seen)
            and not any(it in (200, 201) for it in statuses),
        }
        found += [what for what, is_so in checks.items() if is_so]
        found += [what for answer in self.answers for what in answer.wrong]
        found += [f"upstream: {what}" for one in seen for what in one.unfit]
        found += [f"upstream: {what}" for one in seen for what in self._foreign(one)]
        return found

    def _foreign(self, one: Seen) -> Iterator[str]:
        """What reached the upstream of it and is not its own."""
        owners = [self.own] if self.case.answers == 1 else [self.own, self.other]
        credentials = one.values(b"authorization")
        if credentials not in ([b"Bearer " + owner] for owner in owners):
            yield "not its caller's credential"
        elif one.line[1].removeprefix(b"/health_records/") not in (
            credentials[0].removeprefix(b"Bearer "),
            b"/health_records",
        ):
            yield "not the record that was asked for"
        if MARK in one.head + one.body:
            yield "what must not cross"
        if one.line[0] != (b"GET" if credentials == [b"Bearer " + self.other] else self._method):
            yield "another method"

    @property
    def _method(self) -> bytes:
        """With what method the upstream may be asked for the case's own record."""
        method = self.case.raw.lstrip(b"\r\n").partition(b" ")[0]
        return b"GET" if method == b"HEAD" else method


class Sender:
    """Sends cases to one gateway, a few at a time, each on a connection of its own."""

    def __init__(self, port: int, name: bytes, *, cut: bool, seed: int = 0) -> None:
        """`name` is the gateway's own in `Via`."""
        self._port = port
        self._name = name
        self._cut = cut
        self._random = random.Random(seed)  # noqa: S311 - no secret, and the same again
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.requests = 0

    async def send(self, cases: Iterable[Case]) -> list[Told]:
        """Send each of them once."""
        return await asyncio.gather(*(self._one(case) for case in cases))

    async def _one(self, case: Case) -> Told:
        told = Told(case, str(uuid.uuid4()).encode(), str(uuid.uuid4()).encode())
        async with self._slots, connected(self._port) as peer:
            raw = case.sent(told.own, told.other, self._name)
            writing = asyncio.create_task(peer.write(self._pieces(raw)))
            self.requests += case.answers
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._listen(peer, told)
                    await writing
            except TimeoutError:
                return told
            finally:
                writing.cancel()
            if not told.closed:
                self.requests += 1
                told.next_right = await peer.canary()
        return told

    async def _listen(self, peer: Peer, told: Told) -> None:
        """Read what is answered: to the end, where the last answer says so or none may come."""
        bodiless = told.case.raw.startswith(b"HEAD ")
        try:
            while len(told.answers) < told.case.answers or told.answers[-1].closes:
                answer = await peer.read(bodiless=bodiless)
                if answer.status in range(100, 200):
                    told.interim += 1
                else:
                    told.answers.append(answer)
        except EndedError as error:
            told.closed, told.cut = True, error.within

    def _pieces(self, raw: bytes) -> Iterator[bytes]:
        if not self._cut:
            yield raw
            return
        begin, end = min(SINGLE, len(raw)), max(SINGLE, len(raw) - SINGLE)
        yield from (raw[at : at + 1] for at in range(begin))
        at = begin
        while at < end:
            size = self._random.randint(1, 64 * 1024)
            yield raw[at : min(at + size, end)]
            at += size
        yield from (raw[at : at + 1] for at in range(end, len(raw)))


def by_owner(upstream: Counting, told: Sequence[Told]) -> tuple[dict[int, list[Seen]], list[Seen]]:
    """What reached the upstream, by the case whose it is; and what is nobody's, canaries apart."""
    owners = {one: at for at, it in enumerate(told) for one in (it.own, it.other)}
    found: dict[int, list[Seen]] = {}
    stray = []
    for seen in upstream.seen:
        ids = re.findall(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", seen.head.lower())
        owner = next((owners[it] for it in ids if it in owners), None)
        if owner is not None:
            found.setdefault(owner, []).append(seen)
        elif seen.unfit or len(set(ids)) != 1:
            stray.append(seen)
    return found, stray

"""Canaries: no value of a record is in a line, in an error, or in a file that is not sealed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.canaries import Canaries, Hits, forms, summed
from bench.chaos.canary_requests import RIGHT, Requests, Told
from bench.chaos.clients import parsed
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.talkative import Talkative, talkative
from proxy.credentials.hashes import SecretHash
from proxy.store.engine import FILE
from proxy.store.seal import new_key
from tests.wire.matrix import legacy_ids
from tests.wire.surface import tables

NUMBER = 18
SEED = 20260
AT_LEAST = 200
AT_ONCE = 8
QUICKLY = 5
"""The small figure sends every so manieth request."""

PATIENCE_SECONDS = 5
CHEAP = (2, 1, 1)
"""A cost of hashing that nobody has to wait for."""

SETTINGS = {
    "deadline_seconds": "1",
    "head_seconds": "1",
    "body_seconds": "1",
    "max_requests": "1000",
    # Every call here is to be made, however many failed before it.
    "breaker_ratio": "1",
    "breaker_seconds": "0.0001",
}


def figure(*, quick: bool) -> Figure:
    """Requests and answers full of canaries; then everything that is left is searched."""
    taken = Figure(NUMBER, "canary")
    with tempfile.TemporaryDirectory(prefix="passerelle-canary-") as name:
        asyncio.run(_take(taken, Path(name), quick=quick))
    return taken


ERRORS = "answers of 5xx"
REFUSALS = "answers of 4xx: of the new API's"
HEADS = "heads of other answers: of the new API's"
OUTPUT = "standard output and error"
DATABASE = "database, WAL and shared memory"
FILES = "other files that it wrote"
UNNAMED = "files that it holds open, without a name"
PLACES = (ERRORS, REFUSALS, HEADS, OUTPUT, DATABASE, FILES, UNNAMED)


@dataclass(slots=True)
class _Found:
    """What was found, and in how much."""

    client: Canaries
    upstream: Canaries
    hits: dict[str, Hits] = field(default_factory=lambda: {place: Hits() for place in PLACES})
    """By place."""
    searched: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    of_others: int = 0
    failed: int = 0
    """Requests that are right, and have no such answer."""
    shown: int = 0
    """How often a canary of the new API stood in a right answer, as it should."""
    files: int = 0
    rows: Counter[str] = field(default_factory=Counter)

    def search(
        self, place: str, data: bytes, sides: Iterable[Canaries], *, identities: bool = True
    ) -> None:
        """Look for the canaries of these sides."""
        found = [side.found(data, identities=identities) for side in sides]
        self.hits[place] = summed([self.hits[place], *found])
        self.searched += len(data)

    def answered(self, told: Told, answer: bytes) -> None:
        """Look at an answer. What a right one shows of a record is the caller's own."""
        head, _, _ = answer.partition(b"\r\n\r\n")
        status = parsed(head)[0] if answer else 0
        self.statuses[f"{status // 100}xx" if status else "closed"] += 1
        self.kinds[told.kind] += 1
        self.failed += told.kind == RIGHT and not 200 <= status < 300
        # What the gateway keeps of a record, whoever may read the record is shown.
        self.of_others += self.upstream.of_others(answer, told.number)
        if status >= 500:
            self.search(ERRORS, answer, (self.client, self.upstream))
        elif status >= 400 or not status:
            # Its own field names are told to a client whose document is wrong.
            self.search(REFUSALS, answer, (self.upstream,))
        else:
            self.shown += self.upstream.found(answer).total()
            # The new API's id of what was made is what the client is to ask for.
            lines = [line for line in head.split(b"\r\n") if not line.startswith(b"location: /")]
            self.search(HEADS, b"\n".join(lines), (self.upstream,))

    def left(self, serving: Gateway, scratch: Path) -> None:
        """Look at everything that the gateway has written, and at what it holds open."""
        both = (self.client, self.upstream)
        for path in _files(serving.folder, scratch):
            data = path.read_bytes()
            self.files += 1
            if path.name in ("out", "err"):
                self.search(OUTPUT, data, both)
            elif path.name.startswith(FILE):
                # It keeps which id is which: that is what it is for.
                self.search(DATABASE, data, both, identities=False)
            else:
                self.search(FILES, data, both)

    def held(self, serving: Gateway) -> None:
        """Look at the files that it has open and that have no name any more."""
        for data in (data for pid in serving.pids for data in _unnamed(pid)):
            self.search(UNNAMED, data, (self.client, self.upstream))


async def _take(taken: Figure, folder: Path, *, quick: bool) -> None:
    found = _Found(Canaries("Kanarilo", SEED), Canaries("Serinotu", SEED + 1))
    uid, secret = found.client.text(), found.client.text()
    settings = {**SETTINGS, "tables": str(tables(folder / "tables"))}
    exchanging = {
        "credentials": "exchange",
        "tokens": "opaque",
        "applications": str(_applications(folder, uid, secret, found.upstream)),
    }
    every = QUICKLY if quick else 1
    with _scratch(folder / "scratch") as scratch:
        async with talkative(found.upstream) as server:
            settings["token_url"] = f"{server.url}/token"
            with gateway(server.url, workers=1, **settings, keys=new_key()) as serving:
                requests = Requests(found.client, await legacy_ids(serving.port))
                # In disorder, so that no operation fails so long that it is not asked any more.
                order = sorted(requests.all(), key=lambda told: hash((SEED, told.number)))
                await _play(found, serving, order[::every], scratch)
            with gateway(
                server.url, workers=1, **settings, **exchanging, keys=new_key()
            ) as serving:
                await _play(found, serving, list(requests.sign_ins(uid, secret)), scratch)
            _note(taken, found, server, quick=quick)


async def _play(found: _Found, serving: Gateway, requests: Sequence[Told], scratch: Path) -> None:
    """Send them, several at one time, and look at what is left: while it runs, and afterwards."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(told: Told) -> None:
        async with turns:
            found.answered(told, await _asked(serving.port, told.raw))

    await asyncio.gather(*map(one, requests))
    found.left(serving, scratch)
    found.held(serving)
    for database in serving.folder.rglob(FILE):
        found.rows.update(_rows(database))
    serving.running.terminate()
    serving.running.wait()
    found.left(serving, scratch)


async def _asked(port: int, raw: bytes) -> bytes:
    """Everything that is answered, until the gateway closes; what does not come is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(raw)
            while more := await reader.read(65536):
                answer += more
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.transport.abort()
    return answer


def _note(taken: Figure, found: _Found, server: Talkative, *, quick: bool) -> None:
    for place, hits in found.hits.items():
        measured = ", ".join(f"{form} {times}" for form, times in hits.items()) or "0"
        taken.demand(place, "0", measured, not hits)
    taken.none("canaries in an answer to somebody else", found.of_others)
    taken.none("right requests without a right answer", found.failed)
    taken.demand("canaries of the new API in right answers", "> 0", found.shown, found.shown > 0)
    planted = forms(found.client.text())
    seen = sum(bool(found.client.found(b"\0" + data + b".")) for data in planted.values())
    taken.demand(
        "forms in which a planted one is found", f"{len(planted)}", seen, seen == len(planted)
    )
    for name in ("set_aside", "session"):
        rows = found.rows[name]
        taken.demand(f"sealed rows of {name}", "> 0", rows, rows > 0)
    requests = found.kinds.total()
    if not quick:
        taken.demand("requests", f">= {AT_LEAST}", requests, requests >= AT_LEAST)
    classes = {"2xx", "4xx", "5xx", "closed"} - (found.statuses.keys() | {"closed"})
    taken.none("classes of answers that did not come", len(classes))
    taken.counts |= {
        "seed": SEED,
        "canaries": len(found.client) + len(found.upstream),
        "calls of the new API": server.calls.total(),
        "files searched": found.files,
        "bytes searched": found.searched,
        "hits": sum(hits.total() for hits in found.hits.values()),
        **{f"requests: {name}": times for name, times in found.kinds.items()},
        **{f"answers: {name}": times for name, times in sorted(found.statuses.items())},
    }


def _applications(folder: Path, uid: str, secret: str, upstream: Canaries) -> Path:
    path = folder / "applications.toml"
    path.write_text(
        f'[applications.{uid}]\nsecret = "{SecretHash.of(secret, CHEAP)}"\n'
        f'client_id = "{upstream.text()}"\nclient_secret = "{upstream.text()}"\n'
    )
    return path


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for the temporary files of processes that are started meanwhile."""
    folder.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def _files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def _unnamed(pid: int) -> Iterator[bytes]:
    for held in Path(f"/proc/{pid}/fd").iterdir():
        if held.is_file() and os.readlink(held).endswith(" (deleted)"):
            yield held.read_bytes()


def _rows(database: Path) -> Counter[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        return Counter(
            {
                name: opened.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - of this module
                for name in ("set_aside", "session")
            }
        )

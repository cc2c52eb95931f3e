"""Canaries: no value of a record is in anything that is told, or in a file that is not sealed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.chaos.canaries import Canaries, forms
from bench.chaos.canary_control import blind
from bench.chaos.canary_requests import Requests, Told
from bench.chaos.canary_search import PLACES, Found
from bench.chaos.clients import Client
from bench.chaos.collector import Collector, collector
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.talkative import Talkative, talkative
from proxy.credentials.hashes import SecretHash
from proxy.settings.keys import new_key
from proxy.store.engine import FILE
from tests.sockets.processes import admin_port
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

APPLICATION = "hospital-software"
"""Operators give this name, to find it in what is told: it is nobody's secret."""

THERE = (
    "sealed rows of set_aside",
    "sealed rows of session",
    "lines of the admin port",
    "spans",
    "audit lines",
)
"""Without these there was nothing to find a canary in."""

PAGES = ("/", "/metrics", "/readyz", "/healthz", "/version")
SETTINGS = {
    "admin_port": "0",
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


@dataclass(frozen=True, slots=True)
class _Around:
    """Where a gateway's temporary files, its audit log and its spans go."""

    scratch: Path
    audit: Path
    came: Collector


async def _take(taken: Figure, folder: Path, *, quick: bool) -> None:
    found = Found(Canaries("Kanarilo", SEED), Canaries("Serinotu", SEED + 1))
    secret = found.client.text()
    exchanging = {
        "logs": "text",
        "credentials": "exchange",
        "tokens": "opaque",
        "applications": str(_applications(folder, secret, found.upstream)),
    }
    every = QUICKLY if quick else 1
    with _scratch(folder / "scratch") as scratch, collector() as came:
        around = _Around(scratch, folder / "audit", came)
        settings = {
            **SETTINGS,
            "tables": str(tables(folder / "tables")),
            "traces_url": came.url,
            "audit_dir": str(around.audit),
            "audit_key": new_key(),
        }
        async with talkative(found.upstream) as server:
            settings["token_url"] = f"{server.url}/token"
            with gateway(server.url, workers=1, **settings, keys=new_key()) as serving:
                requests = Requests(found.client, await legacy_ids(serving.port))
                # In disorder, so that no operation fails so long that it is not asked any more.
                order = sorted(requests.all(), key=lambda told: hash((SEED, told.number)))
                await _play(found, serving, order[::every], around)
            settings |= exchanging
            with gateway(server.url, workers=1, **settings, keys=new_key()) as serving:
                signing_in = list(requests.sign_ins(APPLICATION, secret))
                await _play(found, serving, signing_in, around)
        found.collected(came)
        found.audited(around.audit)
        found.rows["spans"] = len(came.spans)
        found.rows["audit lines"] = sum(
            path.read_bytes().count(b"\n") for path in around.audit.iterdir()
        )
        _note(taken, found, server, await blind(found, folder / "planted", _scraped), quick=quick)


async def _play(found: Found, serving: Gateway, requests: Sequence[Told], around: _Around) -> None:
    """Send them, several at one time, and look at what is left: while it runs, and afterwards."""
    turns, cores = asyncio.Semaphore(AT_ONCE), _cores()

    async def one(told: Told) -> None:
        async with turns:
            found.answered(told, await _asked(serving.port, told.raw))

    await asyncio.gather(*map(one, requests))
    pages = await _scraped(admin_port(serving.err))
    found.told(pages)
    found.rows["lines of the admin port"] += sum(page.count(b"\n") for page in pages)
    found.left(serving.folder, around.scratch)
    found.held(serving.pids)
    for database in serving.folder.rglob(FILE):
        found.rows.update(_rows(database))
    # In a thread: the last spans arrive while it ends, and the new API still answers.
    await asyncio.to_thread(serving.stop)
    found.left(serving.folder, around.scratch, *(_cores() - cores))


def _cores() -> set[Path]:
    """What a process that crashed would leave where it ran."""
    return set(Path.cwd().glob("core*"))


async def _scraped(port: int) -> list[bytes]:
    """All that an admin port tells."""
    with closing(Client(port)) as client:
        return [(await client.ask("GET", path)).body for path in PAGES]


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


def _note(
    taken: Figure, found: Found, server: Talkative, blinded: list[str], *, quick: bool
) -> None:
    for place, hits in found.hits.items():
        measured = ", ".join(f"{form} {times}" for form, times in hits.items()) or "0"
        told = f"{measured} in {found.searched[place]:,} bytes"
        taken.demand(place, "0", told, not hits)
    seeing = len(PLACES) - len(blinded)
    told = f"{seeing}" + "".join(f", not in {place}" for place in blinded)
    taken.demand("places where one that is planted is found", f"{len(PLACES)}", told, not blinded)
    taken.none("canaries in an answer to somebody else", found.of_others)
    taken.none("right requests without a right answer", found.failed)
    taken.demand("canaries of the new API in right answers", "> 0", found.shown, found.shown > 0)
    planted = forms(found.client.text())
    seen = sum(bool(found.client.found(b"\0" + data + b".")) for data in planted.values())
    taken.demand(
        "forms in which a planted one is found", f"{len(planted)}", seen, seen == len(planted)
    )
    for name in THERE:
        taken.demand(f"{name} that were looked at", "> 0", found.rows[name], found.rows[name] > 0)
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
        "bytes searched": found.searched.total(),
        "hits": sum(hits.total() for hits in found.hits.values()),
        **{f"requests: {name}": times for name, times in found.kinds.items()},
        **{f"answers: {name}": times for name, times in sorted(found.statuses.items())},
    }


def _applications(folder: Path, secret: str, upstream: Canaries) -> Path:
    path = folder / "applications.toml"
    path.write_text(
        f'[applications.{APPLICATION}]\nsecret = "{SecretHash.of(secret, CHEAP)}"\n'
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


def _rows(database: Path) -> Counter[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        rows: Counter[str] = Counter()
        for name in ("set_aside", "session"):
            count = f"SELECT count(*) FROM {name}"  # noqa: S608 - of this module
            rows[f"sealed rows of {name}"] = opened.execute(count).fetchone()[0]
        return rows

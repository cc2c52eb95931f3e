"""The audit log: what was done to its files is found, and nothing is done that it cannot tell."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

from bench.chaos.audit_disk import Disk, disk
from bench.chaos.clients import Client
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import Stub, stub
from proxy.audit.folder import AuditFolder
from proxy.audit.keys import audit_keys
from proxy.audit.lines import Claim
from proxy.audit.verify import Finding, Verified, verify
from proxy.settings import AuditSettings
from proxy.settings.keys import new_key
from tests.sockets.processes import admin_port

NUMBER = 26
SEED = 26
EVENTS = 10_000
TRIALS = 30
REFUSALS = 300
CLIENTS = 16
FILE_BYTES = 256 * 1024
RECOVERY_SECONDS = 3.0
Deed = Callable[[Path, random.Random], object]
"""Something that is done to a file."""

RECORDS = "/api/v1/records.json"


def figure(*, quick: bool) -> Figure:
    """Write it by a real gateway, tamper with it, and take its disk away."""
    taken, drawn = Figure(NUMBER, "audit", quick), random.Random(SEED)  # noqa: S311 - no secret
    key = new_key()
    with tempfile.TemporaryDirectory(prefix="passerelle-audit-") as name, stub() as new_api:
        folder = Path(name)
        log = Log(folder / "audit", key)
        _write(taken, log, new_api, EVENTS // 10 if quick else EVENTS)
        _tamper(taken, log, drawn, 5 if quick else TRIALS)
        with disk(folder / "full") as full:
            _fill(taken, Log(folder / "full", key), new_api, full, 30 if quick else REFUSALS)
    taken.counts |= {"seed": SEED, "disk": full.kind}
    return taken


class Log:
    """A folder of an audit log, and its key."""

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.settings = {"audit_dir": str(path), "audit_key": key}
        self.folder = AuditFolder(path)
        self.keys = audit_keys(AuditSettings.model_validate({"audit_key": key}))

    def verified(self, expected: Sequence[Claim] = ()) -> Verified:
        """What is found in it."""
        return verify(self.folder, self.keys, expected)

    def events(self) -> Counter[str]:
        """How many lines of each kind it has."""
        lines = (line for path in self.folder.files() for line in path.read_bytes().splitlines())
        return Counter(json.loads(line)["event"] for line in lines)


def _write(taken: Figure, log: Log, new_api: Stub, events: int) -> None:
    """So many requests to two workers, which begin new files meanwhile."""
    settings = {**log.settings, "audit_file_bytes": str(FILE_BYTES)}
    with gateway(new_api.url, workers=2, **settings) as serving:
        reads, writes = asyncio.run(_ask(serving.port, events))
    found, lines = log.verified(), log.events()
    taken.none("findings in files that nobody touched", len(found.findings))
    taken.demand(
        "lines of reads and writes",
        f"{reads + writes}",
        lines["answered"],
        reads + writes == lines["answered"],
    )
    taken.demand(
        "writes that were written down before",
        f"{writes}",
        lines["begun"],
        writes == lines["begun"],
    )
    taken.counts |= {"events": lines.total(), "files": len(found.files)}


async def _ask(port: int, count: int) -> tuple[int, int]:
    """Reads, and a write for every ninth of them; how many there were of each."""
    asked: Counter[str] = Counter()

    async def one(number: int) -> None:
        with closing(Client(port, f"client-{number}")) as client:
            for turn in range(number, count, CLIENTS):
                method = "DELETE" if turn % 10 == 0 else "GET"
                answer = await client.ask(method, f"/api/v1/records/{UUID(int=turn)}.json")
                if answer.status >= 300:
                    raise RuntimeError(f"{method} was answered with {answer.status}")
                asked[method] += 1

    await asyncio.gather(*map(one, range(CLIENTS)))
    return asked["GET"], asked["DELETE"]


def _tamper(taken: Figure, log: Log, drawn: random.Random, trials: int) -> None:
    """Do one thing to one file, and see whether it is found and where; then undo it."""
    heads, files = log.verified().heads, log.folder.files()
    tries: dict[str, tuple[Deed, list[Path], Sequence[Claim]]] = {
        "one flipped byte": (_flip, files, ()),
        "one removed line": (_remove_line, files, ()),
        "two lines in another order": (_swap, files, ()),
        "the last lines removed": (_cut, files, ()),
        "one removed file": (_unlink, files[:-1], ()),
        "the last file removed, by its head": (_unlink, files[-1:], heads),
    }
    for what, (do, among, expected) in tries.items():
        found = sum(_found(log, do, drawn.choice(among), drawn, expected) for _ in range(trials))
        taken.demand(
            f"found: {what}", f"{trials} of {trials}", f"{found} of {trials}", found == trials
        )
    taken.none("findings once all is put back", len(log.verified(heads).findings))


def _found(log: Log, do: Deed, path: Path, drawn: random.Random, expected: Sequence[Claim]) -> bool:
    """Whether it is found, and in this file alone."""
    kept = path.with_suffix(".kept")
    shutil.copy2(path, kept)
    try:
        do(path, drawn)
        findings: list[Finding] = log.verified(expected).findings
    finally:
        kept.rename(path)
    return {it.file for it in findings} == {path.name}


def _flip(path: Path, drawn: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[drawn.randrange(len(data))] ^= drawn.randrange(1, 256)
    path.write_bytes(data)


def _remove_line(path: Path, drawn: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[drawn.randrange(len(lines))]
    path.write_bytes(b"".join(lines))


def _swap(path: Path, drawn: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    one, other = drawn.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    path.write_bytes(b"".join(lines))


def _cut(path: Path, drawn: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: drawn.randrange(len(lines))]))


def _unlink(path: Path, drawn: random.Random) -> None:
    path.unlink()


def _fill(taken: Figure, log: Log, new_api: Stub, full: Disk, refusals: int) -> None:
    """Take its disk away, ask for many things, and give it back."""
    with gateway(new_api.url, workers=1, **log.settings, admin_port="0") as serving:
        asyncio.run(_asked(serving.port, 100))
        full.fill(serving)
        # The first ones find it out: a read has asked the new API by then, and shows nothing.
        first = asyncio.run(_asked(serving.port, 20))
        new_api.reset()
        statuses = asyncio.run(_asked(serving.port, refusals))
        calls = sum(new_api.calls().values())
        reasons = asyncio.run(_reasons(serving))
        full.free(serving)
        seconds = asyncio.run(_until_served(serving.port, taken.at_most(RECOVERY_SECONDS)))
    found = log.verified()
    taken.demand(
        "status of the last one that found the disk full", "503", first[-1], first[-1] == 503
    )
    told = ", ".join(f"{status} {count}" for status, count in Counter(statuses).items())
    taken.demand("reads and writes refused", f"503 {refusals}", told, statuses == [503] * refusals)
    taken.none("calls of the new API meanwhile", calls)
    taken.demand("reasons of /readyz", '{"audit": 1}', json.dumps(reasons), reasons == {"audit": 1})
    limit = taken.at_most(RECOVERY_SECONDS)
    taken.demand("served again after", f"<= {limit:.0f} s", f"{seconds:.2f} s", seconds <= limit)
    unwritten = sum(it.unwritten for it in found.files)
    taken.demand("lines missing, as the log itself says", "> 0", unwritten, unwritten > 0)
    taken.none("findings in what was written", len(found.findings))
    taken.counts["refused"] = len(statuses)


async def _asked(port: int, count: int) -> list[int]:
    """The statuses of reads and of writes that say nothing, in turn."""
    with closing(Client(port)) as client:
        return [
            (
                await client.ask("POST", RECORDS, {})
                if turn % 2
                else await client.ask("GET", RECORDS)
            ).status
            for turn in range(count)
        ]


async def _reasons(serving: Gateway) -> object:
    with closing(Client(admin_port(serving.err))) as client:
        return (await client.ask("GET", "/readyz")).document["not_ready"]


async def _until_served(port: int, patience_seconds: float) -> float:
    """How long it takes until a read is answered."""
    began = time.perf_counter()
    with closing(Client(port)) as client:
        while (await client.ask("GET", RECORDS)).status != 200:
            if time.perf_counter() > began + 2 * patience_seconds:
                break
            await asyncio.sleep(0.05)
    return time.perf_counter() - began

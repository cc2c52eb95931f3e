"""Figure 13: what is meant to fill the memory does not, and is answered at once."""

from __future__ import annotations

import contextlib
import json
import select
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.figure import Figure
from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import passerelle
from tests.sockets.wire import Wire, ask, bearer, wire
from tests.wire.faults import fault_upstream
from tests.wire.modern_api import FULL, digest

MORE_MIB = 32
SECONDS = 1.0
PIECE = b" " * 2**16
BODY_BYTES = 50 * 2**20
ALIKE = 12
"""So many documents, one after another, each as large as is taken and of many small values."""

READ = f"/api/v1/records/{FULL}.json"
WELL = "who-is-well"


@dataclass(frozen=True, slots=True)
class Bomb:
    """A request, as pieces of bytes, and the statuses that may answer it."""

    name: str
    pieces: Iterable[bytes]
    statuses: frozenset[int]


@dataclass(slots=True)
class Measured:
    """What came of the bombs."""

    peaks: dict[str, float] = field(default_factory=dict)
    """MiB beyond idle, by bomb."""
    seconds: dict[str, float] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    canaries: int = 0
    alike: list[float] = field(default_factory=list)
    """MiB beyond idle, by document."""


def figure(*, quick: bool) -> Figure:
    """Each bomb once, alone, and another caller right after it."""
    figure, measured = Figure(13, "bombs"), Measured()
    with tempfile.TemporaryDirectory() as name, fault_upstream() as upstream:
        settings = {"upstream_url": upstream.url, "breaker_ratio": "1"}
        with passerelle(Path(name) / "gateway", "serve", "--port", "0", **settings) as process:
            memory = Memory(process.running.pid)
            for _ in range(50):
                _canary(process.port, measured)
            idle = memory.resident
            for bomb in list(bombs())[:: 3 if quick else 1]:
                memory.forget_peak()
                _thrown(process.port, bomb, measured)
                measured.peaks[bomb.name] = memory.peak - idle
                _canary(process.port, measured)
            left = memory.resident - idle
            for _ in range(ALIKE):
                memory.forget_peak()
                _written(process.port, measured)
                measured.alike.append(memory.peak - idle)
    peak, slowest = max(measured.peaks.values()), max(measured.seconds.values())
    figure.demand("peak", f"<= idle + {MORE_MIB} MiB", f"+{peak:.1f} MiB", peak <= MORE_MIB)
    figure.demand("slowest answer", f"<= {SECONDS} s", f"{slowest:.2f} s", slowest <= SECONDS)
    figure.none("answers that are none of those that may be", len(measured.wrong))
    grown = max(measured.alike) / measured.alike[0]
    figure.demand("peak of many documents", "<= 1.5 x the first's", f"{grown:.2f} x", grown <= 1.5)
    figure.none("500", list(measured.statuses.values()).count("500"))
    figure.counts |= {"bombs": len(measured.peaks), "canaries": measured.canaries}
    figure.counts |= {"idle MiB": round(idle, 1), "left MiB": round(left, 1)}
    figure.counts |= {"documents": ALIKE, "the first MiB": round(measured.alike[0], 1)}
    for name, status in measured.statuses.items():
        said = f"{status}, {measured.seconds[name]:.2f} s, +{measured.peaks[name]:.1f} MiB"
        figure.counts[name] = said
    for place, wrong in enumerate(measured.wrong):
        figure.counts[f"wrong {place + 1}"] = wrong
    return figure


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds, in MiB, as the kernel counts it."""

    pid: int

    def forget_peak(self) -> None:
        """From now on the peak is counted anew, where that is allowed."""
        with contextlib.suppress(PermissionError):
            Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    @property
    def peak(self) -> float:
        """The most that it held."""
        return self._of("VmHWM")

    @property
    def resident(self) -> float:
        """What it holds now."""
        return self._of("VmRSS")

    def _of(self, name: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        (line,) = (line for line in lines if line.startswith(f"{name}:"))
        return int(line.split()[1]) / 1024


def bombs() -> Iterator[Bomb]:
    """From behind, then from in front."""
    for fault in ("bomb_gzip", "bomb_chunked", "bomb_length", "deep", "long_integer"):
        for method in ("GET", "PUT"):
            document = b'{"zip_code": "44009"}' if method == "PUT" else b""
            # On the second call of a change it is the answer to the write.
            which = "-on-2" if method == "PUT" else ""
            head = _head(method, READ, f"fault-{fault}{which}-bomb", len(document))
            yield Bomb(f"{fault} to {method}", [head, document], frozenset({502}))
    depth, digits = 100_000, b"9" * 5000
    for name, value in {
        "deep lists": b"[" * depth + b"]" * depth,
        "deep objects": b'{"a":' * depth + b"1" + b"}" * depth,
        "long integer": digits,
        "long float": b"0." + digits + b"e" + digits,
    }.items():
        document = json.dumps(legacy_document()).encode()[:-1] + b', "ins_c": ' + value + b"}"
        head = _head("POST", RECORDS, WELL, len(document))
        yield Bomb(name, [head, document], frozenset({400, 413, 422}))
    body = (PIECE for _ in range(BODY_BYTES // len(PIECE)))
    yield Bomb(
        "50 MiB by length", [_head("POST", RECORDS, WELL, BODY_BYTES), *body], frozenset({413})
    )
    chunks = (b"%x\r\n%s\r\n" % (len(PIECE), PIECE) for _ in range(BODY_BYTES // len(PIECE)))
    chunked = _head("POST", RECORDS, WELL, None, "Transfer-Encoding: chunked")
    yield Bomb("50 MiB in chunks", [chunked, *chunks, b"0\r\n\r\n"], frozenset({413}))
    target = f"{RECORDS}?q={'x' * 60_000}"
    yield Bomb("60 kB target", [_head("GET", target, WELL, None)], frozenset({414, 431}))
    fields = [f"X-Field-{number}: x" for number in range(5000)]
    yield Bomb("5000 fields", [_head("GET", READ, WELL, None, *fields)], frozenset({431}))
    big = f"X-Big: {'x' * 2**20}"
    yield Bomb("1 MiB field", [_head("GET", READ, WELL, None, big)], frozenset({431}))


def _head(method: str, target: str, token: str, length: int | None, *more: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: old.example", f"Authorization: Bearer {token}"]
    lines += [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join([*lines, *more, "", ""]).encode()


def _thrown(port: int, bomb: Bomb, measured: Measured) -> None:
    """One bomb: sent until it is answered or whole."""
    began = time.perf_counter()
    with wire(port) as connection:
        with contextlib.suppress(ConnectionError):  # The answer may have come all the same.
            for piece in bomb.pieces:
                if not _sent(connection, piece):
                    break
        status = _status(connection)
        connection.unread = b""
    measured.seconds[bomb.name] = time.perf_counter() - began
    measured.statuses[bomb.name] = status
    if status not in map(str, bomb.statuses):
        measured.wrong.append(f"{bomb.name}: {status}")


def _sent(connection: Wire, piece: bytes) -> bool:
    """Whether all of it went out before an answer came."""
    rest = memoryview(piece)
    while rest:
        readable, _, _ = select.select([connection.peer], [connection.peer], [], SECONDS)
        if readable:
            return False
        rest = rest[connection.peer.send(rest) :]
    return True


def _status(connection: Wire) -> str:
    try:
        return str(connection.read().status)
    except (OSError, AssertionError):
        return "closed"


def _written(port: int, measured: Measured) -> None:
    """A creation that is right, and far larger in memory than on the wire."""
    document = json.dumps(legacy_document()).encode()[:-1]
    document += b', "undeclared": [' + b"1.5," * 480_000 + b"1.5]}"
    with wire(port) as connection:
        connection.write(_head("POST", RECORDS, f"{WELL}-{len(measured.alike)}", len(document)))
        connection.write(document)
        status = connection.read().status
    if status != 201:
        measured.wrong.append(f"a large document: {status}")


def _canary(port: int, measured: Measured) -> None:
    """Another caller is served as ever."""
    answer = ask(port, "GET", READ, headers=bearer(WELL))
    measured.canaries += 1
    right = answer.status == 200 and answer.document["zip_code"] == digest(WELL)
    if not right:
        measured.wrong.append(f"canary: {answer.status}")

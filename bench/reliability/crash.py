"""Seven points at which a gateway dies while a record is made, and what a retry finds."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from bench.reliability.crashing import NOWHERE, POINTS
from bench.reliability.databases import Databases
from bench.reliability.figure import Figure
from proxy.settings.keys import new_key
from proxy.store.engine import FILE

RECORD = "5a3d0b6e-0000-4000-8000-000000000001"
"""A record that the stand-in for the new API has from the start."""

VACCINES = [
    {
        "code": "VAC0901",
        "uuid": "5a3d0b6e-0000-4000-8000-0000000000c1",
        "name": "IMAGIVAX DTP",
    }
]
CREATIONS: dict[str, dict[str, Any]] = {
    f"/records/{RECORD}/vaccinations.json": {
        "vaccine": {"id": 901},
        "date": "2024-03-05",
        "batch": "LOT-CRASH",
        "comments": [{"text": "kept by the gateway"}],
    },
    "/records.json": {
        "first_name": "Octavie",
        "last_name": "Fracas",
        "birth_date": "1990-01-31",
        "gender": "female",
        "email": "octavie.fracas@example.org",
    },
}
"""What is made, by legacy path: a record, and a record within a record."""

MAYBE = ("after the intent", "before the call", "after the new API's answer", "before the commit")
"""The points after which nobody knows whether a record was made."""


QUICK = 2


def crash(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """One figure, of every death; a quick one, of the first ones."""
    figure = Figure("crash, SQLite")
    for what, right, counts in islice(_deaths(), QUICK if quick else None):
        figure.counts[what] = counts
        figure.expect(right, what)
    figure.counts["deaths"] = len(figure.counts)
    yield figure


def _deaths() -> Iterator[tuple[str, bool, str]]:
    """Each death and what came of it: its name, whether that is right, the counts."""
    for idempotent in (True, False):
        for path, document in CREATIONS.items():
            for point in POINTS:
                yield _death(path, document, point, idempotent=idempotent)


def _death(
    path: str, document: dict[str, Any], point: str, *, idempotent: bool
) -> tuple[str, bool, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = _settings(folder, idempotent=idempotent)
        arguments = [] if idempotent else ["--no-idempotency"]
        with _started([_program(), "sandbox", "--port", "0", *arguments]) as behind:
            settings["PASSERELLE_UPSTREAM_URL"] = f"http://127.0.0.1:{behind}"
            with _started(_gateway(point), settings) as port:
                died = _post(port, path, document)[0] == 0
            with _started(_gateway(NOWHERE), settings) as port:
                status, made = _post(port, path, document)
                again = _post(port, path, document)
                records = _call("GET", behind, "/health_records")[1]
        acts = [it["id"] for one in records for it in one["vaccination_acts"] if _is_ours(it)]
        rows = _rows(folder, acts)
    count = sum(map(_is_it, records)) + len(acts)
    unknown = point in MAYBE and not idempotent
    same = status == again[0] == 409 if unknown else status == 201 and _same(made, again[1])
    right = died and same and (count <= 1 if unknown else count == 1 and rows == len(acts))
    honoured = "honoured" if idempotent else "not honoured"
    what = f"{point}, {path.rpartition('/')[2]}, Idempotency-Key {honoured}"
    return what, right, f"retry {status}, {count} in the new API, {rows} pairs of its ids"


def _same(made: dict[str, Any], again: dict[str, Any]) -> bool:
    """Whether two answers are about one record; when it was changed may differ."""
    return all(made[name] == again[name] for name in made if name != "updated_at")


def _rows(folder: Path, acts: list[str]) -> int:
    """How many pairs of ids the vaccinations have; a record has its id on both sides."""
    with closing(sqlite3.connect(folder / FILE)) as store:
        pairs = store.execute("SELECT modern_id FROM crosswalk WHERE kind = 'vaccination'")
        return sum(modern_id in acts for (modern_id,) in pairs)


def _is_ours(act: dict[str, Any]) -> bool:
    return bool(act["batch_number"] == "LOT-CRASH")


def _is_it(record: dict[str, Any]) -> bool:
    return bool(record["last_name"] == "Fracas")


def _settings(folder: Path, *, idempotent: bool) -> dict[str, str]:
    (folder / "tables").mkdir()
    (folder / "tables" / "vaccines.json").write_text(json.dumps(VACCINES), encoding="utf-8")
    options = folder / "options.toml"
    options.write_text(f"[upstream]\nidempotent = {str(idempotent).lower()}\n", encoding="utf-8")
    return {
        "PASSERELLE_DATA_DIR": str(folder),
        "PASSERELLE_KEYS": new_key(),
        "PASSERELLE_PACK_OPTIONS": str(options),
        "PASSERELLE_TABLES": str(folder / "tables"),
    }


def _program() -> str:
    return str(Path(sys.executable).with_name("passerelle"))


def _gateway(point: str) -> list[str]:
    return [sys.executable, "-m", "bench.reliability.crashing", point]


@contextmanager
def _started(command: list[str], settings: dict[str, str] | None = None) -> Iterator[int]:
    """The port of a server that runs in a process of its own."""
    others = {name: value for name, value in os.environ.items() if "PASSERELLE_" not in name}
    running = subprocess.Popen(  # noqa: S603 - the commands of this module
        command,
        env={**others, **(settings or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None  # noqa: S101 - it is a pipe
    try:
        yield int(running.stdout.readline().strip().rpartition(":")[2])
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def _post(port: int, path: str, document: dict[str, Any]) -> tuple[int, Any]:
    return _call("POST", port, f"/api/v1{path}", document)


def _call(method: str, port: int, path: str, document: Any = None) -> tuple[int, Any]:
    """The status and the document of an answer; 0 where there was none."""
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        body,
        {"Content-Type": "application/json"},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
    except OSError:
        return 0, None

"""Dumps of invented people, as large as a test asks for."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run
from tests.cli.documents import LEGACY, MODERN, WRONG, lines

SEVERAL_CHUNKS = 4_000
"""So many records are more than a process does before it starts others."""


def legacy_records(count: int, *, wrong_every: int = 1_000) -> Iterator[dict[str, Any]]:
    """Legacy records, each another one, some of them wrong."""
    for number in range(1, count + 1):
        of = LEGACY if number % wrong_every else WRONG
        yield {**of, "zip_code": f"{number:05d}", "place_of_birth": "Vireuil-sur-Bastogne " * 20}


def modern_records(count: int) -> Iterator[dict[str, Any]]:
    """Modern records, each with a vaccination of its own."""
    for number in range(1, count + 1):
        act = {**MODERN["vaccination_acts"][0], "id": act_id(number)}
        yield {**MODERN, "id": f"6f2b8f0a-5b0c-4b3e-9a51-{number:012x}", "vaccination_acts": [act]}


def act_id(number: int) -> str:
    """The modern id of a vaccination."""
    return f"6f2b8f0a-5b0c-4b3e-aaaa-{number:012x}"


def write_lines(path: Path, records: Iterator[dict[str, Any]]) -> Path:
    """The records as NDJSON."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return path


def saved(output: Path) -> dict[str, Any]:
    """The last checkpoint; the first one where there is none yet."""
    path = output.with_name(output.name + ".progress")
    if not path.exists():
        return {"offset": 0}
    at: dict[str, Any] = json.loads(path.read_bytes())["at"]
    return at


def half_done(
    run: Run, folder: Path, direction: str = "upgrade", document: Any = LEGACY, *options: str
) -> tuple[Path, Path]:
    """A dump without its end and its output, which has stopped where the dump does."""
    file, output = folder / "in.ndjson.gz", folder / "out.ndjson"
    file.write_bytes(gzip.compress(lines(document).encode() * 3_000)[:-1])
    stopped = run("convert", direction, str(file), f"--output={output}", *options)
    assert stopped.exit_code == 1
    assert saved(output)["line"] > 0
    return file, output


def mark_ended(output: Path) -> dict[str, Any]:
    """Make the last checkpoint the end, before files get their names; gives it."""
    journal = output.with_name(output.name + ".progress")
    told = json.loads(journal.read_bytes())
    at = {**told["at"], "ended": True}
    journal.write_text(json.dumps({**told, "at": at}), encoding="utf-8")
    return at


def refused(run: Run, *arguments: str) -> str:
    """What is said of a command that is wrong usage."""
    result = run("convert", *arguments)
    assert result.exit_code == 2
    return " ".join(result.stderr.replace("│", " ").split())

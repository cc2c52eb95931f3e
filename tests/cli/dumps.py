"""Dumps of invented people, as large as a test asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cli.documents import LEGACY, MODERN, WRONG

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

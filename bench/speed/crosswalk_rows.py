"""A crosswalk as large as one likes, put straight into the file of the gateway's store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.speed.workload import ACTS, modern_record

FILE, KIND = "passerelle.db", "vaccination"
SPACE = 2**128
CACHE_KB = 200_000


def modern_id(number: int, rows: int) -> str:
    """The modern id of a row, by its number: they lie evenly over all there may be."""
    text = f"{number * (SPACE // rows) + number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def fill(store: Path, modern_ids: Iterable[str]) -> None:
    """Give each an integer, from 1 on; what the store had of the kind is gone."""
    with sqlite3.connect(store / FILE) as line:
        # What is lost if the machine stops is made again.
        line.execute("PRAGMA synchronous = OFF")
        line.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        line.execute("DELETE FROM crosswalk WHERE kind = ?", (KIND,))
        line.executemany(
            "INSERT INTO crosswalk (kind, legacy_id, modern_id) VALUES (?, ?, ?)",
            ((KIND, str(number), it) for number, it in enumerate(modern_ids, 1)),
        )
        line.execute("UPDATE sequence SET next_id = max(next_id, ?) WHERE kind = ?", (2**30, KIND))
    line.close()


def drawn(rows: int, most: int) -> list[dict[str, Any]]:
    """Records whose vaccinations are rows from all over the table, no row twice."""
    count = min(most, rows // ACTS)
    stride = rows // (count * ACTS)
    records = []
    for place in range(count):
        record = modern_record(place)
        for act, it in enumerate(record["vaccination_acts"]):
            # The acts of one record lie far apart, as if they were made years apart.
            it["id"] = modern_id((act * count + place) * stride, rows)
        records.append(record)
    return records

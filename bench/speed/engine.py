"""
One reading and one list through the pure engine, again and again as it is told on standard input.

A line `read 20` translates one record 20 times, `list 1` a list of 100 once: from bytes to bytes as
the gateway does it. `read-plain` and `list-plain` do it by documents, as where there is something
to explain. Each line is answered with `done`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import date
from itertools import count

from bench.speed.workload import LISTED, READ, dump, modern_record, vaccines
from mappings.core.compiled.from_bytes import FromBytes
from mappings.core.context import Context, Ids
from mappings.mesvaccins import PACK
from proxy import strict_json

MAPPING = PACK.mappings["health_record"]
TABLES = {it.name: it.build(vaccines()) for it in PACK.tables if it.name == "vaccines"}
ONE = dump(modern_record(READ))
LIST = dump([modern_record(number) for number in range(LISTED)])
KEYS = [key for it in strict_json.parse(LIST, 64) for key in MAPPING.modern_ids(it)]
CONTEXT = Context(
    today=date(2026, 11, 23), tables=TABLES, ids=Ids(dict(zip(KEYS, count(1), strict=False)))
)


KNOWN: dict[str, dict[str, int]] = defaultdict(dict)
"""The same ids by kind, as the gateway's cache has them."""
for (kind, modern_id), legacy_id in CONTEXT.ids.to_legacy.items():
    KNOWN[kind][modern_id] = legacy_id


def from_bytes() -> FromBytes:
    """The way that a plain answer goes."""
    found = MAPPING.from_bytes({"vaccination_acts": "health_record_id"}, None)
    if found is None:
        raise RuntimeError("health records are no longer shown from bytes in one go")
    return found


WAY = from_bytes()


def read() -> bytes:
    """The legacy bytes of one record."""
    return strict_json.dump(WAY.showing(KNOWN, CONTEXT)(WAY.record(ONE)))


def read_all() -> bytes:
    """The legacy bytes of a list."""
    show = WAY.showing(KNOWN, CONTEXT)
    return strict_json.dump([show(it) for it in WAY.records(LIST)])


def read_plain() -> bytes:
    """The same as `read` by documents."""
    return strict_json.dump(MAPPING.downgrade(strict_json.parse(ONE, 64), CONTEXT).document)


def read_all_plain() -> bytes:
    """The same as `read_all` by documents."""
    records = strict_json.parse(LIST, 64)
    return strict_json.dump([MAPPING.downgrade(it, CONTEXT).document for it in records])


WORKS = {
    "read": read,
    "list": read_all,
    "read-plain": read_plain,
    "list-plain": read_all_plain,
}


def main() -> None:
    """Do what the lines say until there are no more."""
    for line in sys.stdin:
        name, times = line.split()
        for _ in range(int(times)):
            WORKS[name]()
        print("done", flush=True)


if __name__ == "__main__":
    main()

"""
One reading and one list through the pure engine, again and again as it is told on standard input.

A line `read 20` translates one record 20 times, `list 1` a list of 100 once; each line is answered
with `done`.
"""

from __future__ import annotations

import sys
from datetime import date
from itertools import count

from bench.speed.workload import LISTED, READ, dump, modern_record, vaccines
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


def read() -> bytes:
    """The legacy bytes of one record."""
    return strict_json.dump(MAPPING.downgrade(strict_json.parse(ONE, 64), CONTEXT).document)


def read_all() -> bytes:
    """The legacy bytes of a list."""
    records = strict_json.parse(LIST, 64)
    return strict_json.dump([MAPPING.downgrade(it, CONTEXT).document for it in records])


def main() -> None:
    """Do what the lines say until there are no more."""
    works = {"read": read, "list": read_all}
    for line in sys.stdin:
        name, times = line.split()
        for _ in range(int(times)):
            works[name]()
        print("done", flush=True)


if __name__ == "__main__":
    main()

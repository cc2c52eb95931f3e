"""How long the steps of one translation take: `python -m bench.translation`, a run of pyperf."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyperf  # type: ignore[import-untyped]  # it ships no types
from rich.table import Table

from bench.speed import engine, workload
from mappings.core.context import Document
from proxy import strict_json

OVER = msgspec.structs.replace(engine.CONTEXT, base=workload.modern_record(workload.READ))
CREATED = workload.new_record()
PROCESSES, VALUES = 3, 5


def shown(record: Document) -> Document:
    """A record as the legacy side shows it."""
    return engine.MAPPING.downgrade(record, engine.CONTEXT).document


def steps() -> dict[str, Callable[[], object]]:
    """Every step, of a record with six vaccinations and of a list of 100 such."""
    one, people = (strict_json.parse(it, 64) for it in (engine.ONE, engine.LIST))
    legacy, all_legacy = shown(one), [shown(it) for it in people]
    way, known, context = engine.WAY, engine.KNOWN, engine.CONTEXT
    typed, all_typed = way.record(engine.ONE), way.records(engine.LIST)
    return {
        "parse": lambda: strict_json.parse(engine.ONE, 64),
        "upgrade, a new record": lambda: engine.MAPPING.upgrade(CREATED, engine.CONTEXT),
        "upgrade, over a base": lambda: engine.MAPPING.upgrade(legacy, OVER),
        "downgrade": lambda: shown(one),
        "dump": lambda: strict_json.dump(legacy),
        "bytes to legacy bytes": engine.read_plain,
        "in one go: parse": lambda: way.record(engine.ONE),
        "in one go: downgrade": lambda: way.showing(known, context)(typed),
        "in one go: bytes to legacy bytes": engine.read,
        "parse, 100 records": lambda: strict_json.parse(engine.LIST, 64),
        "downgrade, 100 records": lambda: [shown(it) for it in people],
        "dump, 100 records": lambda: strict_json.dump(all_legacy),
        "bytes to legacy bytes, 100 records": engine.read_all_plain,
        "in one go: parse, 100 records": lambda: way.records(engine.LIST),
        "in one go: downgrade, 100 records": lambda: list(
            map(way.showing(known, context), all_typed)
        ),
        "in one go: bytes to legacy bytes, 100 records": engine.read_all,
    }


def table() -> Table:
    """A run in processes of its own, as a table of microseconds."""
    made = Table("step", "min us", "median us", "max us")
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
        told = Path(folder) / "told.json"
        command = [sys.executable, "-m", "bench.translation", "--quiet", "--output", str(told)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - this module
        for bench in pyperf.BenchmarkSuite.load(str(told)).get_benchmarks():
            values = bench.get_values()
            figures = (min(values), bench.median(), max(values))
            made.add_row(bench.get_name(), *(f"{1e6 * figure:.1f}" for figure in figures))
    return made


def main() -> None:
    """Run every step; the options are those of pyperf."""
    runner = pyperf.Runner(
        values=VALUES,
        processes=PROCESSES,
        min_time=0.05,
        program_args=("-m", "bench.translation"),
    )
    for name, step in steps().items():
        runner.bench_func(name, step)


if __name__ == "__main__":
    main()

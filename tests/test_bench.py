"""The benches run, whatever they measure on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_bench_of_the_translation_prints_a_row_for_each_step() -> None:
    command = [sys.executable, "-m", "bench.translation", "--debug-single-value"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    for step in ("parse", "upgrade, a new record", "upgrade, over a base", "downgrade", "dump"):
        assert step in ended.stdout

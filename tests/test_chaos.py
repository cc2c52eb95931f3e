"""Each figure of the wire can be taken, in its small form; `scripts/chaos` takes them whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.chaos.__main__ import FIGURES

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", FIGURES)
def test_a_small_figure_holds_and_says_that_it_is_small(name: str, tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.chaos", name, "--quick", "--json", str(told)]
    # What is timed is not traced: coverage would follow into every process.
    untraced = {key: value for key, value in os.environ.items() if "COVERAGE" not in key}

    ended = subprocess.run(
        command, cwd=ROOT, env=untraced, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(told.read_text(encoding="utf-8"))
    assert found["quick"] is True
    (figure,) = found["figures"]
    assert figure["held"]
    assert "(quick)" in ended.stdout
    assert "1 of 1 figures hold, quick: not the whole figures" in ended.stdout

"""Each figure can be taken, in its small form; the whole ones are for `scripts/reliability`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FIGURES = {
    "kills": ["kills, SQLite", "kills, PostgreSQL"],
    "fsync": ["fsync, SQLite"],
    "crash": ["crash, SQLite"],
    "ids": ["ids, SQLite", "ids, PostgreSQL"],
    "rotation": ["rotation, SQLite", "rotation, PostgreSQL"],
    "erasure": ["erasure, SQLite"],
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_small_figure_holds_and_says_that_it_is_small(name: str, tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.reliability", name, "--quick", "--json", str(told)]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(told.read_text(encoding="utf-8"))
    assert found["quick"] is True
    assert [figure["name"] for figure in found["figures"]] == FIGURES[name]
    for figure in found["figures"]:
        assert figure["verdict"] == "HELD" or name == "fsync"
        assert f"{figure['name']}: size: quick: not the whole figure" in ended.stdout
        assert f"{figure['name']}: {figure['verdict']}" in ended.stdout

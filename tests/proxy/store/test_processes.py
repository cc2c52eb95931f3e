"""Several processes on one database: all of them start, and all of them agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from proxy.settings import PREFIX
from tests.proxy.store.conftest import UPSTREAM, Stores

ROOT = Path(__file__).parents[3]
IDS, TASKS = 1000, 16


@contextmanager
def mapper(database: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    named = {f"{PREFIX}{name}".upper(): str(value) for name, value in database.items()}
    command = [sys.executable, "-m", "tests.proxy.store.mapper", str(IDS), str(TASKS)]
    environment = {**os.environ, **named, f"{PREFIX}UPSTREAM_URL": UPSTREAM}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def mapped(database: dict[str, Any], processes: int) -> list[dict[str, int]]:
    with ExitStack() as until_the_end:
        started = [until_the_end.enter_context(mapper(database)) for _ in range(processes)]
        answers = [process.communicate(timeout=60)[0] for process in started]
        assert [process.returncode for process in started] == [0] * processes
    return [json.loads(answer) for answer in answers]


async def test_processes_that_map_the_same_ids_agree(stores: Stores) -> None:
    first, *others = mapped(stores.database, processes=2)

    assert len(set(first.values())) == IDS
    assert all(other == first for other in others)
    known = await stores().known_legacy_ids([("act", modern) for modern in first])
    assert {modern: legacy for (_, modern), legacy in known.items()} == first


def test_processes_that_start_at_once_on_a_fresh_file_make_it_once(tmp_path: Path) -> None:
    first, *others = mapped({"data_dir": tmp_path / "fresh"}, processes=4)

    assert all(other == first for other in others)

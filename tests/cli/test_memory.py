"""The memory of a worker: what `passerelle serve` loads, and what it leaves to other commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import respx

from proxy.settings import PREFIX
from tests.sockets.processes import PATIENCE_SECONDS, until

SERVE = "from proxy.program import main; main()"
SERVES = re.compile(r"serves on (http://127\.0\.0\.1:\d+)\n")
IMPORTED = re.compile(r"^import time:[\d |]+\| +(\S+)$", re.MULTILINE)
MEGABYTES = 75
"""A worker holds 62 before its first request."""

OF_OTHER_COMMANDS = (
    "alembic",
    "attr",
    "cryptography",
    "jsonschema",
    "psycopg",
    "pygments",
    "rich",
    "sandbox",
    "sqlalchemy",
)
"""What draws tables, makes tables, and stands in for the new API."""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], float]:
    """What a gateway had imported when it answered, and the megabytes that it held."""
    folder = tmp_path_factory.mktemp("worker")
    _serve(folder)  # Only the first one makes the tables.
    return _serve(folder)


def _serve(folder: Path) -> tuple[set[str], float]:
    told = folder / "err"
    # Without what measures coverage, which has a memory of its own.
    usual = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((PREFIX, "COVERAGE_"))
    }
    settings = {f"{PREFIX}UPSTREAM_URL": "https://new.example", f"{PREFIX}DATA_DIR": str(folder)}
    with told.open("wb") as err:
        running = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-c", SERVE, "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stderr=err,
            env=usual | settings,
        )
    try:
        until(lambda: SERVES.search(told.read_text()) is not None or running.poll() is not None)
        found = SERVES.search(told.read_text())
        assert found is not None, told.read_text()[-2000:]
        assert httpx.get(f"{found[1]}/healthz", trust_env=False).status_code == 200
        pages = int(Path(f"/proc/{running.pid}/statm").read_text().split()[1])
    finally:
        running.terminate()
        running.wait(PATIENCE_SECONDS)
    return set(IMPORTED.findall(told.read_text())), pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_a_worker_loads_what_it_serves_with(worker: tuple[set[str], float]) -> None:
    imported, _ = worker

    assert {"proxy.app", "structlog.stdlib", "httpx", "uvicorn"} <= imported


@pytest.mark.parametrize("library", OF_OTHER_COMMANDS)
def test_a_worker_does_not_load_what_other_commands_need(
    library: str, worker: tuple[set[str], float]
) -> None:
    imported, _ = worker

    # Its name alone stands there also where it was not to be had.
    assert not {name for name in imported if name.startswith(f"{library}.")}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell")
def test_a_worker_is_small_before_its_first_request(worker: tuple[set[str], float]) -> None:
    _, megabytes = worker

    assert megabytes < MEGABYTES


@respx.mock
async def test_httpx_works_without_its_command_line() -> None:
    respx.get("https://new.example/").respond(204)
    code = "import sys, proxy.upstream, httpx; print('rich' in sys.modules, callable(httpx.main))"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)  # noqa: ASYNC221 - nothing else runs
    async with httpx.AsyncClient() as client:
        answer = await client.get("https://new.example/")

    assert loaded == "False True\n"
    assert answer.status_code == 204


def test_rich_is_there_for_those_who_ask_for_it() -> None:
    code = "import proxy.observe.logs, rich.console, structlog; print(structlog.dev.rich)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "None\n"


def test_rich_that_is_there_already_stays() -> None:
    code = "import sys, rich; import proxy.observe; print(sys.modules['rich'] is rich)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"

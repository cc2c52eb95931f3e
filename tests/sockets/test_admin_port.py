"""The admin port of real processes: one worker or several, as they come and go."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.sockets.people import RECORDS
from tests.sockets.processes import ADMIN, Process, admin_port, passerelle, until
from tests.sockets.wire import ask

SERVE = ("serve", "--port", "0")
SERVED = re.compile(r'^passerelle_requests_total\{.*route="/records",status="200"} (\d+)', re.M)


def admin_of(process: Process) -> int:
    """The admin port of a gateway that serves."""
    assert process.port
    return admin_port(process.err)


def ready(process: Process) -> Any:
    """What it says of its workers."""
    return json.loads(ask(admin_of(process), "GET", "/readyz").body)


def served(process: Process) -> int:
    """How many times its records were listed."""
    found = SERVED.search(ask(admin_of(process), "GET", "/metrics").body.decode())
    return 0 if found is None else int(found[1])


def workers_of(process: Process) -> list[int]:
    """The processes in which a gateway serves."""
    parent = process.running.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return [
        int(child)
        for child in children
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text("utf-8")
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_admin_port_tells_of_every_request_whichever_worker_served_it(
    sandbox: Process, tmp_path: Path, workers: int
) -> None:
    arguments = (*SERVE, "--workers", str(workers))
    settings = {"upstream_url": sandbox.url, "admin_port": "0"}
    with passerelle(tmp_path, *arguments, **settings) as process:
        until(lambda: ready(process)["workers"] == workers)
        statuses = [ask(process.port, "GET", RECORDS).status for _ in range(10)]

        told = served(process)
        code = process.stop()

    assert statuses == [200] * 10
    assert told == 10
    assert code == 0
    assert "Traceback" not in process.err


def test_no_counter_goes_back_when_a_worker_is_killed(sandbox: Process, tmp_path: Path) -> None:
    arguments = (*SERVE, "--workers", "2")
    settings = {"upstream_url": sandbox.url, "admin_port": "0"}
    with passerelle(tmp_path, *arguments, **settings) as process:
        until(lambda: ready(process)["workers"] == 2)
        for _ in range(10):
            ask(process.port, "GET", RECORDS)
        before, first = served(process), workers_of(process)
        for worker in first:
            os.kill(worker, signal.SIGKILL)
        until(lambda: ready(process)["workers"] == 2 and not {*first} & {*workers_of(process)})
        ask(process.port, "GET", RECORDS)

        after = served(process)

    assert (before, after) == (10, 11)


def test_a_gateway_that_ends_says_so_to_its_operators(sandbox: Process, tmp_path: Path) -> None:
    settings = {"upstream_url": sandbox.url, "admin_port": "0", "drain_seconds": "30"}
    with passerelle(tmp_path, *SERVE, **settings) as process:
        until(lambda: ready(process)["workers"] == 1)
        process.running.send_signal(signal.SIGTERM)

        until(lambda: ready(process)["not_ready"] == {"draining": 1})
        lives = ask(admin_of(process), "GET", "/healthz").status
        code = process.stop()

    assert lives == 200
    assert code == 0


def test_without_the_setting_there_is_no_admin_port(sandbox: Process, tmp_path: Path) -> None:
    with passerelle(tmp_path, *SERVE, upstream_url=sandbox.url) as process:
        status = ask(process.port, "GET", "/metrics").status

        said = ADMIN.search(process.err)

    assert status == 404
    assert said is None

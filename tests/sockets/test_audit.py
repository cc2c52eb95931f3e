"""The audit log of real processes: how it ends, and what happens when the disk is full."""

import os
import resource
import signal
from pathlib import Path

from tests.proxy.audit.written import KEY, KEYS, Writer, lines_in
from tests.sockets.people import RECORDS
from tests.sockets.processes import Process, passerelle, until
from tests.sockets.test_admin_port import admin_of, ready, workers_of
from tests.sockets.wire import ask

SERVE = ("serve", "--port", "0")


def settings_of(sandbox: Process, folder: Path, **others: str) -> dict[str, str]:
    audit = {"audit_dir": str(folder / "audit"), "audit_key": KEYS}
    return {"upstream_url": sandbox.url, "admin_port": "0", **audit, **others}


def test_every_worker_writes_a_file_of_its_own_and_closes_it(
    sandbox: Process, tmp_path: Path
) -> None:
    arguments = (*SERVE, "--workers", "2")
    writer = Writer(tmp_path / "audit")
    with passerelle(tmp_path, *arguments, **settings_of(sandbox, tmp_path)) as process:
        until(lambda: ready(process)["workers"] == 2)
        statuses = [ask(process.port, "GET", RECORDS).status for _ in range(20)]
        until(lambda: len(writer.folder.files()) == 2)
        serving = [it.state for it in writer.verified().files]

        code = process.stop()

    answered = [line for line in lines_in(writer.path) if line["event"] == "answered"]
    assert (statuses, code) == ([200] * 20, 0)
    assert serving == ["written"] * 2
    assert [line["operation"] for line in answered] == ["GET /records"] * 20
    assert [it.state for it in writer.verified().files] == ["closed"] * 2
    assert writer.findings() == []


def test_a_worker_that_is_killed_loses_no_line_and_the_next_one_tells_how_its_file_ended(
    sandbox: Process, tmp_path: Path
) -> None:
    arguments = (*SERVE, "--workers", "2")
    writer = Writer(tmp_path / "audit")
    with passerelle(tmp_path, *arguments, **settings_of(sandbox, tmp_path)) as process:
        until(lambda: ready(process)["workers"] == 2)
        statuses = [ask(process.port, "GET", RECORDS).status for _ in range(20)]
        for worker in workers_of(process):
            os.kill(worker, signal.SIGKILL)
        until(lambda: len(writer.folder.files()) == 4)
        process.stop()

    states = [it.state for it in writer.verified().files]
    answered = [line for line in lines_in(writer.path) if line["event"] == "answered"]
    assert statuses == [200] * len(answered)
    assert states == ["not closed"] * 2 + ["closed"] * 2
    assert writer.findings() == []


def test_on_a_full_disk_requests_are_refused_and_then_served_again(
    sandbox: Process, tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "audit")
    with passerelle(tmp_path, *SERVE, **settings_of(sandbox, tmp_path)) as process:
        until(lambda: ready(process)["workers"] == 1)
        for _ in range(100):
            # Two lines each, and one in the log: that one must not be the larger file.
            ask(process.port, "POST", RECORDS, {})
        (path,) = writer.folder.files()
        pid, limit = process.running.pid, path.stat().st_size
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        ask(process.port, "GET", RECORDS)

        refused = ask(process.port, "GET", RECORDS)
        told = ask(admin_of(process), "GET", "/readyz")
        metrics = ask(admin_of(process), "GET", "/metrics").body.decode()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        # Nobody asks for anything but whether it is ready.
        until(lambda: ready(process)["workers"] == 1)
        served = ask(process.port, "GET", RECORDS)
        process.stop()

    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert (told.status, told.document["not_ready"]) == (503, {"audit": 1})
    assert 'passerelle_audit_failures_total{what="refused"} 1' in metrics
    assert served.status == 200
    assert "the audit log cannot be written" in process.err
    assert KEY.name in path.read_text("utf-8")
    assert writer.findings() == []

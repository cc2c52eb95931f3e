"""The demo as a process: after its tour it serves, until somebody has seen enough."""

import json
import re
import signal
from pathlib import Path

from tests.sockets.people import RECORDS
from tests.sockets.processes import passerelle, until
from tests.sockets.wire import ask

SERVES = re.compile(
    r"The gateway serves on http://127\.0\.0\.1:(\d+),[^:]*http://127\.0\.0\.1:(\d+)\."
)


def test_after_the_tour_it_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    with passerelle(tmp_path, "demo", "--port", "0", "--sandbox-port", "0") as process:
        until(lambda: "Ctrl-C ends both." in process.err or process.running.poll() is not None)
        found = SERVES.search(process.err)
        assert found is not None
        legacy = ask(int(found[1]), "GET", RECORDS)
        modern = ask(int(found[2]), "GET", "/health_records")
        code = process.stop(signal.SIGINT)

    assert (legacy.status, modern.status, code) == (200, 200, 0)
    assert "every step was right" in process.out
    assert f"curl -s http://127.0.0.1:{found[1]}{RECORDS}" in process.err
    first, *_ = [json.loads(line) for line in process.err.splitlines() if line[:1] == "{"]
    assert (first["event"], first["route"]) == ("request", "/records")
    assert "ended\n" in process.err

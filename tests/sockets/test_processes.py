"""How the processes begin and end: exit codes, signals, workers, and what they say."""

import json
import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from proxy.cli.serving import GRACE_SECONDS
from tests.sockets.people import RECORDS
from tests.sockets.processes import PATIENCE_SECONDS, PROGRAM, Process, environment, passerelle
from tests.sockets.wire import ask, wire

START_SECONDS = 2
SERVE = ("serve", "--port", "0")
UPSTREAM = "http://127.0.0.1:9"
HALF_AN_UPLOAD = f"POST {RECORDS} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{{".encode()


@pytest.mark.parametrize(
    "arguments", [SERVE, ("sandbox", "--port", "0")], ids=lambda words: words[0]
)
def test_sigterm_ends_a_server_well_within_its_grace(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        passerelle(tmp_path, *arguments, upstream_url=UPSTREAM) as process,
        wire(process.port) as idle,
    ):
        idle.ask("GET", "/nothing")  # and the client keeps its connection
        process.running.send_signal(signal.SIGTERM)
        code = process.running.wait(GRACE_SECONDS)

    assert code == 0
    assert process.out == ""
    assert [json.loads(line)["event"] for line in process.log[-1:]] in (["losses"], [])


def test_ctrl_c_ends_a_server_without_a_traceback(tmp_path: Path) -> None:
    with passerelle(tmp_path, *SERVE, upstream_url=UPSTREAM) as process:
        ask(process.port, "GET", "/healthz")
        process.stop(signal.SIGINT)

    assert "Traceback" not in process.err


def test_two_workers_answer_and_end_on_sigterm(sandbox: Process, tmp_path: Path) -> None:
    arguments = (*SERVE, "--workers", "2")
    with passerelle(tmp_path, *arguments, upstream_url=sandbox.url) as process:
        statuses = [ask(process.port, "GET", RECORDS).status for _ in range(20)]
        code = process.stop()

    assert statuses == [200] * 20
    assert code == 0
    events = [json.loads(line)["event"] for line in process.log]
    assert events.count("request") == 20
    assert events.count("losses") == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "PASSERELLE_UPSTREAM_URL: it must be set"),
        (
            {"upstream_url": "http://new.example"},
            "PASSERELLE_UPSTREAM_URL: http:// would carry health data in the clear; use "
            "https://, or PASSERELLE_UPSTREAM_PLAINTEXT=allow inside a network that you trust",
        ),
        (
            {"upstream_url": UPSTREAM, "upstream_ulr": UPSTREAM},
            "PASSERELLE_UPSTREAM_ULR: no such setting; is PASSERELLE_UPSTREAM_URL meant?",
        ),
    ],
    ids=["missing", "plaintext", "misspelt"],
)
def test_wrong_configuration_ends_at_once_with_a_line_that_names_the_variable(
    settings: dict[str, str], said: str
) -> None:
    before = os.times()

    ended = subprocess.run(
        [PROGRAM, *SERVE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=environment(**settings),
        timeout=PATIENCE_SECONDS,
    )

    assert ended.returncode == 3
    assert ended.stdout == b""
    assert ended.stderr.decode() == f"passerelle: {said}\n"
    # Of the processor and not of the clock: the machine may have other work.
    after = os.times()
    spent = (after.children_user, after.children_system)
    assert sum(spent) - before.children_user - before.children_system < START_SECONDS


def test_an_address_in_use_is_wrong_configuration(gateway: Process, tmp_path: Path) -> None:
    arguments = ("serve", "--port", str(gateway.port))
    with passerelle(tmp_path, *arguments, upstream_url=UPSTREAM) as process:
        code = process.running.wait(PATIENCE_SECONDS)

    assert code == 3
    assert process.err.startswith("passerelle: cannot listen on 127.0.0.1 port ")
    assert len(process.err.splitlines()) == 1


def test_what_is_no_http_is_logged_as_json_too(tmp_path: Path) -> None:
    with passerelle(tmp_path, *SERVE, upstream_url=UPSTREAM) as process:
        with wire(process.port) as connection:
            connection.write(b"Kanarilo is no request\r\n\r\n")
            while connection.peer.recv(4096):
                pass
        ask(process.port, "GET", "/healthz")
        process.stop()

    assert "Kanarilo" not in process.err
    assert all(line.startswith("{") for line in process.log)


def test_a_terminal_that_cannot_show_an_accent_is_no_reason_to_fail(tmp_path: Path) -> None:
    document = tmp_path / "record.json"
    document.write_text('{"first_name": "Zoé", "vaccinations": []}', encoding="utf-8")
    plain = environment() | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}

    ended = subprocess.run(
        [PROGRAM, "explain", document], env=plain, capture_output=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"/first_name" in ended.stdout


def test_the_end_does_not_wait_for_a_roll(tmp_path: Path) -> None:
    """While workers are replaced one after another, each of which has an upload that is stuck."""
    arguments = (*SERVE, "--workers", "2")
    with (
        passerelle(tmp_path, *arguments, upstream_url=UPSTREAM, grace_seconds="3") as process,
        ExitStack() as stuck,
    ):
        ask(process.port, "GET", "/healthz")
        for _ in range(8):
            upload = stuck.enter_context(wire(process.port))
            upload.write(HALF_AN_UPLOAD)
        process.running.send_signal(signal.SIGHUP)
        time.sleep(2)
        began = time.monotonic()

        code = process.stop()

    assert code == 0
    assert time.monotonic() - began < 3 + 1.5

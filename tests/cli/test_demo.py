"""`passerelle demo`: the sandbox, the gateway and the tour in one command."""

import json
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from proxy.cli.tour import Answer, call
from tests.cli.conftest import Passerelle, Run
from tests.cli.servers import free_port, taken_port

ONCE = ("demo", "--once", "--port", "0", "--sandbox-port", "0")
PATIENCE_SECONDS = 10


def test_once_ends_after_a_tour_in_which_every_step_was_right(run: Run) -> None:
    result = run(*ONCE)

    assert result.exit_code == 0
    assert "WRONG" not in result.stdout
    assert result.stdout.endswith("\nevery step was right\n")
    assert result.stderr == ""


def test_on_a_terminal_it_is_coloured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run(*ONCE)

    assert "\x1b[32mok   \x1b[0m" in result.stdout


@pytest.mark.parametrize("pack", ["tests.cli.wrong_sample", "tests.cli.refused_sample"])
def test_once_fails_when_a_step_was_wrong(
    pack: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_PACK", pack)

    result = run(*ONCE)

    assert result.exit_code == 1
    assert "WRONG" in result.stdout
    assert "every step was right" not in result.stdout


def test_after_the_tour_it_serves_until_it_is_interrupted(run: Run) -> None:
    port, behind = free_port(), free_port()
    answers: list[Answer] = []
    visitor = threading.Thread(target=_visit_and_interrupt, args=(port, behind, answers))
    visitor.start()

    result = run("demo", "--port", str(port), "--sandbox-port", str(behind))

    visitor.join()
    assert result.exit_code == 0
    assert [answer.status for answer in answers] == [200, 200]
    gateway, upstream = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{behind}"
    assert f"The gateway serves on {gateway}" in result.stderr
    assert f"the new API's stand-in on {upstream}." in result.stderr
    assert f"curl -s {gateway}/api/v1/records.json" in result.stderr
    first, *_ = [json.loads(line) for line in result.stderr.splitlines() if line[:1] == "{"]
    assert (first["event"], first["route"]) == ("request", "/records")
    assert "ended\n" in result.stderr


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_an_address_in_use_is_wrong_configuration(option: str, passerelle: Passerelle) -> None:
    other = {"--port": "--sandbox-port", "--sandbox-port": "--port"}[option]

    with taken_port() as port:
        ended = passerelle("demo", "--once", option, str(port), other, "0")

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: cannot listen on 127.0.0.1 port {port}: ")


def test_a_wrong_setting_is_wrong_configuration(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_MAX_DEPTH", "deep")

    ended = passerelle(*ONCE)

    assert ended.code == 3
    assert ended.err.startswith("passerelle: PASSERELLE_MAX_DEPTH: ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSERELLE_UPSTREAM_URL", "https://new.example"),
        ("PASSERELLE_PUBLIC_URL", "http://127.0.0.1:9/old"),
    ],
)
def test_the_tour_needs_nothing_of_what_an_operator_has_set(
    name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    result = run(*ONCE)

    assert result.exit_code == 0
    assert "every step was right" in result.stdout


def test_the_tour_walks_with_the_options_of_the_gateway(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tmp_path / "options.toml"
    options.write_text('legacy.prefixes = ["/elsewhere"]\n', encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    result = run(*ONCE)

    assert result.exit_code == 0
    assert "POST /elsewhere/records.json" in result.stdout


def _visit_and_interrupt(port: int, behind: int, answers: list[Answer]) -> None:
    """Once the demo waits, call both its servers and press Ctrl-C."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not _waits() and time.monotonic() < end:
        time.sleep(0.01)
    if _waits():
        answers.append(call("GET", f"http://127.0.0.1:{port}/api/v1/records.json"))
        answers.append(call("GET", f"http://127.0.0.1:{behind}/health_records"))
        signal.pthread_kill(_main_thread(), signal.SIGINT)


def _waits() -> bool:
    """Whether the main thread stands where the demo waits, and in nothing else."""
    frame = sys._current_frames().get(_main_thread())
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names[:1] == ["wait"] and "_wait" in names


def _main_thread() -> int:
    return threading.main_thread().ident or 0

"""The command line, in process: what it writes and how it ends."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from proxy import cli
from proxy.settings import PREFIX

OF_A_TERMINAL = ("COLORTERM", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
OF_SERVERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU)
LIBRARIES = ("httpx", "httpcore", "uvicorn.access", "uvicorn.error")

Run = Callable[..., Result]


@dataclass(frozen=True)
class Ended:
    """A process that is over: its exit code, and what it wrote."""

    code: Any
    out: str
    err: str


Passerelle = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX) or name in OF_A_TERMINAL:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [(logger.level, logger.handlers, logger.propagate) for logger in loggers]
    yield
    structlog.reset_defaults()
    for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers, logger.propagate = handlers, propagate


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in OF_SERVERS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def run() -> Run:
    """Run a command; what goes wrong and is not told by the command itself is raised."""

    def run(*arguments: str, text: str | bytes | None = None) -> Result:
        return CliRunner().invoke(
            cli.commands(*arguments[:1]), list(arguments), input=text, catch_exceptions=False
        )

    return run


@pytest.fixture
def passerelle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Passerelle:
    """Run the program as an operator does, up to its exit code."""

    def passerelle(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["passerelle", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.run(cli.commands(*arguments[:1]))
        written = capsys.readouterr()
        return Ended(ended.value.code, written.out, written.err)

    return passerelle

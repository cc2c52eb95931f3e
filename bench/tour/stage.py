"""What the bullets of a tour share: a scratch folder, commands, and servers started when needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.chaos.collector import Collector, collector
from proxy.settings import PREFIX
from proxy.settings.keys import new_key
from tests.sockets.processes import PROGRAM, Process, admin_port, environment, passerelle, until
from tests.sockets.wire import Heard, ask, bearer
from tests.wire.surface import tables

ROOT = Path(__file__).parents[2]
SECONDS = 240
CALLER = bearer("a-visitor-of-the-tour")
SERVE = ("serve", "--port", "0")


class ShortError(Exception):
    """What was seen is not what is promised."""


class NotHereError(Exception):
    """It cannot be seen on this machine: why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """The last line that it wrote, of errors before results."""
        lines = [line for line in f"{self.out}\n{self.err}".splitlines() if line.strip()]
        return lines[-1].strip() if lines else "nothing"


def demand(what: str, *, holds: bool) -> None:
    """Raise `ShortError` unless something holds."""
    if not holds:
        raise ShortError(what)


class Stage:
    """A folder for what is written, and the gateway on which most bullets look."""

    def __init__(self, folder: Path, until_the_end: ExitStack) -> None:
        self.folder = folder
        self._until_the_end = until_the_end
        self.audit_key = new_key()

    def run(
        self, *command: str | Path, cwd: Path = ROOT, seconds: float = SECONDS, **variables: str
    ) -> Ran:
        """Run a command to its end, with these variables and no settings of this machine."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        try:
            ended = subprocess.run(  # noqa: S603 - the commands of the tour
                [str(word) for word in command],
                cwd=cwd,
                env={**own, "XDG_STATE_HOME": str(self.folder / "state"), **variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ShortError(
                f"{Path(str(command[0])).name}: not over in {seconds:.0f} s"
            ) from error
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def must(self, *command: str | Path, code: int = 0, **others: Any) -> Ran:
        """The same for one whose exit code is known; raises `ShortError` for another."""
        ran = self.run(*command, **others)
        name = " ".join(Path(str(word)).name for word in command[:3])
        demand(f"{name}: exit code {ran.code}: {ran.said}", holds=ran.code == code)
        return ran

    def passerelle(self, *arguments: str | Path, code: int = 0, **settings: str) -> Ran:
        """Run a command of the program with these settings and no others."""
        own = environment(**settings)
        variables = {name: own[name] for name in own if name.startswith(PREFIX)}
        return self.must(PROGRAM, *arguments, code=code, **variables)

    def python(self, *arguments: str | Path, **others: Any) -> Ran:
        """Run a module of this project's Python."""
        return self.must(sys.executable, *arguments, **others)

    @cached_property
    def sandbox(self) -> Process:
        """The stand-in for the new API."""
        return self.started("sandbox", "sandbox", "--port", "0")

    @cached_property
    def collector(self) -> Collector:
        """Where spans go."""
        return self._until_the_end.enter_context(collector())

    @cached_property
    def settings(self) -> dict[str, str]:
        """Of the gateway: everything that an operator can switch on."""
        return {
            "upstream_url": self.sandbox.url,
            "admin_port": "0",
            "keys": new_key(),
            "data_dir": str(self.folder / "store"),
            "tables": str(tables(self.folder / "tables")),
            "traces_url": self.collector.url,
            "audit_dir": str(self.folder / "audit"),
            "audit_key": self.audit_key,
        }

    @cached_property
    def gateway(self) -> Process:
        """The gateway, with one worker."""
        process = self.started("gateway", *SERVE, **self.settings)
        until(lambda: _admin(process, "/readyz").status == 200)
        return process

    def started(self, name: str, *arguments: str, **settings: str) -> Process:
        """A command of the program that goes on until the end of the tour."""
        folder = self.folder / f"process-{name}"
        process = self._until_the_end.enter_context(passerelle(folder, *arguments, **settings))
        demand(f"{name}: {Ran(0, process.out, process.err).said}", holds=_serves(process))
        return process

    def ask(self, method: str, path: str, document: Any = None) -> Heard:
        """Ask the gateway, as a legacy application does."""
        return ask(self.gateway.port, method, path, document, CALLER)

    def admin(self, path: str) -> Heard:
        """Ask the gateway's admin port, as an operator does."""
        return _admin(self.gateway, path)


def _admin(process: Process, path: str) -> Heard:
    return ask(admin_port(process.err), "GET", path)


def _serves(process: Process) -> bool:
    until(lambda: "serves on http" in process.err or process.running.poll() is not None)
    return process.running.poll() is None


def figure(stage: Stage, name: str) -> str:
    """Take a small figure of scripts/chaos; says its counts."""
    file = stage.folder / f"figure-{name}.json"
    stage.python("-m", "bench.chaos", name, "--quick", "--json", file)
    (taken,) = json.loads(file.read_text("utf-8"))["figures"]
    held = [demanded["what"] for demanded in taken["demands"] if demanded["held"]]
    demand(f"{name} does not hold", holds=taken["held"] and bool(held))
    counts = ", ".join(f"{what} {count}" for what, count in list(taken["counts"].items())[:6])
    return f"{len(held)} demands held; {counts}"


def passed(stage: Stage, *arguments: str) -> str:
    """Run some of the tests; says how many passed. One that is skipped was not seen to hold."""
    ran = stage.run(sys.executable, "-m", "pytest", "-q", "-rsf", *arguments)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", ran.out, re.M)
    demand(f"{ran.said}: {', '.join(failed[:5])}", holds=ran.code == 0)
    if skipped := re.findall(r"SKIPPED \[\d+\] [^ ]+ (.+)", ran.out):
        raise NotHereError(f"{ran.said}; skipped: {'; '.join(dict.fromkeys(skipped))}")
    return ran.said

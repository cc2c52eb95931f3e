"""`passerelle check`: what is wrong with what is configured and with what that names."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from proxy.cli.checks import certificates, inside, outside, stored
from proxy.cli.checks.finding import (
    Finding,
    State,
    exit_code,
    misconfigured,
    ok,
    unchecked,
)
from proxy.cli.console import complain, err, out
from proxy.errors import ConfigurationError
from proxy.settings import Settings, pack_settings_of_environment, settings_of_environment

Check = Callable[[Settings], Sequence[Finding]]

CHECKS: dict[str, Check] = {
    "pack": inside.pack_of_gateway,
    "tls": certificates.own,
    "upstream tls": certificates.shown,
    "keys": stored.keys,
    "gateway": inside.whole,
    "audit": inside.audit,
    "store": stored.store,
    "upstream": outside.upstream,
    "token endpoint": outside.token_endpoint,
}
"""In the order in which things are mended; all of them run, whatever is wrong before."""

COLOURS = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.WRONG: "bold red",
    State.UNCHECKED: "dim",
}


def check(
    offline: Annotated[
        bool, typer.Option("--offline", help="Check the pack alone: no setting is needed.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="As one JSON object, for machines.")
    ] = False,
) -> None:
    """
    Say what is wrong and how to mend it: settings, pack, keys, store, TLS, the new API, the clock.

    Exit code 0 where nothing is wrong, warnings included; 3 where the configuration is; 1 where
    only something outside of it fails, such as the new API.
    """
    findings = []
    for finding in _offline() if offline else _all():
        findings.append(finding)
        if not as_json:
            _tell(finding)
    code = exit_code(findings)
    if as_json:
        told = {"exit_code": code, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    elif code:
        wrong = sum(finding.state is State.WRONG for finding in findings)
        complain(f"{wrong} wrong; docs/operating/check.md says what each line means")
    raise typer.Exit(code)


def _offline() -> Iterator[Finding]:
    """Raises `ConfigurationError`: there is but one thing to be wrong."""
    yield from inside.pack(pack_settings_of_environment())


def _all() -> Iterator[Finding]:
    try:
        settings = settings_of_environment()
    except ConfigurationError as error:
        for line in str(error).splitlines():
            yield misconfigured("settings", line)
        for name in CHECKS:
            yield unchecked(name, f"{name}: until the settings are right")
        return
    yield ok("settings", "settings")
    told: set[str] = set()
    for name, run in CHECKS.items():
        with _shown(name):
            findings = run(settings)
        for finding in findings:
            if finding.state is State.WRONG and finding.says in told:
                # What is made of several things fails as one of them did.
                yield unchecked(name, f"{name}: until what is wrong above is mended")
            else:
                yield finding
            told.add(finding.says)


def _shown(name: str) -> AbstractContextManager[object]:
    """What is being looked at, for as long as it takes; on a terminal only."""
    console = err()
    return console.status(f"checking {name}") if console.is_terminal else nullcontext()


def _tell(finding: Finding) -> None:
    state = f"[{COLOURS[finding.state]}]{finding.state}[/]"
    out().print(f"{state}  {escape(finding.says)}", soft_wrap=True)

"""What comes of a check, and what it means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from proxy.cli.console import ExitCode


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"
    """It serves, and will not for long, or not for everybody."""
    WRONG = "wrong"
    UNCHECKED = "unchecked"
    """Something else must be mended first; never a pass."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    check: str
    state: State
    says: str
    """What is so and what to do next, without a value of a record or a secret."""
    outside: bool = False
    """Whether what is wrong lies outside of the configuration: a server, a disk, a clock."""


def ok(check: str, says: str) -> Finding:
    """It is as it must be."""
    return Finding(check, State.OK, says)


def warning(check: str, says: str) -> Finding:
    """It serves, and wants to be looked at."""
    return Finding(check, State.WARNING, says)


def misconfigured(check: str, says: object) -> Finding:
    """A setting, or a file that one names, must be mended."""
    return Finding(check, State.WRONG, str(says))


def failing(check: str, says: object) -> Finding:
    """Something that the configuration names fails."""
    return Finding(check, State.WRONG, str(says), outside=True)


def unchecked(check: str, says: str) -> Finding:
    """It could not be looked at."""
    return Finding(check, State.UNCHECKED, says)


def exit_code(findings: Iterable[Finding]) -> int:
    """What is to be mended first decides."""
    wrong = [finding for finding in findings if finding.state is State.WRONG]
    if any(not finding.outside for finding in wrong):
        return ExitCode.CONFIGURATION
    return ExitCode.FAILED if wrong else 0

"""What the server's protocol is given by the application: limits, refusals, counters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from proxy.front.answer_head import CommonLines
from proxy.observe.counts import Counts
from proxy.settings import FrontSettings

if TYPE_CHECKING:
    from proxy.front.fast_path import FastPath

WIRE = "passerelle.wire"
"""Under this name the state of the application's life holds its `Wire`."""

LEFT = "passerelle.left"
"""Under this name the state of a request may hold what is called when its client leaves."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a request is taken, and how long it may take."""

    fields: int
    head_bytes: int
    target_bytes: int
    body_bytes: int
    head_seconds: float
    body_seconds: float
    hosts: frozenset[str]
    """Names in lower case that a Host may have, without a port; empty: any well-formed one."""

    @classmethod
    def of(cls, settings: FrontSettings) -> Self:
        """As the settings say."""
        return cls(
            settings.max_fields,
            settings.max_head_bytes,
            settings.max_target_bytes,
            settings.max_body_bytes,
            settings.head_seconds,
            settings.body_seconds,
            frozenset(name.lower() for name in settings.hosts),
        )


@dataclass(slots=True)
class Wire:
    """What a connection needs of the application."""

    limits: Limits
    refusal: Callable[[int], bytes]
    """The whole answer for a status that the protocol itself gives, in the legacy form."""
    counts: Counts = field(default_factory=Counts)
    common: CommonLines = field(default_factory=CommonLines)
    fast_path: FastPath | None = None
    """The way of plain requests, where there is one."""
    draining: bool = False
    """Whether the process is about to end: it is not ready, and every answer closes."""

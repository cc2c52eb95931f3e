"""How far a plain request had come when it turned out to be none."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.upstream.client import Outcome

HANDED_OVER = "passerelle.handed_over"
"""Under this name the state of a request holds it."""


@dataclass(slots=True)
class HandedOver:
    """It has its turn, and its call was made: the journey goes on from there."""

    request_id: str
    began: float
    """When it came, as `time.perf_counter` tells it."""
    ends_at: float
    """When it must be over, by the clock of the event loop."""
    body: bytes
    outcome: Outcome

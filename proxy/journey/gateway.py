"""What every journey is given: that which lives as long as the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from proxy.credentials import Credentials
from proxy.journey.at_once import AtOnce
from proxy.journey.deadlines import Deadlines
from proxy.journey.memory import Memory
from proxy.journey.room import Room
from proxy.journey.routing import Router
from proxy.journey.turns import Turns
from proxy.observe.counts import Counts
from proxy.observe.losses import Losses
from proxy.observe.metrics import Metrics
from proxy.packs import Loaded
from proxy.settings import Settings
from proxy.upstream.client import Upstream

if TYPE_CHECKING:
    from proxy.journey.walk import Walk
    from proxy.observe.trace_spans import Spans


class AuditLog(Protocol):
    """Who saw or changed what, as far as a request on its way tells it (`proxy.audit`)."""

    @property
    def refuses_all(self) -> bool:
        """Whether requests are refused now."""

    def begun(self, walk: Walk) -> None:
        """Write down that a write begins; raises `ProxyError`, and then it must not."""

    def close(self) -> None:
        """Write the last line."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Made in `create_app`, handed to every journey; a test hands in its own."""

    settings: Settings
    loaded: Loaded
    router: Router
    upstream: Upstream
    credentials: Credentials
    memory: Memory
    losses: Losses
    counts: Counts
    metrics: Metrics
    turns: Turns
    deadlines: Deadlines
    room: Room
    at_once: Mapping[tuple[str, str], AtOnce]
    """By legacy path and action."""
    day: Callable[[], date]
    spans: Spans | None = None
    """What makes spans, where there are any."""
    audit: AuditLog | None = None
    """Who saw or changed what, where that is written down."""

    async def close(self) -> None:
        """Let go of the connections and of the store."""
        await self.credentials.close()
        await self.upstream.close()
        await self.memory.store.close()
        if self.audit is not None:
            self.audit.close()
        if self.spans is not None:
            await self.spans.close()

    @property
    def today(self) -> date:
        """The day on the legacy side."""
        return self.day()

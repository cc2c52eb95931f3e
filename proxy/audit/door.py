"""Where requests come in and answers go out, when there is an audit log."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from proxy.audit.audit import Audit, AuditError
from proxy.front.door import Door
from proxy.journey import answers
from proxy.journey.answers import Answer
from proxy.journey.walk import Walk


@dataclass(frozen=True, slots=True)
class AuditedDoor(Door):
    """A door past which nothing is done to a record, or shown of one, without a line."""

    audit: Audit

    async def answered(self, walk: Walk) -> Answer:
        """The answer, once it is written down."""
        try:
            self.audit.admit()
            answer = await Door.answered(self, walk)
        except AuditError as error:
            return self._refused(error, walk)
        except asyncio.CancelledError:
            # Nobody is there to be refused.
            with suppress(AuditError):
                self.audit.left(walk)
            raise
        try:
            await self.audit.answered(walk, answer.status)
        except AuditError as error:
            # Of a write that is done its client must hear; that it began is written down.
            return answer if walk.begun else self._refused(error, walk)
        return answer

    def _refused(self, error: AuditError, walk: Walk) -> Answer:
        head = walk.request.method == "HEAD"
        return answers.failure(error, self.gateway.loaded.pack, head=head)

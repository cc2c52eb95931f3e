"""Who else may read a record: the legacy word for it, from the modern requests."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.core.context import Document, Json, Scope

KNOWN = frozenset({"PENDING", "ACCEPTED", "REFUSED", "REJECTED", "CANCELLED", "EXPIRED"})
"""The statuses that are known or guessed; any other is noted, and counts as not accepted."""


@dataclass(frozen=True)
class SharingStatus:
    """Shared as soon as one request was accepted, private before."""

    accepted: frozenset[str]
    private: str
    shared: str

    def __call__(self, read: Document, scope: Scope) -> Json:
        statuses = [request.get("status") for request in read["sharing_requests"] or []]
        for position, status in enumerate(statuses):
            if status is not None and status not in KNOWN | self.accepted:
                scope.note_unknown("sharing_requests", position, "status")
        return self.shared if self.accepted.intersection(statuses) else self.private

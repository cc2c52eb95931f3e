"""What a translation gives: the document on the other side, and what is to be told of it."""

from __future__ import annotations

import msgspec

from mappings.core import pointer as pointers
from mappings.core.context import Document, Item, Loss, Report, is_blank


class Upgraded(msgspec.Struct, frozen=True):
    """A legacy document carried over to the modern side."""

    document: Document
    """The whole modern record: the base with the changes."""
    changes: Document
    """The modern fields that change; without a base, all of them."""
    aside: Document
    """The legacy-only values that the client changed, for whoever keeps them."""
    items: tuple[Item, ...]
    """The records within that the client made or changed, where each has a call of its own."""
    lost: tuple[Loss, ...]
    stale: bool
    """The client wrote over a record that it had read before somebody else changed it."""

    @classmethod
    def of(
        cls, base: Document | None, changes: Document, aside: Document, report: Report
    ) -> Upgraded:
        """What an upgrade without problems gives."""
        whole = changes if base is None else {**base, **changes}
        return cls(whole, changes, aside, tuple(report.items), tuple(report.lost), report.stale)

    @property
    def lost_unless_kept(self) -> tuple[Loss, ...]:
        """What is lost where nobody keeps the values set aside."""
        written = [("", self.aside), *((item.pointer, item.aside) for item in self.items)]
        return (
            *self.lost,
            *(
                Loss(pointers.child(where, name), declared=True)
                for where, aside in written
                for name, value in aside.items()
                if not is_blank(value)
            ),
        )


class Downgraded(msgspec.Struct, frozen=True):
    """A modern document as the legacy side shows it."""

    document: Document
    unknown: tuple[str, ...]
    """Modern pointers at which a code stands that no table has."""

"""Who else may read a record: the requests to share it, and the legacy word for what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mappings.core.codecs import GroupCodec, Values, code_table
from mappings.core.compiled.inline import Inline
from mappings.core.compiled.source import DeclinedError
from mappings.core.context import Document, Json, Scope
from mappings.core.errors import RefusedError
from mappings.core.evidence import guess, inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import also_read, grouped, identifier, shown, untouched
from mappings.mesvaccins import legacy, modern
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.sources import SEED
from mappings.mesvaccins.timestamps import LocalTime

RPPS = re.compile(r"\d{11}", re.ASCII)


@dataclass(frozen=True)
class SharingStatus:
    """Shared as soon as one request was accepted, private before."""

    accepted: frozenset[str]
    known: frozenset[str]
    """Any other status is noted, and counts as not accepted."""
    private: str
    shared: str

    def __call__(self, read: Document, scope: Scope) -> Json:
        statuses = [request.get("status") for request in read["sharing_requests"] or []]
        for position, status in enumerate(statuses):
            if status is not None and status not in self.known | self.accepted:
                scope.note_unknown("sharing_requests", position, "status")
        return self.shared if self.accepted.intersection(statuses) else self.private

    def inline(self, record: Inline) -> str:
        return f"{record.name(self.shown)}({record.of('sharing_requests')})"

    def shown(self, requests: Sequence[Any] | None) -> str:
        """The same of typed requests; declines a status that is not known."""
        found = self.private
        for request in requests or ():
            status = request.status
            if status in self.accepted:
                found = self.shared
            elif status is not None and status not in self.known:
                raise DeclinedError
        return found


def sharing_request(options: Options) -> RecordMapping:
    """The mapping of one request to share a record with a professional."""
    return RecordMapping(
        legacy.SharingRequest,
        modern.SharingRequest,
        identifier("id", to="id", kind="sharing_request", source=inferred("2.2")),
        grouped(
            ("rpps",),
            ("external_id", "to_pro_external_account_id"),
            Professional(options.sharing.rpps_check),
            source=SEED,
        ),
        also_read("external_id", of="rpps", source=SEED),
        shown(
            "status",
            codec=code_table({}, also_shown=options.sharing.statuses),
            because="it moves by accepting and refusing",
            source=guess(
                "2.2",
                question="Which statuses can a sharing request have?",
                option="sharing.statuses",
            ),
        ),
        shown(
            "created_at",
            codec=LocalTime(options.zone),
            because="the server sets it, if it tells it at all",
            source=inferred("2.2"),
        ),
        untouched(
            "from_account_id",
            "from_account_type",
            "processed_by_account_id",
            "to_pro_identity",
            "processed_at",
            "health_record",
            because="the legacy API never had it",
            source=SEED,
        ),
        kind="sharing_request",
        required=("rpps",),
        undeclared=options.records.undeclared,
    )


@dataclass(frozen=True)
class Professional(GroupCodec):
    """
    Who is asked, by RPPS number: the new API takes it as `external_id` and is known to tell it
    as `to_pro_external_account_id`. An account's id that stands there is not shown.
    """

    check: Literal["form", "key"] = "key"

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        (number,) = legacy
        if not isinstance(number, str) or not RPPS.fullmatch(number):
            raise RefusedError("rpps")
        if self.check == "key" and not has_key(number):
            raise RefusedError("rpps")
        return number, stored[1]

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        return (self.canonical_modern(modern)[0],)

    def canonical_legacy(self, legacy: Values) -> Values:
        return legacy

    def canonical_modern(self, modern: Values) -> Values:
        numbers = (it for it in modern if isinstance(it, str) and RPPS.fullmatch(it))
        return next(numbers, None), None


def has_key(number: str) -> bool:
    """Whether the last digit is the Luhn key of the others."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0

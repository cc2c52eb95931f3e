"""The records of a sandbox, in memory: who sees them, and which version they are at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from sandbox.accounts import account_id, rpps_of
from sandbox.problems import found
from sandbox.validation import HEALTH_RECORD

Document = Mapping[str, Any]

# What a field holds when nobody gave it a value.
EMPTY: Final[Document] = MappingProxyType(
    {
        "customary_name": None,
        "external_id": None,
        "zip_code": None,
        "sharing_requests": [],
        "profile": {},
        "validator_ids": [],
        "vaccination_acts": [],
    }
)


@dataclass(frozen=True)
class Record:
    """One version of a document; without an account it is everybody's."""

    document: Document
    account: str | None
    version: int

    @property
    def whole(self) -> dict[str, Any]:
        """The document with no field left out, in the order of the guide."""
        fields = {**EMPTY, **self.document}
        return {
            name: fields[name] for name in HEALTH_RECORD["properties"] if name in fields
        } | fields

    @property
    def etag(self) -> str:
        """The strong entity tag of this version."""
        return f'"{self.version}"'

    def is_seen_by(self, account: str) -> bool:
        """
        Say whether an account sees it: its own, everybody's, or one that is shared with it.

        Who is asked and has not answered sees it too, or could not know what the question is
        about: that is the sandbox's own choice.
        """
        return self.account in {account, None} or any(
            request["to_pro_external_account_id"] == rpps_of(account)
            and request["status"] in {"PENDING", "ACCEPTED"}
            for request in self.document["sharing_requests"]
        )


class Records:
    """All records by id, in the order they came; a version number is never given twice."""

    def __init__(self, now: Callable[[], datetime], documents: Iterable[Document]) -> None:
        self._now = now
        self._versions = count(1)
        self._by_id: dict[str, Record] = {}
        for document in documents:
            self.plant(document)

    def all(self) -> list[Record]:
        """List every record, whoever sees it."""
        return list(self._by_id.values())

    def seen_by(self, account: str) -> list[Record]:
        """List the records that an account sees."""
        return [record for record in self.all() if record.is_seen_by(account)]

    def get(self, identity: str, account: str) -> Record:
        """Give a record that the account sees; refuse when there is none."""
        record = self._by_id.get(identity)
        return found(record if record and record.is_seen_by(account) else None)

    def create(self, fields: Document, account: str) -> Record:
        """Make a record that its account alone sees."""
        moment = self.moment()
        made = {"id": str(uuid4()), "owner_id": account_id(account), "created_at": moment}
        return self._keep({**EMPTY, **fields, **made, "updated_at": moment}, account)

    def write(self, record: Record, fields: Document) -> Record:
        """Put fields over those of a record."""
        document = {**record.document, **fields, "updated_at": self.moment()}
        return self._keep(document, record.account)

    def delete(self, record: Record) -> None:
        """Forget one record."""
        del self._by_id[record.document["id"]]

    def plant(self, document: Document) -> None:
        """Keep a document exactly as it is, for every account."""
        self._keep(document, None)

    def planted(self, identity: str) -> Document | None:
        """Give a document exactly as it is kept, whoever sees it."""
        record = self._by_id.get(identity)
        return record.document if record else None

    def clear(self) -> None:
        """Forget every record."""
        self._by_id.clear()

    def moment(self) -> str:
        """Give the time that it is, as the new API writes it."""
        moment = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")

    def _keep(self, document: Document, account: str | None) -> Record:
        record = Record(document, account, next(self._versions))
        self._by_id[document["id"]] = record
        return record

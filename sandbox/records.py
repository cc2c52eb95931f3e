"""The records of a sandbox, in memory: who sees them, and which version they are at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from sandbox.accounts import owner_id
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


class Records:
    """All records by id, in the order they came; a version number is never given twice."""

    def __init__(self, now: Callable[[], datetime], documents: Iterable[Document]) -> None:
        self._now = now
        self._versions = count(1)
        self._by_id: dict[str, Record] = {}
        for document in documents:
            self.plant(document)

    def seen_by(self, account: str) -> list[Record]:
        """List the records that an account sees."""
        return [record for record in self._by_id.values() if record.account in {account, None}]

    def find(self, identity: str, account: str) -> Record | None:
        """Give a record, if there is one that the account sees."""
        record = self._by_id.get(identity)
        return record if record and record.account in {account, None} else None

    def create(self, fields: Document, account: str) -> Record:
        """Make a record that its account alone sees."""
        moment = self._moment()
        made = {"id": str(uuid4()), "owner_id": owner_id(account), "created_at": moment}
        return self._keep({**EMPTY, **fields, **made, "updated_at": moment}, account)

    def write(self, record: Record, fields: Document) -> Record:
        """Put fields over those of a record."""
        document = {**record.document, **fields, "updated_at": self._moment()}
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

    def _keep(self, document: Document, account: str | None) -> Record:
        record = Record(document, account, next(self._versions))
        self._by_id[document["id"]] = record
        return record

    def _moment(self) -> str:
        moment = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")

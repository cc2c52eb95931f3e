"""From the bytes of the new API to legacy documents in one go: no document stands between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mappings.core.compiled.inline import Shown
from mappings.core.compiled.keys import Keys, as_compared, set_aside_keys
from mappings.core.compiled.showing import Known, compiled_showing
from mappings.core.compiled.source import DeclinedError, Source
from mappings.core.compiled.typed import LIST, NoFormError, decoder, record_type
from mappings.core.context import Context

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping


class FromBytes:
    """
    Modern records as typed values, and what they show.

    It gives what `RecordMapping.downgrade` gives of the same bytes, or raises one of `DECLINED`:
    for bytes that are no strict JSON, that do not fit, or of which there is something to tell.
    Three things differ: members that no rule reads are skipped unread, of a key that stands twice
    the last one counts, and how deep a member may go that is read is bounded by Python alone. The
    forms of texts (UUIDs, days, instants) are looked at when a
    record is shown.
    """

    def __init__(
        self, mapping: RecordMapping, named: Mapping[str, str], list_key: str | None
    ) -> None:
        kind = record_type(mapping, named)
        self._record = decoder(kind)
        self._records, self._list_of = _listed(LIST[kind], list_key)
        self._raw, self._raw_list_of = _listed(list[msgspec.Raw], list_key)
        self._once = mapping.identifier is not None
        self._show = compiled_showing(mapping, named, asides=False)
        self._show_with_asides = compiled_showing(mapping, named, asides=True)
        self.identity: Callable[[Any], str] = _identity(mapping)
        """The id of a record, in lower case; one that has none declines."""
        self.set_aside_in: Keys = set_aside_keys(mapping, typed=True)
        """The records in a record, itself included, for which values may be set aside."""

    def record(self, body: bytes | msgspec.Raw) -> Any:
        """One record."""
        body = body if isinstance(body, bytes) else bytes(body)
        return self._record.decode(_without_zeros(body))

    def records(self, body: bytes) -> list[Any]:
        """The records of a list; one in which an identity stands twice declines."""
        records: list[Any] = self._list_of(self._records.decode(_without_zeros(body)))
        if self._once and len(set(map(self.identity, records))) < len(records):
            raise DeclinedError
        return records

    def split(self, body: bytes) -> list[msgspec.Raw]:
        """The same list undecoded, for `record` one by one; nobody looks for identities here."""
        listed: list[msgspec.Raw] = self._raw_list_of(self._raw.decode(body))
        return listed

    def showing(self, known: Known, context: Context) -> Callable[[Any], Shown]:
        """
        What shows the records of one request, given the legacy ids that they may need.

        The ids and the base of the context are not looked at; a record around these declines.
        """
        if context.parent is not None:
            raise DeclinedError
        showing = self._show_with_asides if context.asides else self._show
        return showing(known, context)


def from_bytes(
    mapping: RecordMapping, named: Mapping[str, str], list_key: str | None
) -> FromBytes | None:
    """See `RecordMapping.from_bytes`."""
    try:
        return FromBytes(mapping, named, list_key)
    except NoFormError:
        return None


def _without_zeros(body: bytes) -> bytes:
    """Only an escape can give U+0000, and hardly any body has one."""
    if b"\\" in body and b"\\u0000" in body:
        raise DeclinedError
    return body


Taken = Callable[[Any], Any]


def _listed(kind: Any, list_key: str | None) -> tuple[msgspec.json.Decoder[Any], Taken]:
    """What decodes a list, and what takes it out of the object in which it may lie."""
    if list_key is None:
        return decoder(kind), lambda listed: listed
    page = msgspec.defstruct("Page", [("listed", kind)], rename={"listed": list_key})
    return decoder(page), lambda page: page.listed


def _identity(mapping: RecordMapping) -> Callable[[Any], str]:
    source = Source("identity(record)")
    if mapping.identifier is None:
        source.add("raise DeclinedError")
    else:
        name = mapping.identifier.modern[0]
        compared = as_compared("value", mapping.modern_readers[name], source)
        source.add(f"value = record.{name}", "if value is None:", "    raise DeclinedError")
        source.add(f"return {compared}")
    identity: Callable[[Any], str] = source.function(str(mapping))
    return identity

"""What is shown from bytes in one go is what the rules show of the same document, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mappings.core.compiled.from_bytes import FromBytes
from mappings.core.compiled.source import DECLINED
from mappings.core.context import Context, Document, Json
from mappings.core.days import Days
from mappings.core.record_mapping import RecordMapping
from proxy import strict_json
from tests.documents import HEALTH_RECORD, VACCINATION, VACCINES, context, ids_of, modern_documents
from tests.laws.edits import kept_asides
from tests.mappings.core.test_compiled import (
    drawn,
    every_mapping,
    spoilt,
)
from tests.packs.toy import PRESS

NAMED = {"vaccination_acts": "health_record_id"}
RECORD, ACT = (f"0000000{number}-0000-4000-8000-0000000000ab" for number in range(2))
OTHER = "99999999-0000-4000-8000-000000000099"
PLAIN: Mapping[str, Any] = {
    "id": RECORD,
    "first_name": "Inès",
    "last_name": "Kermorvan",
    "customary_name": "Abgrall",
    "gender": "f",
    "birth_date": "1988-12-18",
    "zip_code": "29000",
    "profile": {},
    "sharing_requests": [
        {"id": 7, "status": "ACCEPTED", "created_at": "2024-01-01T00:00:00Z"},
        {"id": 8, "status": "REFUSED"},
        {"id": 9, "status": None},
    ],
    "created_at": "2022-11-03T13:41:17.071Z",
    "updated_at": "2022-11-03T13:41:17.0719+00:00",
    "vaccination_acts": [
        {
            "id": ACT,
            "health_record_id": RECORD,
            "vaccine_id": min(VACCINES.by_uuid),
            "performed_on": "1989-03-01",
            "certified_on": "1989-03-02",
            "certification_method": "execution",
            "certificator_id": OTHER,
            "booster": True,
        },
        {"performed_on": None, "vaccine_id": None, "certificator_id": OTHER},
    ],
}


def way_of(
    mapping: RecordMapping, named: Mapping[str, str] | None = None, list_key: str | None = None
) -> FromBytes:
    found = mapping.from_bytes(named or {}, list_key)
    assert found is not None
    return found


def dumped(document: Any) -> bytes:
    return strict_json.dump(document)


def known_in(document: Document, mapping: RecordMapping) -> dict[str, dict[str, Json]]:
    """The legacy id of each modern one in a document, by kind."""
    known: dict[str, dict[str, Json]] = {}
    for (kind, identity), number in ids_of(document, mapping).to_legacy.items():
        known.setdefault(kind, {})[identity] = number
    return known


def shown(
    mapping: RecordMapping,
    body: bytes,
    known: Mapping[str, Mapping[str, Json]],
    told: Context,
    named: Mapping[str, str] | None = None,
) -> bytes | None:
    """The legacy document as bytes, or nothing where it is declined."""
    way = way_of(mapping, named)
    try:
        return dumped(way.showing(known, told)(way.record(body)))
    except DECLINED:
        return None


def of_plain(**changes: Any) -> dict[str, Any]:
    return {**PLAIN, **changes}


def spliced(document: Any, written: bytes) -> bytes:
    """A document with something written by hand in the place of its "@"."""
    return dumped(document).replace(b'"@"', written)


def of_act(**changes: Any) -> dict[str, Any]:
    return of_plain(vaccination_acts=[{**PLAIN["vaccination_acts"][0], **changes}])


def plain_shown(document: Any, body: bytes | None = None) -> bytes | None:
    known = known_in(PLAIN, HEALTH_RECORD)
    return shown(HEALTH_RECORD, body or dumped(document), known, context(), NAMED)


@every_mapping
@drawn
@given(data=st.data())
def test_a_record_is_shown_as_the_rules_show_it_or_declined(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    record = data.draw(modern_documents(mapping, any_code=data.draw(st.booleans())))
    asides = data.draw(kept_asides(mapping, record)) if data.draw(st.booleans()) else {}
    ids = ids_of(record, mapping)
    body = dumped(data.draw(spoilt(record)))
    document = strict_json.parse(body, 64)

    found = shown(mapping, body, known_in(record, mapping), context(None, asides))

    fits = isinstance(document, Mapping) and not mapping.misfits(document, "")
    downgraded = mapping.downgrade(document, context(None, asides, ids)) if fits else None
    if downgraded is None or downgraded.unknown:
        assert found is None
    elif found is not None or mapping.modern_ids(document) <= ids.to_legacy.keys():
        # Whatever is plain is shown: nothing but an id that is not known makes a difference.
        assert found == dumped(downgraded.document)


@every_mapping
@drawn
@given(data=st.data())
def test_a_typed_record_tells_who_it_is_and_what_is_set_aside_for_it(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    document = data.draw(modern_documents(mapping))

    record = way_of(mapping).record(dumped(document))

    assert set(way_of(mapping).set_aside_in(record)) == mapping.set_aside_in(document)
    identity = mapping.identity_of(document)
    if identity is not None:
        assert way_of(mapping).identity(record) == identity
    else:
        with pytest.raises(DECLINED):
            way_of(mapping).identity(record)


def test_a_plain_record_is_shown_and_its_members_can_be_read() -> None:
    way, known = way_of(HEALTH_RECORD, NAMED), known_in(PLAIN, HEALTH_RECORD)

    document = way.showing(known, context())(way.record(dumped(PLAIN)))

    ids = ids_of(PLAIN, HEALTH_RECORD)
    by_rules = HEALTH_RECORD.downgrade(PLAIN, context(None, {}, ids)).document
    assert dumped(document) == dumped(by_rules)
    assert document["uuid"] == RECORD


def test_values_set_aside_are_shown_again() -> None:
    way, known = way_of(HEALTH_RECORD, NAMED), known_in(PLAIN, HEALTH_RECORD)
    asides = {("health_record", RECORD): {"email": "a@b.example"}, ("vaccination", ACT): {}}
    upper = of_plain(id=RECORD.upper(), vaccination_acts=[])

    show = way.showing(known, context(None, asides))

    assert show(way.record(dumped(PLAIN)))["email"] == "a@b.example"
    assert show(way.record(dumped(upper)))["email"] == "a@b.example"


@pytest.mark.parametrize(
    "document",
    [
        of_plain(id=f"{RECORD}0"),
        of_plain(birth_date="1988-02-30"),
        of_plain(birth_date="1988-W02-1"),
        of_plain(birth_date=None),
        of_plain(created_at="2022-11-03T13:41:17"),
        of_plain(created_at="2022-11-03T13:61:17Z"),
        of_plain(created_at="2022-13-03T13:41:17Z"),
        of_plain(gender="x"),
        of_plain(zip_code=29000),
        of_plain(sharing_requests=[{"status": "LOST"}]),
        of_plain(sharing_requests=[{"created_at": "yesterday"}]),
        of_act(id=OTHER),
        of_act(id=ACT.upper()),
        of_act(vaccine_id=OTHER),
        of_act(health_record_id=OTHER),
        of_act(health_record_id={"id": RECORD}),
        of_act(certified_on="yesterday"),
        of_act(certified_on=None, certificator_id="nobody"),
        of_act(certificator_id=ACT),
        of_act(certification_method="guess"),
        of_act(injection_method="by letter"),
        of_act(booster=1),
        of_plain(vaccination_acts=[None]),
        [],
        None,
    ],
)
def test_what_there_is_something_to_tell_of_is_declined(document: Any) -> None:
    assert plain_shown(PLAIN) is not None

    assert plain_shown(document) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        dumped(PLAIN)[:-1],
        dumped(PLAIN) + b"x",
        b"\xef\xbb\xbf" + dumped(PLAIN),
        spliced(of_plain(first_name="@"), b'"\\u0000"'),
        spliced(of_plain(first_name="@"), b'"\0"'),
        spliced(of_plain(first_name="@"), b'"\\ud800"'),
        spliced(of_plain(first_name="@"), b'"\\ud800, more of it"'),
        spliced(of_plain(first_name="@"), b'"\\udc00, more of it"'),
        spliced(of_plain(first_name="@"), b'"\xff"'),
        spliced(of_plain(profile={"x": "@"}), b"1e400"),
        spliced(of_plain(profile={"x": "@"}), b"NaN"),
        spliced(of_plain(profile={"x": "@"}), b"9" * 5000),
        spliced(of_plain(profile={"x": "@"}), b"[" * 9000 + b"]" * 9000),
        spliced(of_plain(x="@"), b"[" * 9000 + b"]" * 9000),
        spliced(of_plain(x="@"), b"07"),
    ],
)
def test_bytes_that_are_no_strict_json_are_declined(body: bytes) -> None:
    assert plain_shown(PLAIN) is not None

    assert plain_shown(None, body) is None


@pytest.mark.parametrize(
    "body",
    [
        spliced(of_plain(x="@"), b'"\\n\\\\"'),
        spliced(of_plain(x="@"), b"1e400"),
        spliced(of_plain(x="@"), b"[" * 90 + b"]" * 90),
        spliced(of_plain(x="@"), b'7,"x":8'),
        spliced(of_plain(profile={"x": "@"}), b"0.1234567890123456789"),
        b'{"first_name":"Ana",' + dumped(PLAIN)[1:],
    ],
)
def test_members_that_no_rule_reads_are_skipped_and_the_last_of_two_counts(body: bytes) -> None:
    assert plain_shown(None, body) == plain_shown(PLAIN)


def test_what_is_written_with_escapes_is_read() -> None:
    body = dumped(PLAIN).replace("è".encode(), b"\\u00e8")

    assert plain_shown(None, body) == plain_shown(PLAIN)


def test_a_record_around_these_is_declined() -> None:
    with pytest.raises(DECLINED):
        way_of(VACCINATION).showing({}, replace(context(), parent=PLAIN))


@pytest.mark.parametrize("list_key", [None, "health_records", "health-records"])
def test_a_list_is_read_whole_or_record_by_record(list_key: str | None) -> None:
    way, other = way_of(HEALTH_RECORD, NAMED, list_key), of_plain(id=OTHER)
    listed = [PLAIN, other]
    body = dumped(listed if list_key is None else {"total": 2, list_key: listed})

    records = way.records(body)

    assert [way.identity(it) for it in records] == [RECORD, OTHER]
    assert [way.record(raw) for raw in way.split(body)] == records


@pytest.mark.parametrize(
    "listed", [[PLAIN, PLAIN], [PLAIN, of_plain(id=RECORD.upper())], [None], {}, {"x": []}, None]
)
def test_a_list_in_which_one_stands_twice_is_declined_and_so_is_what_is_none(listed: Any) -> None:
    with pytest.raises(DECLINED):
        way_of(HEALTH_RECORD).records(dumped(listed))


def test_an_escaped_zero_in_a_list_is_declined_with_its_record() -> None:
    way = way_of(HEALTH_RECORD)
    body = spliced([of_plain(first_name="@")], b'"\\u0000"')
    (raw,) = way.split(body)

    with pytest.raises(DECLINED):
        way.records(body)
    with pytest.raises(DECLINED):
        way.record(raw)


def test_records_without_ids_are_not_told_apart() -> None:
    record = {"city": "Brest"}

    assert len(way_of(PRESS).records(dumped([record, record]))) == 2


def test_a_way_is_made_once_for_what_it_is_asked_with() -> None:
    assert way_of(HEALTH_RECORD, NAMED) is way_of(HEALTH_RECORD, NAMED)
    assert way_of(HEALTH_RECORD, NAMED) is not way_of(HEALTH_RECORD)
    assert way_of(HEALTH_RECORD, NAMED, "x") is not way_of(HEALTH_RECORD, NAMED)


def test_no_more_days_are_remembered_than_asked_for() -> None:
    days = Days(most=2)

    for day in ("2024-02-27", "2024-02-28", "2024-02-29"):
        assert days[day] > 0

    assert list(days) == ["2024-02-29"]
    with pytest.raises(ValueError, match="no calendar date"):
        days["2023-02-29"]

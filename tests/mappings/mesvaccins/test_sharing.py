"""Sharing a record with a professional, who is named by RPPS number."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mappings.core.context import Ids
from mappings.core.errors import DocumentError
from mappings.mesvaccins import Options, build
from mappings.mesvaccins.sharing import has_key
from tests.documents import SHARING_REQUEST, context

REQUEST = "7c9e6679-7425-40de-944b-000000000501"
RPPS, OTHER = "10000000009", "10000000017"


def refused(written: dict[str, Any]) -> str:
    with pytest.raises(DocumentError) as raised:
        SHARING_REQUEST.upgrade(written, context())
    return str(raised.value)


def shown(**modern: Any) -> dict[str, Any]:
    known = replace(context(), ids=Ids({("sharing_request", REQUEST): 1901}))
    return dict(SHARING_REQUEST.downgrade({"id": REQUEST, **modern}, known).document)


@pytest.mark.parametrize("number", ["10000000009", "10000000017", "00000000000"])
def test_the_last_digit_of_an_rpps_number_is_its_key(number: str) -> None:
    other = f"{number[:10]}{(int(number[10]) + 1) % 10}"

    assert has_key(number)
    assert not has_key(other)


def test_two_digits_that_changed_places_are_seen() -> None:
    assert has_key("12345678903")
    assert not has_key("21345678903")


@pytest.mark.parametrize("written", [{"rpps": RPPS}, {"rpps": int(RPPS)}, {"external_id": RPPS}])
def test_a_professional_is_named_by_rpps_number(written: dict[str, Any]) -> None:
    upgraded = SHARING_REQUEST.upgrade(written, context())

    assert upgraded.document == {"external_id": RPPS}
    assert upgraded.lost == ()


@pytest.mark.parametrize(
    "number", ["1000000000", "100000000090", "1000000000x", "10000000008", "x"]
)
def test_what_is_no_rpps_number_is_refused_under_the_name_that_the_client_used(number: str) -> None:
    assert refused({"rpps": number}) == "/rpps: rpps"
    assert refused({"external_id": number}) == "/external_id: rpps"


@pytest.mark.parametrize("written", [{}, {"rpps": ""}, {"rpps": None}, {"rpps": " "}])
def test_a_request_names_somebody(written: dict[str, Any]) -> None:
    assert refused(written) == "/rpps: blank"


def test_what_is_no_number_at_all_is_refused() -> None:
    assert refused({"rpps": [RPPS]}) == "/rpps: not_a_text"
    assert refused({"external_id": True}) == "/external_id: not_a_text"
    assert refused({"external_id": ""}) == "/external_id: blank"


def test_both_names_may_stand_for_the_same_professional() -> None:
    same = SHARING_REQUEST.upgrade({"rpps": RPPS, "external_id": RPPS}, context())

    assert same.document == {"external_id": RPPS}
    assert refused({"rpps": RPPS, "external_id": OTHER}) == "/external_id: contradiction"


def test_what_the_new_api_says_of_the_number_is_told_under_the_name_that_the_client_used() -> None:
    assert SHARING_REQUEST.legacy_pointers("/external_id", {"rpps": RPPS}) == ["/rpps"]
    assert SHARING_REQUEST.legacy_pointers("/external_id", {"external_id": RPPS}) == [
        "/external_id"
    ]


def test_two_requests_to_different_professionals_say_different_things() -> None:
    one, other = (SHARING_REQUEST.canonical({"external_id": number}) for number in (RPPS, OTHER))

    assert one != other


def test_the_key_of_an_rpps_number_is_not_checked_by_option() -> None:
    lenient = build(Options.model_validate({"sharing": {"rpps_check": "form"}}))
    mapping = lenient.mappings["sharing_request"]

    assert mapping.upgrade({"rpps": "10000000008"}, context()).document == {
        "external_id": "10000000008"
    }
    with pytest.raises(DocumentError, match=r"^/rpps: rpps$"):
        mapping.upgrade({"rpps": "1"}, context())


@pytest.mark.parametrize(
    ("modern", "rpps"),
    [
        ({"external_id": RPPS}, RPPS),
        ({"to_pro_external_account_id": OTHER}, OTHER),
        ({"external_id": RPPS, "to_pro_external_account_id": OTHER}, RPPS),
        ({"external_id": "dossier-1", "to_pro_external_account_id": OTHER}, OTHER),
        ({"to_pro_external_account_id": REQUEST}, None),
        ({"to_pro_external_account_id": 7}, None),
        ({}, None),
    ],
)
def test_only_an_rpps_number_is_shown_and_no_id_of_an_account(
    modern: dict[str, Any], rpps: str | None
) -> None:
    assert shown(**modern)["rpps"] == rpps


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("PENDING", "pending"),
        ("ACCEPTED", "accepted"),
        ("REFUSED", "refused"),
        ("REJECTED", "refused"),
        ("CANCELLED", "cancelled"),
        ("EXPIRED", "expired"),
        (None, None),
    ],
)
def test_a_status_is_shown_by_its_legacy_word(status: str | None, word: str | None) -> None:
    assert shown(status=status)["status"] == word


def test_a_status_that_nobody_knows_is_null_and_noted() -> None:
    """Trap 5."""
    downgraded = SHARING_REQUEST.downgrade({"id": REQUEST, "status": "FROZEN"}, context())

    assert downgraded.document["status"] is None
    assert downgraded.unknown == ("/status",)


def test_the_words_for_statuses_are_an_option() -> None:
    pack = build(Options.model_validate({"sharing": {"statuses": {"FROZEN": "gele"}}}))
    record: dict[str, Any] = {"id": REQUEST, "first_name": "x", "last_name": "x", "gender": "f"}
    record |= {"birth_date": "2000-01-01", "sharing_requests": [{"status": "FROZEN"}]}

    request = pack.mappings["sharing_request"].downgrade({"status": "FROZEN"}, context())
    whole = pack.mappings["health_record"].downgrade(record, context())

    assert request.document["status"] == "gele"
    assert request.unknown == whole.unknown == ()


def test_a_request_is_shown_with_four_members_in_their_order() -> None:
    document = shown(external_id=RPPS, status="PENDING", created_at="2024-07-01T08:00:00.250Z")

    assert list(document.items()) == [
        ("id", 1901),
        ("rpps", RPPS),
        ("status", "pending"),
        ("created_at", "2024-07-01T10:00:00+02:00"),
    ]


def test_a_status_cannot_be_written() -> None:
    upgraded = SHARING_REQUEST.upgrade({"rpps": RPPS, "status": "accepted"}, context())

    assert upgraded.document == {"external_id": RPPS}
    assert [loss.pointer for loss in upgraded.lost] == ["/status"]

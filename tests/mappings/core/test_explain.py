"""What becomes of each field of one document, without its values."""

from __future__ import annotations

from mappings.core.explain import explain
from tests.documents import HEALTH_RECORD
from tests.packs.toy import BOOK


def test_every_field_of_a_legacy_document_has_its_fate() -> None:
    document = {
        "name": "Herbier",
        "first": "Inès",
        "note": "torn",
        "label": "mine",
        "colour": "red",
        "press": {"town": "Brest"},
        "pages": [{"heading": "oak"}],
    }

    rows = {row.pointer: (row.fate, row.becomes) for row in explain(BOOK, document, "upgrade")}

    assert rows == {
        "/name": ("renamed", "/title"),
        "/first": ("grouped", "/author"),
        "/note": ("not sent: set aside, or lost", ""),
        "/label": ("ignored: made from other fields", ""),
        "/colour": ("undeclared: dropped and counted", ""),
        "/press": ("nested", "/printer"),
        "/press/town": ("renamed", "/printer/city"),
        "/pages": ("each", "/leaves"),
        "/pages/0/heading": ("renamed", "/leaves/0/title"),
    }


def test_every_field_of_a_modern_document_has_its_fate_and_what_is_made_comes_last() -> None:
    document = {"title": "Herbier", "shelf": 7, "barcode": "x", "printer": None}

    rows = [(row.pointer, row.fate, row.becomes) for row in explain(BOOK, document, "downgrade")]

    assert rows == [
        ("/title", "renamed", "/name"),
        ("/shelf", "not shown, kept as it is", ""),
        ("/barcode", "undeclared: not shown, kept as it is", ""),
        ("/printer", "nested", "/press"),
        ("", "computed", "/label"),
    ]


def test_reasons_and_sources_are_told_and_values_are_not() -> None:
    rows = explain(HEALTH_RECORD, {"email": "canary@example.org", "last_name": "Canary"}, "upgrade")

    assert [(row.because, row.source) for row in rows] == [
        ("the new API has no contact details; the guide does not say so", "inferred: 3"),
        ("", "guess: 4.2"),
    ]
    assert "anary" not in repr(rows)

"""The reference page: every operation and schema, as HTML that a browser can trust."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from mappings.core.openapi import legacy_document, modern_document
from mappings.mesvaccins import Options, build
from proxy.front.reference_page import HEADERS, METHODS, Document, element, reference_page


class Read(HTMLParser):
    """A page as a browser reads it: its text by element, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids.update(filter(None, [told.get("id")]))
        self.links |= set(filter(None, [told.get("href")]))
        if tag != "meta":
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.text[tag][-1] += data


@pytest.fixture(scope="module")
def sides() -> dict[str, Document]:
    """The documents of a real pack."""
    pack = build(Options())
    return {"legacy": legacy_document(pack), "modern": modern_document(pack)}


def test_every_operation_and_every_schema_is_told(sides: dict[str, Document]) -> None:
    page = Read(reference_page(sides))

    operations = [
        f"{method.upper()} {path}"
        for document in sides.values()
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    schemas = {
        f"{side}-{name}"
        for side, document in sides.items()
        for name in document["components"]["schemas"]
    }
    assert operations
    assert [title for title in page.text["h3"] if " /" in title] == operations
    assert schemas <= page.ids.keys()


def test_every_link_within_it_leads_somewhere(sides: dict[str, Document]) -> None:
    page = Read(reference_page(sides))

    within = {link.removeprefix("#") for link in page.links if link.startswith("#")}

    assert within <= page.ids.keys()
    assert max(page.ids.values()) == 1


def test_a_member_is_told_with_its_kind_and_whether_it_can_be_written() -> None:
    page = Read(reference_page({"legacy": document()}))

    rows = page.text["tr"]

    assert "sizeinteger or nullHow large.required" in rows
    assert "bornstring, date-timeread only" in rows
    assert "partsarray of Part" in rows
    assert "anyanything" in rows
    assert "bothPart or object with a: string, b: integer" in rows


def test_an_operation_is_told_with_what_it_takes_and_answers() -> None:
    page = Read(reference_page({"legacy": document()}))

    assert page.text["h3"] == ["POST /things/{id}", "GET /things", "Part"]
    assert "Make one. (guess)" in page.text["p"]
    assert "Takes application/json: Part" in page.text["p"]
    assert "idpathIts id." in page.text["tr"]
    assert "keyheader" in page.text["tr"]
    assert "201Made.Part" in page.text["tr"]
    assert "404Not there." in page.text["tr"]


def test_no_word_of_a_document_becomes_markup() -> None:
    sharp = """<script>alert('"&')</script>"""

    page = reference_page({"legacy": document(sharp)})

    assert "<script" not in page
    assert Read(page).text["h2"] == [sharp]


def test_an_attribute_is_closed_by_nothing_that_is_put_into_it() -> None:
    assert element("a", "x", href='"><b>') == '<a href="&quot;&gt;&lt;b&gt;">x</a>'


def test_a_browser_takes_its_style_and_no_other() -> None:
    page = reference_page({"legacy": document()})

    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in HEADERS["content-security-policy"]


def document(word: str = "Things") -> dict[str, Any]:
    part = {"$ref": "#/components/schemas/Part"}
    return {
        "info": {"title": word, "description": word},
        "paths": {
            "/things/{id}": {
                "parameters": [{"name": "id", "in": "path", "description": "Its id."}],
                "post": {
                    "summary": "Make one.",
                    "x-evidence": "guess",
                    "parameters": [{"$ref": "#/components/parameters/key"}],
                    "requestBody": {"content": {"application/json": {"schema": part}}},
                    "responses": {
                        "201": {
                            "description": "Made.",
                            "content": {"application/json": {"schema": part}},
                        },
                        "404": {"$ref": "#/components/responses/Missing"},
                    },
                },
            },
            "/things": {"get": {"responses": {"404": {"$ref": "#/components/responses/Missing"}}}},
        },
        "components": {
            "parameters": {"key": {"name": "key", "in": "header"}},
            "responses": {"Missing": {"description": "Not there."}},
            "schemas": {
                "Part": {
                    "description": word,
                    "required": ["size"],
                    "properties": {
                        "size": {"type": ["integer", "null"], "description": "How large."},
                        "born": {"type": "string", "format": "date-time", "readOnly": True},
                        "parts": {"type": "array", "items": part},
                        "any": {},
                        "both": {
                            "anyOf": [
                                part,
                                {
                                    "type": "object",
                                    "properties": {
                                        "a": {"type": "string"},
                                        "b": {"type": "integer"},
                                    },
                                },
                            ]
                        },
                    },
                }
            },
        },
    }

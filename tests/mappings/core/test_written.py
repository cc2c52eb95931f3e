"""What is made of a client's bytes in one go is what is made of the same document, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import StrictBool, StrictInt

from bench.speed.workload import CREATE
from mappings.core.codecs import UNCHANGED, Alone
from mappings.core.compiled.source import DECLINED
from mappings.core.compiled.written import Written
from mappings.core.context import Context, Document, is_blank
from mappings.core.model import Model, declared
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.core.rules import Alias, Computed
from mappings.core.verbs import renamed, same, untouched
from mappings.mesvaccins import PACK
from proxy import strict_json
from tests.documents import (
    HEALTH_RECORD,
    MAPPINGS,
    VACCINATION,
    context,
    legacy_documents,
)
from tests.mappings.core.test_compiled import Loud, drawn, every_mapping, spoilt
from tests.packs.toy import BOOK, PRESS, TOLD, NewPress, OldPress

DEEP = 64
PLAIN: Mapping[str, Any] = {
    name: value for name, value in PACK.sample.created.items() if name != "vaccinations"
}
ACT: Mapping[str, Any] = PACK.sample.created["vaccinations"][0]
BOOLEAN, NO_BOOLEAN = 7, 52
"""Conditions of the tables: one that holds or not, and one that has a value."""


def way_of(mapping: RecordMapping) -> Written:
    found = mapping.from_client()
    assert found is not None
    return found


def dumped(document: Any, **style: Any) -> bytes:
    return json.dumps(document, **{"ensure_ascii": False, **style}).encode()


def made(
    mapping: RecordMapping, body: bytes, told: Context | None = None, max_depth: int = DEEP
) -> Upgraded | None:
    """What is made in one go, or nothing where it is declined."""
    try:
        return way_of(mapping).upgraded(body, told or context(), max_depth)
    except DECLINED:
        return None


def made_of_document(
    mapping: RecordMapping, body: bytes, told: Context | None = None, max_depth: int = DEEP
) -> Upgraded | None:
    """The same from a document."""
    return mapping.in_line(strict_json.parse(body, max_depth), told or context())


def of_plain(**changes: Any) -> dict[str, Any]:
    return {**PLAIN, **changes}


def without(name: str) -> dict[str, Any]:
    return {other: value for other, value in PLAIN.items() if other != name}


def spliced(document: Any, written: bytes) -> bytes:
    """A document with something written by hand in the place of its "@"."""
    return dumped(document).replace(b'"@"', written)


STYLES = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 0, 2, "\t"]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :\r\n")]),
    }
)
STRAY = st.sampled_from([bytes([it]) for it in b'\0\x1f\x7f\xc0\xed\xff"\\:,{}[]0-.eE+ntf \n\v'])


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in which a byte is another, is gone, or is new, or in which a key stands twice."""
    match draw(st.sampled_from(["", "other", "gone", "new", "twice"])):
        case "other" | "gone" | "new" as how:
            at = draw(st.integers(0, len(body) - 1))
            stray = b"" if how == "gone" else draw(STRAY)
            return body[:at] + stray + body[at + (how != "new") :]
        case "twice":
            document = json.loads(body)
            if not document or not isinstance(document, dict):
                return body
            name = draw(st.sampled_from(sorted(document)))
            again = dumped(name) + b":" + dumped(draw(st.sampled_from([None, document[name]])))
            return body.replace(b"{", b"{" + again + b",", 1)
    return body


def inner_values(value: Any) -> Iterator[Any]:
    """Everything in a document, itself and its keys included."""
    yield value
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from inner_values(inner)


def is_usual(mapping: RecordMapping, document: Document, body: bytes) -> bool:
    """Whether nothing about a document is written in a way that is declined."""
    computed = [rule.legacy[0] for rule in mapping.of_kind(Computed)]
    aliases = [rule.legacy[0] for rule in mapping.of_kind(Alias)]
    return (
        b"\\" not in body
        and not any(
            isinstance(it, Decimal) or (isinstance(it, str) and ":" in it)
            for it in inner_values(document)
        )
        and all(is_blank(document.get(name)) for name in computed)
        and not any(name in document for name in aliases)
    )


@every_mapping
@drawn
@given(data=st.data())
def test_a_record_is_made_as_of_its_document_or_declined(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    document = data.draw(spoilt(data.draw(legacy_documents(mapping))))
    body = data.draw(damaged(dumped(document, **data.draw(STYLES))))
    max_depth = data.draw(st.sampled_from([1, 2, 3, 4, DEEP]))
    told = data.draw(st.sampled_from([context(), replace(context(), tables={})]))

    found = made(mapping, body, told, max_depth)

    if found is not None:
        assert repr(found) == repr(made_of_document(mapping, body, told, max_depth))


@every_mapping
@drawn
@given(data=st.data())
def test_whatever_is_written_in_the_usual_way_is_made(
    mapping: RecordMapping, data: st.DataObject
) -> None:
    declares = mapping.legacy.model_fields
    drawn_document = data.draw(legacy_documents(mapping))
    document = data.draw(
        spoilt({name: it for name, it in drawn_document.items() if name in declares})
    )
    style = {**data.draw(STYLES), "ensure_ascii": False}
    body = dumped(document, **style)

    found = made(mapping, body)

    expected = made_of_document(mapping, body)
    if expected is not None and not expected.lost and not expected.items:
        assert found is not None or not is_usual(mapping, strict_json.parse(body, DEEP), body)


@pytest.mark.parametrize("name", MAPPINGS)
def test_every_mapping_has_such_a_form_and_it_is_made_once(name: str) -> None:
    assert way_of(MAPPINGS[name]) is way_of(MAPPINGS[name])


@pytest.mark.parametrize(
    ("mapping", "body"),
    [
        (HEALTH_RECORD, CREATE.body),
        (HEALTH_RECORD, dumped(PLAIN)),
        (HEALTH_RECORD, dumped(PLAIN, indent=2)),
        (HEALTH_RECORD, dumped(without("birth_name"))),
        (HEALTH_RECORD, dumped(without("health_profile"))),
        (HEALTH_RECORD, dumped(of_plain(birth_name="", ins_c=None, email=""))),
        (HEALTH_RECORD, dumped(of_plain(uuid=None, created_at="", caption=" ", sharing_status=[]))),
        (HEALTH_RECORD, dumped(of_plain(vaccinations=[]))),
        (HEALTH_RECORD, dumped(of_plain(vaccinations=None, health_profile=None))),
        (HEALTH_RECORD, dumped(of_plain(health_profile={"condition_ids": [BOOLEAN, "145"]}))),
        (HEALTH_RECORD, dumped(of_plain(department_of_birth="2A"))),
        (HEALTH_RECORD, dumped(of_plain(place_of_birth="Saint-Méen-le-Grand \U0001f489"))),
        (VACCINATION, dumped(ACT)),
        (VACCINATION, dumped({**ACT, "comments": [{"text": "Bien.", "by": {"ids": [[], {}]}}]})),
        (VACCINATION, dumped({**ACT, "booster": "true", "validation": {}})),
        (MAPPINGS["sharing_request"], dumped(PACK.sample.within["sharing_requests"])),
        (
            BOOK,
            dumped({"name": "Moss", "pages": [{"heading": "Fern"}], "press": {"town": "Brest"}}),
        ),
        (PRESS, b"{}"),
    ],
    ids=str,
)
def test_the_usual_document_is_made(mapping: RecordMapping, body: bytes) -> None:
    found = made(mapping, body)

    assert found is not None
    assert repr(found) == repr(made_of_document(mapping, body))


def test_what_the_new_api_gets_and_what_is_set_aside_stand_in_the_order_of_the_rules() -> None:
    found = made(HEALTH_RECORD, dumped(PLAIN))

    assert found is not None
    assert dumped(found.document) == dumped(
        {
            "first_name": "Maëlle",
            "last_name": "Sourdeval",
            "customary_name": "Le Quintrec",
            "birth_date": "1987-03-09",
            "zip_code": "01270",
            "gender": "f",
        }
    )
    assert list(found.aside) == [
        "email",
        "home_phone",
        "mobile_phone",
        "place_of_birth",
        "department_of_birth",
        "ins_c",
    ]
    assert not found.lost
    assert not found.items


@pytest.mark.parametrize(
    "document",
    [
        of_plain(first_name='"'),
        of_plain(first_name="a:b"),
        of_plain(birth_date="1987-03-09T00:00:00Z"),
        of_plain(x=1),
        of_plain(x=None),
        without("first_name"),
        without("birth_date"),
        of_plain(first_name=None),
        of_plain(first_name=" "),
        of_plain(gender=""),
        of_plain(birth_date=[]),
        of_plain(birth_date="1987-02-29"),
        of_plain(gender="woman"),
        of_plain(zip_code=1270),
        of_plain(zip_code=["01270"]),
        of_plain(department_of_birth=29.0),
        of_plain(department_of_birth=1e3),
        of_plain(department_of_birth="Finistère"),
        of_plain(ins_c="1"),
        of_plain(uuid="00000000-0000-4000-8000-0000000000ab"),
        of_plain(updated_at="yesterday"),
        of_plain(caption="Femme"),
        of_plain(sharing_status=0),
        of_plain(vaccinations=[{}]),
        of_plain(vaccinations=[ACT]),
        of_plain(vaccinations=""),
        of_plain(vaccinations={"id": 1}),
        of_plain(health_profile=[]),
        of_plain(health_profile={"condition_ids": None}),
        of_plain(health_profile={"condition_ids": [1.5]}),
        of_plain(health_profile={"condition_ids": [[7]]}),
        of_plain(health_profile={"condition_ids": [NO_BOOLEAN]}),
        of_plain(health_profile={"condition_ids": [8]}),
        of_plain(health_profile={"condition_ids": [], "x": 1}),
        [PLAIN],
        [],
        None,
        "",
    ],
    ids=repr,
)
def test_what_is_unusual_or_to_be_told_of_is_declined(document: Any) -> None:
    assert made(HEALTH_RECORD, dumped(PLAIN)) is not None

    assert made(HEALTH_RECORD, dumped(document)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b" ",
        dumped(PLAIN)[:-1],
        dumped(PLAIN)[:-1] + b",}",
        dumped(PLAIN) + b"x",
        dumped(PLAIN) + b"{}",
        b"\xef\xbb\xbf" + dumped(PLAIN),
        dumped(PLAIN).decode().encode("utf-16"),
        dumped(PLAIN, ensure_ascii=True),
        b'{"first_name":"Ana",' + dumped(PLAIN)[1:],
        b'{"first_name" :\n"Ana",' + dumped(PLAIN)[1:],
        b'{"first_\\u006eame":"Ana",' + dumped(PLAIN)[1:],
        spliced(of_plain(health_profile="@"), b'{"condition_ids":[7],"condition_ids":[]}'),
        spliced(of_plain(first_name="@"), b'"\\u0000"'),
        spliced(of_plain(first_name="@"), b'"\0"'),
        spliced(of_plain(first_name="@"), b'"\n"'),
        spliced(of_plain(first_name="@"), b'"\\ud800"'),
        spliced(of_plain(first_name="@"), b'"\xed\xa0\x80"'),
        spliced(of_plain(first_name="@"), b'"\xc0\x80"'),
        spliced(of_plain(first_name="@"), b'"\xff"'),
        spliced(of_plain(first_name="@"), b"NaN"),
        spliced(of_plain(department_of_birth="@"), b"NaN"),
        spliced(of_plain(department_of_birth="@"), b"Infinity"),
        spliced(of_plain(department_of_birth="@"), b"1e400"),
        spliced(of_plain(department_of_birth="@"), b"029"),
        spliced(of_plain(department_of_birth="@"), b"+29"),
        spliced(of_plain(department_of_birth="@"), b"9" * 5000),
        spliced(of_plain(department_of_birth="@"), b"[" * 9000 + b"]" * 9000),
        spliced(of_plain(department_of_birth="@"), b"[7,]"),
    ],
)
def test_bytes_that_are_no_strict_json_or_have_escapes_are_declined(body: bytes) -> None:
    assert made(HEALTH_RECORD, dumped(PLAIN)) is not None

    assert made(HEALTH_RECORD, body) is None


@pytest.mark.parametrize("number", ["7" * 40, "-0", "-1", "18446744073709551616", "9" * 400])
def test_whole_numbers_are_read_however_large(number: str) -> None:
    body = spliced({**ACT, "comments": "@"}, number.encode())

    found = made(VACCINATION, body)

    assert repr(found) == repr(made_of_document(VACCINATION, body))
    assert found is not None


@pytest.mark.parametrize("comments", ['{"x":1,"x":1}', '[{"a":{"b":1,"b" : 2}}]', '["a:b"]'])
def test_a_key_that_stands_twice_within_what_may_be_anything_is_declined(comments: str) -> None:
    assert made(VACCINATION, spliced({**ACT, "comments": "@"}, b"[]")) is not None

    assert made(VACCINATION, spliced({**ACT, "comments": "@"}, comments.encode())) is None


@pytest.mark.parametrize(
    ("mapping", "body", "levels"),
    [
        (HEALTH_RECORD, dumped(PLAIN), 3),
        (VACCINATION, dumped({**ACT, "comments": {"x": [{"y": []}]}}), 5),
        (VACCINATION, dumped({**ACT, "comments": [[[[[{}]]]]]}), 7),
        (PRESS, dumped({"town": "Brest"}), 1),
    ],
)
def test_what_is_nested_deeper_than_allowed_is_declined(
    mapping: RecordMapping, body: bytes, levels: int
) -> None:
    told = context()

    assert made(mapping, body, told, levels) is not None
    assert made(mapping, body, told, levels - 1) is None
    with pytest.raises(strict_json.NotStrictJsonError):
        strict_json.parse(body, levels - 1)


@pytest.mark.parametrize(
    "document",
    [
        {"title": "Moss"},
        {"name": "Moss", "title": "Moss"},
        {"name": "Moss", "title": None},
        {"name": "Moss", "loans": [{"by": "Ana"}]},
        {"name": "Moss", "press": {"x": 1}},
        {"name": "Moss", "press": []},
        {"name": "Moss", "pages": {}},
        {"name": "Moss", "pages": [{"number": 7}]},
        {"name": "Moss", "year": "soon"},
        {"name": "Moss", "label": "Book"},
        {"name": "Moss", "seen_at": "2024-01-01"},
    ],
)
def test_a_record_within_that_has_something_to_tell_and_another_name_are_declined(
    document: Any,
) -> None:
    assert made(BOOK, dumped({"name": "Moss"})) is not None

    assert made(BOOK, dumped(document)) is None


def test_a_write_over_what_is_stored_is_declined() -> None:
    body = dumped(PLAIN)

    assert made(HEALTH_RECORD, body) is not None
    assert made(HEALTH_RECORD, body, context({"first_name": "Ana"})) is None


class OldFlags(Model):
    count: StrictInt = declared("A number.", TOLD)
    flag: StrictBool = declared("A truth value.", TOLD)
    value: StrictInt | None = declared("Another number.", TOLD)
    text: str = declared("A text.", TOLD)


class NewFlags(OldFlags):
    """The same on the modern side."""


FLAGS = RecordMapping(
    OldFlags, NewFlags, same("count", "flag", "value", "text", source=TOLD), required=("count",)
)


@pytest.mark.parametrize(
    "written",
    ['"flag":%s' % it for it in ("true", "false", "null", "1", '"true"', "[]")]  # noqa: UP031
    + ['"text":%s' % it for it in ('"x"', '""', "null", "1", "{}")]  # noqa: UP031
    + ['"value":%s' % it for it in ("7", "0", "null", "7.0", "7e0", "true", '"7"', "-0")]  # noqa: UP031
    + ['"count":%s' % it for it in ("7", "0", "null", "false", '""', "[]")],  # noqa: UP031
)
def test_strict_types_are_as_strict_as_in_documents(written: str) -> None:
    body = (written if '"count"' in written else f'"count":3,{written}').join("{}").encode()

    found = made(FLAGS, body)

    expected = made_of_document(FLAGS, body)
    assert repr(found) == repr(expected)


def test_a_mapping_with_a_rule_of_another_kind_has_no_such_form() -> None:
    loud = Loud(
        verb="same", legacy=("street",), modern=("street",), codec=Alone(UNCHANGED), source=TOLD
    )
    mapping = RecordMapping(
        OldPress,
        NewPress,
        (loud,),
        renamed("town", to="city", source=TOLD),
        untouched("score", because="new", source=TOLD),
    )

    assert mapping.from_client() is None

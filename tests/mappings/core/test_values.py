"""Pointers, declared values and code tables, one by one."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from mappings.core import pointer
from mappings.core.codecs import UNCHANGED, Alone, code_table
from mappings.core.context import EMPTY, Context, Report, Scope, equal
from mappings.core.errors import Problem, RefusedError
from mappings.core.evidence import documented, guess, inferred
from mappings.core.model import (
    CalendarDate,
    FieldReader,
    Model,
    Timestamp,
    Uuid,
    declared,
    evidence_of,
)
from tests.documents import TODAY

TOLD = documented("TOY")


class Values(Model):
    day: CalendarDate | None = declared("A day.", TOLD)
    at: Timestamp | None = declared("An instant.", TOLD)
    id: Uuid | None = declared("An id.", TOLD)
    others: list[dict[str, int]] | None = declared("Others.", inferred("4.1"), required=True)


def reasons(name: str, value: object) -> list[str]:
    _, problems = FieldReader(Values.model_fields[name]).read(value, f"/{name}")
    return [str(problem) for problem in problems]


def read(name: str, value: object) -> object:
    found, problems = FieldReader(Values.model_fields[name]).read(value, f"/{name}")
    assert not problems
    return found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (1, Decimal("1.0"), True),
        ("1", 1, False),
        (None, None, True),
        ({"a": [1, {}]}, {"a": [1, {}]}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({}, EMPTY, True),
        ({"a": 1}, MappingProxyType({"a": 1}), True),
        ({"a": 1}, MappingProxyType({"a": 2}), False),
        ([1, 2], (1, 2), True),
        ([1], [1, 2], False),
        ({}, [], False),
    ],
)
def test_json_values_are_equal_where_they_say_the_same(one: Any, other: Any, same: bool) -> None:
    assert equal(one, other) is same
    assert equal(other, one) is same


@pytest.mark.parametrize(
    "day",
    ["2024-02-30", "24-02-03", "2024-2-3", "2024-02-03T00:00:00Z", "٢٠٢٤-01-01", "", "20240203"],
)
def test_a_day_is_a_day_of_the_calendar(day: str) -> None:
    assert reasons("day", day) == ["/day: date"]


@pytest.mark.parametrize(
    "instant", ["2024-02-03", "2024-02-03T10:00:00", "2024-02-30T10:00:00Z", "20240203T100000Z", ""]
)
def test_an_instant_has_its_offset(instant: str) -> None:
    assert reasons("at", instant) == ["/at: timestamp"]


def test_an_id_is_a_uuid_in_any_case() -> None:
    assert (
        read("id", "7C9E6679-7425-40DE-944B-000000000001") == "7c9e6679-7425-40de-944b-000000000001"
    )
    assert reasons("id", "7c9e667974254 0de944b000000000001") == ["/id: uuid"]
    assert reasons("id", "{7c9e6679-7425-40de-944b-000000000001}") == ["/id: uuid"]


def test_every_problem_of_a_value_is_told_with_its_place() -> None:
    assert reasons("others", [{"a/b": "x"}, 7]) == [
        "/others/0/a~1b: not_a_number",
        "/others/1: not_an_object",
    ]
    assert reasons("others", "x") == ["/others: not_a_list"]
    assert reasons("others", [{"a": 1.5}]) == ["/others/0/a: invalid"]


class Inner(Model):
    name: str | None = declared("A name.", TOLD)
    free: list[Model] | None = declared("Whatever.", TOLD)


class Outer(Model):
    inner: Inner | None = declared("One within.", TOLD)
    several: list[Inner] | None = declared("Several within.", TOLD)


def test_members_that_no_model_within_declares_are_named_and_left_out() -> None:
    written = {"name": "x", "a/b": 1, "free": [{"any": {"thing": 1}}]}

    one = FieldReader(Outer.model_fields["inner"]).read_declared(written, "/inner")
    several = FieldReader(Outer.model_fields["several"]).read_declared([{}, written], "/several")
    wrong = FieldReader(Outer.model_fields["inner"]).read_declared({"name": 1, "x": 1}, "/inner")

    left = {"name": "x", "free": [{"any": {"thing": 1}}]}
    assert one == (left, [], [("a/b",)])
    assert several == ([{}, left], [], [(1, "a/b")])
    assert wrong == (None, [Problem("/inner/name", "not_a_text")], [])
    assert written["a/b"] == 1


def test_a_field_says_where_it_is_known_from() -> None:
    assert evidence_of(Values.model_fields["others"]) == inferred("4.1")
    assert str(guess("4.2", question="Is it?", option="names.policy")) == "guess: 4.2"


def test_a_pointer_is_taken_apart_and_put_together() -> None:
    assert pointer.join(["a/b", 0, "c~d"]) == "/a~1b/0/c~0d"
    assert pointer.segments("/a~1b/0/c~0d") == ["a/b", "0", "c~d"]
    assert pointer.segments("") == []


def test_a_pointer_is_written_as_a_form_has_it() -> None:
    assert pointer.path("/vaccinations/0/date") == "vaccinations[0].date"
    assert pointer.field_path("/vaccinations/0/date") == "vaccinations[].date"
    assert pointer.path("/0/a") == "0.a"
    assert pointer.path("") == ""


def test_a_long_pointer_is_not_remembered_for_a_client_wrote_it() -> None:
    before = pointer._remembered.cache_info().currsize
    names = [f"{number}" + "a" * pointer.REMEMBERED for number in range(3)]

    assert [pointer.field_path(f"/{name}/0") for name in names] == [f"{name}[]" for name in names]

    assert pointer._remembered.cache_info().currsize == before


def test_a_code_that_is_in_no_table_is_refused_going_up_and_noted_coming_down() -> None:
    table = code_table({"a": "x"})
    scope = Scope(Context(today=TODAY), Report(), "/code")

    shown = table.downgrade("z", scope)

    assert shown is None
    assert scope.report.unknown == ["/code"]
    with pytest.raises(RefusedError) as raised:
        table.upgrade("z", None, scope)
    assert raised.value.reason == "inclusion"


def test_null_is_null_in_every_table() -> None:
    table = code_table({"a": "x"}, unknown="other")
    scope = Scope(Context(today=TODAY), Report())

    assert table.upgrade(None, None, scope) is None
    assert table.downgrade(None, scope) is None
    assert scope.report.unknown == []


def test_a_group_of_values_holds_no_ids_unless_its_codec_says_so() -> None:
    assert list(Alone(UNCHANGED).modern_ids(("7c9e6679-7425-40de-944b-000000000001",))) == []

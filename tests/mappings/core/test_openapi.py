"""Both sides of a pack as OpenAPI documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mappings.core.endpoint import Endpoint, Refused, Row, UpstreamCall
from mappings.core.evidence import documented
from mappings.core.model import Model, declared
from mappings.core.openapi import legacy_document, modern_document
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import same
from mappings.mesvaccins import PACK, Options, build
from tests.packs.toy import BOOK, PRESS

TOLD = documented("TOY")
LEGACY = legacy_document(PACK)
MODERN = modern_document(PACK)
WIDER = {
    "type": ["string", "number", "boolean"],
    "description": "Anything that reads as one, as forms and old clients write it.",
}


class Part(Model):
    kind: Literal["a", "b"] | None = declared("Its kind.", TOLD)
    notes: dict[str, Any] | None = declared("Its notes.", TOLD)
    parts: list[Part] | None = declared("What lies within it.", TOLD)


PART = RecordMapping(Part, Part, same("kind", "notes", "parts", source=TOLD))


def packed(**options: Any) -> Pack:
    return build(Options.model_validate(options))


def with_rows(mapping: RecordMapping, *rows: Row) -> Pack:
    """The pack with other rows, about other records."""
    return replace(PACK, mappings={"it": mapping}, endpoints=rows)


def making(mapping: RecordMapping, **more: Any) -> Endpoint:
    """A row that makes a record."""
    call, read = (UpstreamCall(it, "/new", frozenset({200})) for it in ("POST", "GET"))
    return Endpoint(
        methods=("POST",),
        path="/old",
        source=TOLD,
        action="create",
        mapping=mapping,
        call=call,
        read=read,
        status=201,
        **more,
    )


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            if method != "parameters":
                yield path, method, told


@pytest.mark.parametrize("document", [LEGACY, MODERN], ids=["legacy", "modern"])
def test_a_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


@pytest.mark.parametrize("write", [legacy_document, modern_document])
def test_a_document_is_the_same_whenever_it_is_written(write: Any) -> None:
    assert json.dumps(write(packed())) == json.dumps(write(packed()))


@pytest.mark.parametrize("document", [LEGACY, MODERN], ids=["legacy", "modern"])
def test_every_operation_has_a_name_of_its_own_and_its_evidence(document: dict[str, Any]) -> None:
    told = [operation for _, _, operation in operations(document)]

    assert len({it["operationId"] for it in told}) == len(told)
    assert {it["x-evidence"] for it in told} <= {"documented", "inferred", "guess"}


def test_every_method_of_every_row_is_an_operation() -> None:
    expected = {
        (f"{row.path}.json" if row.path != "/oauth/token" else row.path, method.lower())
        for row in PACK.endpoints
        for method in row.methods
    }

    assert {(path, method) for path, method, _ in operations(LEGACY)} == expected


def test_every_prefix_is_a_server() -> None:
    assert LEGACY["servers"] == [{"url": "/api/v1"}, {"url": "/"}]


def test_an_id_in_a_path_has_its_form() -> None:
    record, vaccination = LEGACY["paths"]["/records/{record}/vaccinations/{id}.json"]["parameters"]

    assert (record["name"], record["required"]) == ("record", True)
    assert record["schema"]["format"] == "uuid"
    assert re.fullmatch(record["schema"]["pattern"], "1F6BD86E-a4a2-4777-920a-8aa55ff6bf4b")
    assert vaccination["schema"] == {"type": "string", "pattern": "^[0-9]{1,18}$"}


def test_a_record_is_shown_whole_with_the_meaning_and_the_type_of_each_field() -> None:
    record = LEGACY["components"]["schemas"]["HealthRecord"]

    assert record["required"] == list(record["properties"])
    assert record["properties"]["birth_date"] == {
        "type": ["string", "null"],
        "format": "date",
        "description": "The day on which the person was born.",
    }
    assert record["properties"]["created_at"]["format"] == "date-time"
    assert record["properties"]["uuid"]["format"] == "uuid"
    assert record["properties"]["vaccinations"]["items"] == {
        "$ref": "#/components/schemas/Vaccination"
    }


def test_more_is_taken_than_is_shown() -> None:
    taken = LEGACY["components"]["schemas"]["HealthRecordWritten"]["properties"]

    vaccination = LEGACY["components"]["schemas"]["ValidationWritten"]["properties"]
    assert vaccination["date"]["anyOf"] == [
        {"type": "string", "format": "date"},
        WIDER,
        {"type": "null"},
    ]
    assert taken["department_of_birth"].keys() == {"description"}


def test_a_field_that_must_be_there_may_not_be_null_where_it_is_written() -> None:
    taken = LEGACY["components"]["schemas"]["HealthRecordWritten"]["properties"]

    assert taken["birth_date"]["anyOf"] == [{"type": "string", "format": "date"}, WIDER]
    assert taken["first_name"]["type"] == "string"
    assert taken["zip_code"]["type"] == ["string", "null"]


def test_what_is_not_even_checked_is_read_only_where_it_is_written() -> None:
    taken = LEGACY["components"]["schemas"]["HealthRecordWritten"]["properties"]

    assert taken["caption"] == {
        "readOnly": True,
        "description": "A sentence of sex and age, in French.",
    }


def test_another_name_for_a_field_is_taken_and_never_shown() -> None:
    schemas = LEGACY["components"]["schemas"]

    assert "external_id" in schemas["SharingRequestWritten"]["properties"]
    assert "external_id" not in schemas["SharingRequest"]["properties"]


def test_members_that_nobody_names_are_refused_only_where_the_pack_refuses_them() -> None:
    refusing = legacy_document(packed(records={"undeclared": "refuse"}))["components"]["schemas"]

    assert "additionalProperties" not in LEGACY["components"]["schemas"]["HealthRecordWritten"]
    assert refusing["HealthRecordWritten"]["additionalProperties"] is False


def test_a_new_record_comes_bare_or_in_its_wrapper_as_json_or_as_a_form() -> None:
    body = LEGACY["paths"]["/records.json"]["post"]["requestBody"]
    record = {
        "$ref": "#/components/schemas/HealthRecordWritten",
        "required": ["first_name", "last_name", "birth_date", "gender"],
    }

    assert list(body["content"]) == ["application/json", "application/x-www-form-urlencoded"]
    for kind in body["content"].values():
        bare, wrapped = kind["schema"]["anyOf"]
        assert bare == record
        assert wrapped["properties"] == {"record": record}


def test_a_change_needs_no_field_and_a_bare_record_no_wrapper() -> None:
    document = legacy_document(packed(legacy={"wrapper": None}))

    body = document["paths"]["/records/{id}.json"]["put"]["requestBody"]["content"]

    assert body["application/json"]["schema"] == {
        "$ref": "#/components/schemas/HealthRecordWritten"
    }


def test_a_creation_tells_what_can_be_done_with_what_it_made() -> None:
    made = LEGACY["paths"]["/records.json"]["post"]["responses"]["201"]

    assert set(made["headers"]) == {"X-Request-Id", "ETag", "Location", "Passerelle-Lost"}
    assert made["links"]["get_records_id"]["parameters"] == {"id": "$response.body#/uuid"}
    within = made["links"]["post_records_record_vaccinations"]["parameters"]
    assert within == {"record": "$response.body#/uuid"}


def test_what_is_made_within_a_record_keeps_the_record_around_it() -> None:
    path = "/records/{record}/vaccinations.json"

    links = LEGACY["paths"][path]["post"]["responses"]["201"]["links"]

    assert links["get_records_record_vaccinations_id"]["parameters"] == {
        "id": "$response.body#/id",
        "record": "$request.path.record",
    }
    assert not any("sharing" in name for name in links)


def test_a_record_without_an_id_of_its_own_leads_nowhere() -> None:
    document = legacy_document(with_rows(PRESS, making(PRESS)))

    assert document["paths"]["/old.json"]["post"]["responses"]["201"]["links"] == {}


def test_conditions_stand_where_they_are_read() -> None:
    methods = LEGACY["paths"]["/records/{id}.json"]

    def names(method: str) -> list[str]:
        return [it["$ref"].rpartition("/")[2] for it in methods[method]["parameters"]]

    assert names("get") == ["X-Request-Id", "If-None-Match"]
    assert names("put") == names("delete") == ["X-Request-Id", "If-Match"]
    assert "304" in methods["get"]["responses"]
    assert "412" in methods["put"]["responses"]


def test_a_deletion_and_a_silent_change_have_no_body() -> None:
    document = legacy_document(packed(legacy={"update_status": 204}))

    methods = document["paths"]["/records/{id}.json"]

    for method in ("put", "delete"):
        assert "content" not in methods[method]["responses"]["204"]
        assert "ETag" not in methods["delete"]["responses"]["204"]["headers"]


def test_every_status_says_what_it_means_in_the_words_of_the_old_api() -> None:
    not_found = LEGACY["components"]["responses"]["Error404"]["content"]["application/json"]

    assert not_found["example"] == PACK.errors.error(404)
    assert not_found["schema"] == {"$ref": "#/components/schemas/Error"}
    assert LEGACY["components"]["schemas"]["Error"] == {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
    }


@pytest.mark.parametrize("style", ["errors", "bare"])
def test_problems_have_the_form_of_the_pack(style: str) -> None:
    document = legacy_document(packed(errors={"style": style}))
    sentences = {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    }

    form = document["components"]["schemas"]["Problems"]

    assert form == (sentences if style == "bare" else form | {"properties": {"errors": sentences}})


def test_a_refusal_may_be_about_a_record_within_where_one_can_be_written() -> None:
    def not_found(path: str, method: str) -> str:
        told: str = LEGACY["paths"][path][method]["responses"]["404"]["$ref"]
        return told.rpartition("/")[2]

    assert not_found("/records/{id}.json", "put") == "Error404Within"
    assert not_found("/records/{id}.json", "get") == "Error404"
    assert not_found("/records/{record}/vaccinations/{id}.json", "put") == "Error404"


def test_what_has_no_counterpart_is_told_with_its_status() -> None:
    path = "/decision_support/immunisation_assessment.json"

    told = LEGACY["paths"][path]["post"]

    assert list(told["responses"]) == ["400", "501", "default"]
    assert told["security"] == []


def test_a_refused_status_need_not_be_501() -> None:
    row = Refused(methods=("GET",), path="/old/{id}", source=TOLD, status=404)

    document = legacy_document(with_rows(BOOK, row))

    assert list(document["paths"]["/old/{id}.json"]["get"]["responses"]) == [
        "400",
        "404",
        "default",
    ]


def test_signing_in_has_the_documents_of_oauth() -> None:
    told = LEGACY["paths"]["/oauth/token"]["post"]

    assert told["security"] == [{"basic": []}, {}]
    refused = told["responses"]["401"]["content"]["application/json"]
    assert PACK.oauth is not None
    assert refused["example"] == PACK.oauth.error(PACK.oauth.bad_password)


def test_where_nobody_signs_in_there_is_no_example_of_a_refusal() -> None:
    document = legacy_document(replace(PACK, oauth=None))

    told = document["paths"]["/oauth/token"]["post"]["responses"]["401"]

    assert told["content"]["application/json"].keys() == {"schema"}


def test_both_ways_to_show_a_credential_are_told() -> None:
    schemes = LEGACY["components"]["securitySchemes"]

    assert {name: it["scheme"] for name, it in schemes.items()} == {
        "basic": "basic",
        "bearer": "bearer",
    }
    assert LEGACY["security"] == [{"basic": []}, {"bearer": []}]


def test_the_legacy_document_tells_no_name_of_the_new_api() -> None:
    old = {name for it in PACK.mappings.values() for name in it.legacy.model_fields}
    new = {name for it in PACK.mappings.values() for name in it.modern.model_fields} - old
    paths = {segment for path in MODERN["paths"] for segment in path.split("/")}
    words = set(re.findall(r"\w+", json.dumps(LEGACY)))

    assert new
    # The old API's own path for the same thing.
    assert words & new == {"sharing_requests"}
    assert words & paths == {"sharing_requests", "accept", "refuse"}


def test_no_document_tells_a_value_of_a_person() -> None:
    values = [value for value in PACK.sample.created.values() if isinstance(value, str)]
    text = json.dumps([LEGACY, MODERN], ensure_ascii=False)

    for value in values:
        assert value == "female" or value not in text


def test_the_modern_document_has_the_calls_behind_every_row() -> None:
    called = {(path, method) for path, method, _ in operations(MODERN)}

    assert called == {
        (call.path, call.method.lower())
        for row in PACK.endpoints
        if isinstance(row, Endpoint)
        for call in (row.call, row.read)
    }


def test_a_modern_record_is_sent_in_the_fields_that_a_client_may_write() -> None:
    schemas = MODERN["components"]["schemas"]
    sent = schemas["HealthRecordWritten"]["properties"]

    assert {"birth_date", "customary_name"} <= set(sent)
    assert not {"id", "owner_id", "vaccination_acts"} & set(sent)
    assert schemas["HealthRecord"]["required"] == [
        "id",
        "first_name",
        "last_name",
        "gender",
        "birth_date",
    ]


def test_a_change_sends_the_whole_record_where_the_new_api_wants_it() -> None:
    document = modern_document(packed(upstream={"update": {"method": "PUT"}}))

    told = document["paths"]["/health_records/{id}"]["put"]

    assert told["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/HealthRecord"
    }
    assert told["responses"]["200"]["content"]
    assert "content" not in told["responses"]["204"]


@pytest.mark.parametrize(("pages", "kind"), [("page", "integer"), ("cursor", "string")])
def test_a_list_in_pages_has_the_parameter_that_asks_for_one(pages: str, kind: str) -> None:
    options = {"pages": pages, "parameter": "from", "key": "records"}

    told = modern_document(packed(upstream={"list": options}))["paths"]["/health_records"]["get"]

    assert told["parameters"][-1]["name"] == "from"
    assert told["parameters"][-1]["schema"] == {"type": kind}
    listed = told["responses"]["200"]["content"]["application/json"]["schema"]
    assert listed["properties"]["records"]["type"] == "array"


def test_a_list_in_one_piece_is_an_array_without_parameters() -> None:
    told = MODERN["paths"]["/health_records"]["get"]

    assert told["parameters"] == [{"$ref": "#/components/parameters/X-Request-Id"}]
    assert told["responses"]["200"]["content"]["application/json"]["schema"]["type"] == "array"


def test_any_type_of_a_model_has_a_schema_even_one_that_lies_within_itself() -> None:
    properties = legacy_document(with_rows(PART, making(PART)))["components"]["schemas"]["Part"][
        "properties"
    ]

    assert properties["kind"]["anyOf"] == [
        {"type": "string", "enum": ["a", "b"]},
        {"type": "null"},
    ]
    assert properties["notes"]["type"] == ["object", "null"]
    assert properties["parts"]["items"] == {"$ref": "#/components/schemas/Part"}

"""The options: what each of them changes, and which values are refused at start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from mappings.core.context import Ids
from mappings.core.endpoint import Endpoint, Local, Pages, Refused
from mappings.core.errors import ContradictionError, DocumentError, Problem
from mappings.core.model import REASONS as BY_ERROR
from mappings.core.record_mapping import RecordMapping
from mappings.mesvaccins import Options, build
from mappings.mesvaccins.errors import OCCASIONS, REASONS, STATUSES, LegacyErrors
from tests.documents import context, ids_of

ID = "7c9e6679-7425-40de-944b-000000000001"
INS_C = "20410087654321098765 79"
WRONG_KEY = "20410087654321098765 12"
PERSON: dict[str, Any] = {
    "first_name": "Inès",
    "last_name": "Kermorvan",
    "birth_date": "1990-01-01",
    "gender": "female",
}
BASE = {**PERSON, "id": ID, "gender": "f"}


PARAMETERS = {
    "read": "id",
    "update": "id",
    "delete": "id",
    "create_act": "record",
    "read_act": "id",
    "update_act": "id",
    "delete_act": "id",
    "share": "record",
    "accept": "id",
    "refuse": "id",
}
"""The id that each path of the new API must have."""


def mapping(**options: Any) -> RecordMapping:
    return build(Options.model_validate(options)).mappings["health_record"]


@pytest.mark.parametrize(
    ("check", "taken", "refused"),
    [
        ("none", [INS_C, WRONG_KEY, "x"], []),
        ("form", [INS_C, WRONG_KEY, "2041008765432109876579", "", None], ["x", "1" * 20]),
        ("key", [INS_C, ""], [WRONG_KEY, "x"]),
    ],
    ids=["none", "form", "key"],
)
def test_an_ins_c_is_checked_as_the_option_says(
    check: str, taken: list[str], refused: list[str]
) -> None:
    record = mapping(records={"ins_c_check": check})

    for value in taken:
        kept = {} if value is None else {"ins_c": value}
        assert record.upgrade({**PERSON, "ins_c": value}, context()).aside == kept
    for value in refused:
        with pytest.raises(DocumentError, match="/ins_c: invalid"):
            record.upgrade({**PERSON, "ins_c": value}, context())


def test_an_ins_c_that_was_kept_before_it_was_checked_may_be_echoed() -> None:
    asides = {("health_record", ID): {"ins_c": "x"}}

    upgraded = mapping().upgrade({"ins_c": "x"}, context(BASE, asides))

    assert upgraded.aside == {}


def test_an_ins_c_goes_to_the_external_id_by_option() -> None:
    record = mapping(records={"ins_c": "external_id"})

    made = record.upgrade({**PERSON, "ins_c": INS_C}, context()).document

    assert made["external_id"] == INS_C
    assert record.downgrade({**BASE, "external_id": INS_C}, context()).document["ins_c"] == INS_C


def test_an_ins_c_never_writes_over_another_external_id() -> None:
    record = mapping(records={"ins_c": "external_id"})
    base = {**BASE, "external_id": "dossier-0042"}

    shown = record.downgrade(base, context()).document["ins_c"]
    upgraded = record.upgrade({"ins_c": INS_C}, context(base=base))
    cleared = record.upgrade({"ins_c": ""}, context(base=base))

    assert shown is None
    assert upgraded.changes == cleared.changes == {}
    assert [loss.pointer for loss in upgraded.lost] == ["/ins_c"]
    assert cleared.lost == ()


@pytest.mark.parametrize("stored", [None, "dossier-0042", INS_C], ids=["none", "other", "ins-c"])
def test_what_is_no_ins_c_never_goes_to_the_external_id(stored: str | None) -> None:
    lenient = mapping(records={"ins_c": "external_id", "ins_c_check": "none"})
    base = {**BASE, "external_id": stored}

    upgraded = lenient.upgrade({"ins_c": "x"}, context(base=base))

    assert upgraded.changes == {}
    assert [loss.pointer for loss in upgraded.lost] == ["/ins_c"]
    with pytest.raises(DocumentError, match=r"/ins_c: invalid"):
        mapping(records={"ins_c": "external_id"}).upgrade({"ins_c": "x"}, context(base=base))


def test_a_blank_ins_c_takes_the_one_that_is_stored_away() -> None:
    record = mapping(records={"ins_c": "external_id"})

    upgraded = record.upgrade({"ins_c": " "}, context(base={**BASE, "external_id": INS_C}))

    assert upgraded.changes == {"external_id": None}


def test_an_ins_c_that_goes_to_the_external_id_is_checked_and_can_be_taken_away() -> None:
    record = mapping(records={"ins_c": "external_id"})
    base = {**BASE, "external_id": INS_C}

    assert record.upgrade({"ins_c": None}, context(base=base)).changes == {"external_id": None}
    assert record.upgrade({"ins_c": INS_C}, context(base=base)).changes == {}
    with pytest.raises(DocumentError, match="/ins_c: invalid"):
        record.upgrade({"ins_c": "x"}, context(base=base))


def test_the_fields_that_a_creation_demands_are_an_option() -> None:
    record = mapping(records={"required": ["last_name"]})

    assert record.upgrade({"last_name": "Kermorvan"}, context()).document == {
        "last_name": "Kermorvan"
    }


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["ACCEPTED", "PENDING"], "shared_record"),
        (["PENDING", "REFUSED"], "private_record"),
        ([None], "private_record"),
        ([], "private_record"),
    ],
    ids=["accepted", "pending", "none", "empty"],
)
def test_a_record_is_shared_once_a_request_was_accepted(statuses: list[Any], said: str) -> None:
    base = {**BASE, "sharing_requests": [{"status": status} for status in statuses]}

    downgraded = mapping().downgrade(base, context())

    assert downgraded.document["sharing_status"] == said
    assert downgraded.unknown == ()


def test_a_status_that_nobody_knows_counts_as_not_accepted_and_is_noted() -> None:
    base = {**BASE, "sharing_requests": [{"status": "FROZEN"}]}

    default = mapping().downgrade(base, context())
    chosen = mapping(
        sharing={"accepted_statuses": ["FROZEN"], "shared": "partage", "private": "prive"}
    ).downgrade(base, context())

    assert default.document["sharing_status"] == "private_record"
    assert default.unknown == ("/sharing_requests/0/status",)
    assert chosen.document["sharing_status"] == "partage"
    assert chosen.unknown == ()


def test_the_words_of_captions_and_the_zone_are_options() -> None:
    record = mapping(
        caption={"female": "Dame", "months_below": 0}, timestamps={"zone": "America/Cayenne"}
    )

    shown = record.downgrade({**BASE, "created_at": "2022-07-03T13:41:17.071Z"}, context()).document

    assert shown["caption"] == "Dame de 36 ans"
    assert shown["created_at"] == "2022-07-03T10:41:17-03:00"


def test_a_certified_act_shows_its_validation_or_null_by_option() -> None:
    act = {"certified_on": "2020-01-02", "certification_method": "execution"}
    base = {**BASE, "vaccination_acts": [act]}

    def validation(record: RecordMapping) -> Any:
        return record.downgrade(base, context()).document["vaccinations"][0]["validation"]

    assert validation(mapping()) == {"validator": None, "date": "2020-01-02", "method": "execution"}
    assert validation(mapping(acts={"validation": "null"})) is None


def test_a_vaccination_that_is_written_within_its_record_is_refused_by_option() -> None:
    act = {
        "id": ID,
        "performed_on": "2020-01-02",
        "certified_on": "2020-01-02",
        "vaccine_id": "5a3d0b6e-0000-4000-8000-0000000000c1",
    }
    base = {**BASE, "vaccination_acts": [act]}
    asides = {("vaccination", ID): {"comments": [{"text": "y"}]}}
    record = mapping(acts={"in_record": "refuse"})
    known = context(base, asides, ids_of(base, record))
    (shown,) = record.downgrade(base, known).document["vaccinations"]

    echoed = record.upgrade({"vaccinations": [{**shown, "age": "9 ans"}]}, known)

    assert echoed.changes == {}
    assert echoed.items == ()
    assert [loss.pointer for loss in echoed.lost] == ["/vaccinations/0/age"]
    differing = [
        {**shown, "date": "2020-01-03"},
        {**shown, "comments": [{"text": "x"}]},
        {**shown, "comments": None},
        {**shown, "vaccine": {"id": 902}},
        {**shown, "vaccine": {**shown["vaccine"], "name": "x"}},
        {**shown, "creator": {"id": 1}},
        {**shown, "validation": None},
        {**shown, "validation": {**shown["validation"], "validator": {"id": 5}}},
        {**shown, "colour": "red"},
        {**shown, "id": None},
    ]
    for other in ([], None, *([item] for item in differing)):
        with pytest.raises(DocumentError, match=r"^/vaccinations: read_only$"):
            record.upgrade({"vaccinations": other}, known)
    with pytest.raises(DocumentError, match=r"^/vaccinations: read_only$"):
        record.upgrade({**PERSON, "vaccinations": [shown]}, context())


def test_a_validation_is_neither_shown_nor_written_by_option() -> None:
    act = build(Options.model_validate({"acts": {"validation": "null"}})).mappings["vaccination"]
    base = {"id": ID, "certified_on": "2020-01-02", "certification_method": "execution"}

    upgraded = act.upgrade({"validation": {"date": "2020-01-03"}}, context(base))

    assert act.downgrade(base, context()).document["validation"] is None
    assert upgraded.changes == {}
    assert [loss.pointer for loss in upgraded.lost] == ["/validation"]


def test_records_keep_their_uuids_or_have_others_by_option() -> None:
    known = replace(context(), ids=Ids({("health_record", ID): "an-old-uuid"}))
    same, paired = mapping(), mapping(records={"ids": "crosswalk"})

    assert same.downgrade(BASE, known).document["uuid"] == ID
    assert same.modern_ids(BASE) == set()
    assert paired.downgrade(BASE, known).document["uuid"] == "an-old-uuid"
    assert paired.modern_ids(BASE) == {("health_record", ID)}
    rows = build(Options.model_validate({"records": {"ids": "crosswalk"}})).endpoints
    kinds = {row.path: dict(row.kinds) for row in rows}
    assert kinds["/records/{id}"] == {"id": "health_record"}
    assert kinds["/records/{record}/vaccinations/{id}"] == {
        "record": "health_record",
        "id": "vaccination",
    }


def test_the_words_of_routes_sites_and_methods_are_options() -> None:
    options = {
        "routes": {"IM": "muscle"},
        "sites": {"LD": "left_arm"},
        "certification": {"vu": "evidence"},
    }
    act = build(Options.model_validate({"acts": options})).mappings["vaccination"]
    modern = {
        "id": ID,
        "injection_method": "muscle",
        "injection_location": "left_arm",
        "certified_on": "2020-01-02",
        "certification_method": "evidence",
    }

    shown = act.downgrade(modern, context()).document

    assert shown["injection_route"] == "IM"
    assert shown["injection_site"] == "LD"
    assert shown["validation"]["method"] == "vu"


def test_a_word_for_two_codes_is_refused_at_start() -> None:
    with pytest.raises(ContradictionError, match="several legacy codes become 'x'"):
        build(Options.model_validate({"acts": {"routes": {"IM": "x", "SQ": "x"}}}))
    with pytest.raises(ContradictionError, match="several legacy codes become 'x'"):
        build(Options.model_validate({"acts": {"certification": {"a": "x", "b": "x"}}}))


def test_what_a_vaccination_must_have_is_an_option() -> None:
    act = build(Options.model_validate({"acts": {"required": ["date"]}})).mappings["vaccination"]

    assert act.upgrade({"date": "2020-01-02"}, context()).document == {"performed_on": "2020-01-02"}
    with pytest.raises(ContradictionError, match="/age: it cannot be required"):
        build(Options.model_validate({"acts": {"required": ["age"]}}))


@pytest.mark.parametrize(
    ("options", "there"),
    [({}, True), ({"sharing": {"endpoints": False}}, False)],
    ids=["by default", "hidden"],
)
def test_the_paths_of_sharing_are_hidden_by_option(options: dict[str, Any], there: bool) -> None:
    paths = {row.path for row in build(Options.model_validate(options)).endpoints}

    assert ("/records/{record}/sharing_requests" in paths) is there
    assert ("/records/{record}/sharing_requests/{id}/accept" in paths) is there


@pytest.mark.parametrize(
    ("mode", "one"), [("empty", 404), ("refuse", 501)], ids=["empty", "refuse"]
)
def test_vaccine_issues_are_an_empty_list_or_refused_by_option(mode: str, one: int) -> None:
    rows = [
        row
        for row in build(Options.model_validate({"vaccine_issues": {"mode": mode}})).endpoints
        if "vaccine_issues" in row.path
    ]
    listed, made, read = rows

    assert isinstance(listed, Local if mode == "empty" else Refused)
    if isinstance(listed, Local):
        assert listed.answer({}, {}) == []
    assert isinstance(made, Refused)
    assert made.status == 501
    assert isinstance(read, Refused)
    assert read.status == one


def test_a_body_may_be_wrapped_or_must_be_bare_by_option() -> None:
    def wrappers(wrapper: str | None) -> set[str | None]:
        rows = build(Options.model_validate({"legacy": {"wrapper": wrapper}})).endpoints
        writes = [row for row in rows if isinstance(row, Endpoint) and row.action == "create"]
        return {row.wrapper for row in writes if "sharing" not in row.path}

    assert wrappers("fiche") == {"fiche", "vaccination"}
    assert wrappers(None) == {None}


def test_pages_of_a_list_are_read_as_the_options_say() -> None:
    def pages(**options: Any) -> Pages | None:
        return Options.model_validate({"upstream": {"list": options}}).upstream.list.in_pages()

    assert pages() == Pages("link", "page", "total_pages")
    assert pages(pages="cursor", parameter="after", told_in="next") == Pages(
        "cursor", "after", "next"
    )
    assert pages(pages="none") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"upstream": {"read": {"path": "/records"}}},
            "expected a path with {id} once in it",
        ),
        ({"upstream": {"read": {"path": "/a/{id}/{id}"}}}, "expected a path with {id} once in it"),
        ({"upstream": {"read": {"path": "/a/{record}"}}}, "expected a path with {id} once in it"),
        ({"upstream": {"list": {"path": "/records/{id}"}}}, "expected a path with no id in it"),
        *(
            ({"upstream": {name: {"path": "/a"}}}, f"expected a path with {{{wanted}}} once in it")
            for name, wanted in PARAMETERS.items()
        ),
        ({"upstream": {"create": {"path": "records"}}}, "expected a path"),
        ({"upstream": {"create": {"path": "/a/../b"}}}, "expected a path"),
        ({"upstream": {"create": {"path": "/a?b=c"}}}, "expected a path"),
        ({"upstream": {"create": {"path": "//evil.example"}}}, "expected a path"),
        ({"upstream": {"create": {"success": [302]}}}, "less than or equal to 299"),
        ({"upstream": {"update": {"method": "POST"}}}, "'PATCH' or 'PUT'"),
        ({"legacy": {"prefixes": ["api/"]}}, "without a slash at its end"),
        ({"legacy": {"charset": "klingon"}}, "'windows-1252', 'iso-8859-1' or 'iso-8859-15'"),
        ({"legacy": {"charset": "rot13"}}, "'windows-1252', 'iso-8859-1' or 'iso-8859-15'"),
        ({"legacy": {"prefixes": []}}, "at least 1 item"),
        ({"legacy": {"wrapper": "health_profile"}}, "expected a name that is no field"),
        ({"upstream": {"create": {"success": [201, 204]}}}, "statuses that come with the record"),
        ({"upstream": {"delete": {"success": []}}}, "at least 1 item"),
        ({"timestamps": {"zone": "Mars/Olympus"}}, "expected a time zone"),
        ({"records": {"required": ["surname"]}}, "expected a field of the legacy record"),
        ({"acts": {"required": ["day"]}}, "expected a field of the legacy vaccination"),
        ({"acts": {"in_record": "maybe"}}, "'calls' or 'refuse'"),
        ({"records": {"ids": "other"}}, "'same' or 'crosswalk'"),
        ({"names": {"polcy": "crossed"}}, "Extra inputs are not permitted"),
    ],
)
def test_an_option_that_cannot_be_used_says_what_is_expected(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message.replace("{", r"\{").replace("}", r"\}")):
        Options.model_validate(options)


def test_a_path_and_a_charset_that_can_be_used_are_taken() -> None:
    options = Options.model_validate(
        {
            "upstream": {
                "read": {"path": "/v2/fiches/{id}/complete"},
                "list": {"path": "/v2/fiches"},
                "create": {"success": [201]},
                "share": {"path": "/v2/fiches/{record}/partages"},
            },
            "legacy": {"charset": "windows-1252", "prefixes": ["/api/v1.1"], "wrapper": "fiche"},
        }
    )

    assert options.upstream.read.call().path == "/v2/fiches/{id}/complete"
    assert options.upstream.share.call().path == "/v2/fiches/{record}/partages"
    assert options.upstream.create.call().success == {201}


def test_errors_are_french_or_english_and_wrapped_or_bare() -> None:
    problems = [
        Problem("/birth_date", "date"),
        Problem("/birth_date", "date"),
        Problem("/birth_date", "blank"),
        Problem("/vaccinations/0/date", "date"),
        Problem("", "refused"),
    ]

    assert LegacyErrors("fr").invalid(problems) == {
        "errors": {
            "birth_date": ["n'est pas une date (AAAA-MM-JJ)", "doit être rempli(e)"],
            "vaccinations[0].date": ["n'est pas une date (AAAA-MM-JJ)"],
            "base": ["n'a pas été accepté(e)"],
        }
    }
    assert LegacyErrors("en", "bare").invalid(problems[:1]) == {
        "birth_date": ["is not a date (YYYY-MM-DD)"]
    }
    assert LegacyErrors("en").error(404) == {"error": "This resource does not exist."}
    assert LegacyErrors("fr").error(418) == {"error": "Une erreur est survenue."}


def test_a_status_may_concern_one_place_of_what_the_client_wrote() -> None:
    sentences = {"vaccinations[1]": ["This resource does not exist."]}

    assert LegacyErrors("en").partial(404, "/vaccinations/1") == {"errors": sentences}
    assert LegacyErrors("en", "bare").partial(404, "/vaccinations/1") == sentences


def test_a_reason_of_its_own_has_its_own_sentence() -> None:
    assert LegacyErrors("en").error(502, "too_long") == {
        "error": "The list is too long to be given whole."
    }
    assert LegacyErrors("en").error(404, "no such reason") == LegacyErrors("en").error(404)
    assert OCCASIONS["fr"].keys() == OCCASIONS["en"].keys()


def test_a_401_asks_for_a_token_as_the_old_api_did() -> None:
    assert LegacyErrors("fr").headers(401) == {
        "WWW-Authenticate": 'Bearer realm="Doorkeeper", error="invalid_token"'
    }
    assert LegacyErrors("fr").headers(404) == {}


def test_both_languages_have_every_sentence() -> None:
    assert STATUSES["fr"].keys() == STATUSES["en"].keys()
    assert REASONS["fr"].keys() == REASONS["en"].keys()


def test_every_reason_that_the_code_gives_has_its_sentence() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in Path(__file__).parents[3].glob("mappings/**/*.py")
    )
    given = set(re.findall(r'(?:\.refuse|RefusedError|Problem)\((?:[\w"]+, )?"(\w+)"', text))
    given |= set(re.findall(r'PydanticCustomError\("(\w+)"', text))

    assert given | set(BY_ERROR.values()) <= REASONS["fr"].keys()
    assert len(given) > 8

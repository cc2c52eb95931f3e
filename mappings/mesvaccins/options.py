"""Every choice that the sources leave open, with its default. One TOML file changes them."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from mappings.core.endpoint import ID, PATH_PATTERN, UpstreamCall
from mappings.core.evidence import documented, guess, inferred
from mappings.core.options import Section, option
from mappings.mesvaccins import legacy
from mappings.mesvaccins.codes import ROUTES, SITES

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)


def _prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise ValueError('expected "" or a path such as "/api/v1", without a slash at its end')
    return text


def _path(text: str) -> str:
    if not PATH_PATTERN.fullmatch(text) or text.count(ID) > 1:
        raise ValueError(f'expected a path such as "/health_records/{ID}", with {ID} once at most')
    return text


def _path_with_id(text: str) -> str:
    if ID not in _path(text):
        raise ValueError(f"expected {ID} where the record's id stands")
    return text


def _path_without_id(text: str) -> str:
    if ID in _path(text):
        raise ValueError(f"{ID} has no meaning here: no record is named")
    return text


def _with_body(statuses: tuple[int, ...]) -> tuple[int, ...]:
    if {204, 205} & set(statuses):
        raise ValueError("expected statuses that come with the record: 204 and 205 do not")
    return statuses


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError('expected a time zone such as "Europe/Paris"')
    return name


def _legacy_field(name: str) -> str:
    if name not in legacy.HealthRecord.model_fields:
        raise ValueError("expected a field of the legacy record")
    return name


def _wrapper(name: str) -> str:
    if name in legacy.HealthRecord.model_fields:
        raise ValueError("expected a name that is no field of the legacy record")
    return name


Prefix = Annotated[str, AfterValidator(_prefix)]
Status = Annotated[int, Field(ge=200, le=299)]
Successes = Annotated[tuple[Status, ...], Field(min_length=1)]
WithBody = Annotated[Successes, AfterValidator(_with_body)]
Zone = Annotated[str, AfterValidator(_zone)]
LegacyField = Annotated[str, AfterValidator(_legacy_field)]
Wrapper = Annotated[str, AfterValidator(_wrapper)]
Charset = Literal["windows-1252", "iso-8859-1", "iso-8859-15"]


class Legacy(Section):
    """The legacy surface."""

    prefixes: Annotated[tuple[Prefix, ...], Field(min_length=1)] = option(
        ("/api/v1", ""),
        "Where the legacy paths begin; every one of them is served.",
        inferred("1.1"),
    )
    suffix: Literal[".json", ""] = option(
        ".json", "An ending that every legacy path may have.", documented("VACC")
    )
    wrapper: Wrapper | None = option(
        "record",
        "A body may hold the record alone under this name.",
        guess(
            "1.3",
            question="Did the old API take a bare record, or one under a name?",
            option="legacy.wrapper",
        ),
    )
    update_status: Literal[200, 204] = option(
        200,
        "The status of an update: 200 with the record, or 204 with nothing.",
        guess(
            "1.3",
            question="Did the old API answer an update with the record, or with nothing?",
            option="legacy.update_status",
        ),
    )
    delete_status: Literal[200, 204] = option(
        204,
        "The status of a deletion: 204 with nothing, or 200 with an empty object.",
        guess(
            "1.3",
            question="With which status did the old API answer a deletion?",
            option="legacy.delete_status",
        ),
    )
    charset: Charset | None = option(
        None,
        "How a body is read that names no charset and is not UTF-8; none: it is refused.",
        inferred("7"),
    )
    ascii_escapes: bool = option(
        False,
        "Whether answers write characters beyond ASCII as escapes, as the old samples do.",
        inferred("1.1"),
    )


class Names(Section):
    """Family names."""

    policy: Literal["crossed", "straight"] = option(
        "crossed",
        "crossed: the legacy name in use is the modern customary name, and the name at birth the "
        "last name; straight: last name is last name, name at birth is customary name.",
        guess(
            "4.2",
            question="Is the new `customary_name` the name in use, and `last_name` the name at "
            "birth?",
            option="names.policy",
        ),
    )
    swap: bool = option(
        False,
        "Whether the new API keeps first names under `last_name`, as its sample shows.",
        guess(
            "4.2",
            question="The guide's sample shows the family name under `first_name`: is that a slip?",
            option="names.swap",
        ),
    )


class Records(Section):
    """Health records."""

    required: tuple[LegacyField, ...] = option(
        ("first_name", "last_name", "birth_date", "gender"),
        "The fields that a creation must have.",
        guess(
            "1.3",
            question="Which four fields does a creation demand?",
            option="records.required",
        ),
    )
    undeclared: Literal["drop", "refuse"] = option(
        "drop",
        "What becomes of a field that the old API does not have: dropped and told, or a 422.",
        inferred("6"),
    )
    stale_writes: Literal["conflict", "allow"] = option(
        "conflict",
        "What becomes of a write whose `updated_at` is older than the stored one.",
        guess(
            "1.3",
            question="Did the old API refuse a write over a record changed in the meantime?",
            option="records.stale_writes",
        ),
    )
    ins_c: Literal["set_aside", "external_id"] = option(
        "set_aside",
        "Where the INS-C goes: set aside, or to the new API as `external_id`.",
        guess(
            "4.1",
            question="Does the new API have a place for the INS-C?",
            option="records.ins_c",
        ),
    )
    ins_c_check: Literal["none", "form", "key"] = option(
        "form",
        "What is checked of an INS-C: nothing, its 20 and 2 digits, or its key as well.",
        guess(
            "6",
            question="Did the old API check the form and the key of an INS-C?",
            option="records.ins_c_check",
        ),
    )


class Timestamps(Section):
    """Instants."""

    zone: Zone = option(
        "Europe/Paris",
        "The zone of the legacy timestamps.",
        guess(
            "6",
            question="In which zone did the old API write its timestamps?",
            option="timestamps.zone",
        ),
    )


class Caption(Section):
    """The sentence of sex and age, and the ages of vaccinations."""

    male: str = option("Homme", "The word for a man.", documented("SEED"))
    female: str = option("Femme", "The word for a woman.", inferred("4.3"))
    otherwise: str = option("Personne", "The word where the sex is not known.", inferred("4.3"))
    months_below: Annotated[int, Field(ge=0, le=120)] = option(
        24,
        "Below so many months, ages are said in months.",
        guess(
            "4.3",
            question="Up to which age did the old API count in months?",
            option="caption.months_below",
        ),
    )


class Sharing(Section):
    """Who else may read a record."""

    accepted_statuses: tuple[str, ...] = option(
        ("ACCEPTED",),
        "The modern statuses of a request that was accepted.",
        guess(
            "2.2",
            question="Which statuses can a sharing request have?",
            option="sharing.accepted_statuses",
        ),
    )
    private: str = option(
        "private_record", "The legacy word while nobody else may read.", documented("SEED")
    )
    shared: str = option(
        "shared_record",
        "The legacy word once somebody else may read.",
        guess(
            "4.4",
            question="Which values does the legacy `sharing_status` have?",
            option="sharing.shared",
        ),
    )


class Acts(Section):
    """Vaccinations."""

    routes: dict[str, str] = option(
        dict(ROUTES),
        "How a vaccine is given: modern word by legacy code.",
        guess(
            "4.5",
            question="Which words does `injection_method` have beside `intramuscular`?",
            option="acts.routes",
        ),
    )
    sites: dict[str, str] = option(
        dict(SITES),
        "Where it is given: modern word by legacy code.",
        guess(
            "4.5",
            question="Which words does `injection_location` have beside `left_deltoid`?",
            option="acts.sites",
        ),
    )
    validation: Literal["shown", "null"] = option(
        "shown",
        "Whether a certified act shows a `validation` of date and method, or null.",
        guess(
            "1.4",
            question="What does the legacy `validation` of a vaccination hold?",
            option="acts.validation",
        ),
    )


class Conditions(Section):
    """Health profiles."""

    not_boolean: Literal["omit", "refuse"] = option(
        "omit",
        "What becomes of a condition that now has a value: left out and told, or a 422.",
        guess(
            "4.6",
            question="What does the legacy `health_profile` look like, and what becomes of "
            "conditions that now have a value?",
            option="conditions.not_boolean",
        ),
    )


class Errors(Section):
    """How the legacy API says what is wrong."""

    language: Literal["fr", "en"] = option("fr", "The language of the sentences.", inferred("1.9"))
    style: Literal["errors", "bare"] = option(
        "errors",
        'The body of a 422: {"errors": {field: [sentence]}}, or the bare {field: [sentence]}.',
        guess(
            "1.9",
            question="What did the bodies of the old API's errors look like?",
            option="errors.style",
        ),
    )


class _Call(Section):
    """One call of the new API; its methods and paths are checked at start."""

    method: str
    path: str
    success: Successes

    def call(self) -> UpstreamCall:
        """The call as endpoints hold it."""
        return UpstreamCall(self.method, self.path, frozenset(self.success))


def _success(default: tuple[int, ...], name: str) -> tuple[int, ...]:
    success: tuple[int, ...] = option(
        default,
        "The statuses that mean success.",
        guess(
            "2.3",
            question="With which statuses does the new API say that a call succeeded?",
            option=f"upstream.{name}.success",
        ),
    )
    return success


def _where(default: str, name: str) -> str:
    path: str = option(
        default,
        "The path below the base URL.",
        guess(
            "2.3",
            question=f"Under which path does the new API {name} health records?",
            option=f"upstream.{name}.path",
        ),
    )
    return path


class ListCall(_Call):
    """Listing the records."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_without_id)] = _where("/health_records", "list")
    success: WithBody = _success((200,), "list")
    key: str | None = option(
        None,
        "The name under which the list stands in the answer; none: the answer is the list.",
        guess(
            "2.3",
            question="Is a list of records a bare array, and does it come in pages?",
            option="upstream.list.key",
        ),
    )


class ReadCall(_Call):
    """Reading one record."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_with_id)] = _where("/health_records/{id}", "read")
    success: WithBody = _success((200,), "read")


class CreateCall(_Call):
    """Making a record."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_without_id)] = _where("/health_records", "create")
    success: WithBody = _success((201, 200), "create")


class UpdateCall(_Call):
    """Changing a record."""

    method: Literal["PATCH", "PUT"] = option(
        "PATCH",
        "PATCH sends the changed fields alone; PUT sends the stored record with the changes.",
        guess(
            "2.3",
            question="Is a record changed by PATCH or by PUT?",
            option="upstream.update.method",
        ),
    )
    path: Annotated[str, AfterValidator(_path_with_id)] = _where("/health_records/{id}", "update")
    success: Successes = _success((200, 204), "update")


class DeleteCall(_Call):
    """Deleting a record."""

    method: Literal["DELETE"] = option("DELETE", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_with_id)] = _where("/health_records/{id}", "delete")
    success: Successes = _success((200, 204), "delete")


class Upstream(Section):
    """The new API's calls."""

    list: ListCall = ListCall()
    read: ReadCall = ReadCall()
    create: CreateCall = CreateCall()
    update: UpdateCall = UpdateCall()
    delete: DeleteCall = DeleteCall()


class Options(Section):
    """The options of the MesVaccins.net pack."""

    legacy: Legacy = Legacy()
    names: Names = Names()
    records: Records = Records()
    timestamps: Timestamps = Timestamps()
    caption: Caption = Caption()
    sharing: Sharing = Sharing()
    acts: Acts = Acts()
    conditions: Conditions = Conditions()
    errors: Errors = Errors()
    upstream: Upstream = Upstream()

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the legacy timestamps."""
        return ZoneInfo(self.timestamps.zone)

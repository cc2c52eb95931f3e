"""Every choice that the sources leave open, with its default. One TOML file changes them."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from mappings.core.evidence import documented, guess, inferred
from mappings.core.options import Section, option
from mappings.mesvaccins import legacy
from mappings.mesvaccins.calls import Upstream
from mappings.mesvaccins.codes import ROUTES, SITES
from mappings.mesvaccins.oauth import OAuth

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)


def _prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise ValueError('expected "" or a path such as "/api/v1", without a slash at its end')
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError('expected a time zone such as "Europe/Paris"')
    return name


def _legacy_field(name: str) -> str:
    if name not in legacy.HealthRecord.model_fields:
        raise ValueError("expected a field of the legacy record")
    return name


def _vaccination_field(name: str) -> str:
    if name not in legacy.Vaccination.model_fields:
        raise ValueError("expected a field of the legacy vaccination")
    return name


def _wrapper(name: str) -> str:
    if name in legacy.HealthRecord.model_fields:
        raise ValueError("expected a name that is no field of the legacy record")
    return name


Prefix = Annotated[str, AfterValidator(_prefix)]
Zone = Annotated[str, AfterValidator(_zone)]
VaccinationField = Annotated[str, AfterValidator(_vaccination_field)]
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

    ids: Literal["same", "crosswalk"] = option(
        "same",
        "Whether records kept their UUIDs, or a table of pairs tells the new ones "
        "(`passerelle crosswalk import`).",
        guess(
            "4.1",
            question="Did records keep their UUIDs when they were moved to the new API?",
            option="records.ids",
        ),
    )
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
    statuses: dict[str, str] = option(
        {
            "PENDING": "pending",
            "ACCEPTED": "accepted",
            "REFUSED": "refused",
            "REJECTED": "refused",
            "CANCELLED": "cancelled",
            "EXPIRED": "expired",
        },
        "The legacy words for the statuses of a request, by modern one; any other shows null.",
        guess(
            "2.2",
            question="Which statuses can a sharing request have?",
            option="sharing.statuses",
        ),
    )
    endpoints: bool = option(
        True,
        "Whether legacy applications may share records, under paths in the old API's style.",
        guess(
            "1.8",
            question="How did legacy applications share a record?",
            option="sharing.endpoints",
        ),
    )
    rpps_check: Literal["form", "key"] = option(
        "key",
        "What is checked of an RPPS number: its 11 digits, or its key as well.",
        inferred("2.3"),
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
    validation: Literal["carried", "null"] = option(
        "carried",
        "Whether a `validation` of validator, date and method is carried both ways, or is null.",
        guess(
            "1.4",
            question="What does the legacy `validation` of a vaccination hold?",
            option="acts.validation",
        ),
    )
    certification: dict[str, str] = option(
        {"execution": "execution", "proof": "proof"},
        "How a vaccination is validated: modern word by legacy word.",
        guess(
            "2.2",
            question="Which word beside `execution` does `certification_method` have?",
            option="acts.certification",
        ),
    )
    required: tuple[VaccinationField, ...] = option(
        ("vaccine", "date"),
        "The fields that a new vaccination must have.",
        inferred("2.2"),
    )
    in_record: Literal["calls", "refuse"] = option(
        "calls",
        "What becomes of vaccinations that a client changes within a record: a call each, in "
        "their order, or a 422.",
        guess(
            "1.4",
            question="Could a client change vaccinations by writing their record?",
            option="acts.in_record",
        ),
    )
    unknown_vaccine: Literal["object", "null"] = option(
        "object",
        "What is shown of a vaccine that no table has: an object with every member empty, or null.",
        inferred("4.5"),
    )
    cid_codes: bool = option(
        False,
        "Whether a vaccine shows its CIP codes as `cid_codes` too, as an old sample spells it.",
        inferred("1.4"),
    )


class VaccineIssues(Section):
    """Dispensings by a pharmacy, which the new API does not have."""

    mode: Literal["empty", "refuse"] = option(
        "empty",
        "empty: the list is empty, one is a 404, making one a 501; refuse: each is a 501.",
        guess(
            "4.7",
            question="What became of the vaccine issues, which the new API does not have?",
            option="vaccine_issues.mode",
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


class Options(Section):
    """The options of the MesVaccins.net pack."""

    legacy: Legacy = Legacy()
    names: Names = Names()
    records: Records = Records()
    timestamps: Timestamps = Timestamps()
    caption: Caption = Caption()
    sharing: Sharing = Sharing()
    acts: Acts = Acts()
    vaccine_issues: VaccineIssues = VaccineIssues()
    conditions: Conditions = Conditions()
    errors: Errors = Errors()
    oauth: OAuth = OAuth()
    upstream: Upstream = Upstream()

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the legacy timestamps."""
        return ZoneInfo(self.timestamps.zone)

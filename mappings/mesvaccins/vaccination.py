"""Vaccinations: what becomes of each field, both ways."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.core.codecs import code_table
from mappings.core.compiled.inline import Inline
from mappings.core.context import Document, Json, Scope
from mappings.core.evidence import guess, inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Rules
from mappings.core.verbs import (
    coded,
    computed,
    grouped,
    identifier,
    renamed,
    same,
    set_aside,
    untouched,
)
from mappings.mesvaccins import legacy, modern
from mappings.mesvaccins.caption import AgeAtInjection
from mappings.mesvaccins.codes import EmptyText, FalseWhenUnknown
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.sources import SEED, VACC
from mappings.mesvaccins.timestamps import LocalTime
from mappings.mesvaccins.vaccine_by_code import VaccineByCode
from mappings.mesvaccins.validation import Validation


def vaccination(options: Options) -> RecordMapping:
    """The mapping of one vaccination within its record."""
    local_time = LocalTime(options.zone)
    return RecordMapping(
        legacy.Vaccination,
        modern.VaccinationAct,
        identifier("id", to="id", kind="vaccination", source=VACC),
        computed(
            "created_at",
            OfRecord("created_at", local_time),
            made_of=(),
            because="an act has no timestamps of its own: its record's are shown",
            source=inferred("4.5"),
        ),
        computed(
            "updated_at",
            OfRecord("updated_at", local_time),
            made_of=(),
            because="an act has no timestamps of its own: its record's are shown",
            source=inferred("4.5"),
        ),
        renamed(
            "vaccine",
            to="vaccine_id",
            codec=VaccineByCode(options.acts.unknown_vaccine, options.acts.cid_codes),
            source=inferred("1.6"),
        ),
        renamed("date", to="performed_on", source=SEED),
        computed(
            "age",
            AgeAtInjection(options.caption.months_below),
            made_of=("performed_on",),
            because="the person's age on the day of the injection, in French",
            source=inferred("4.3"),
        ),
        renamed("batch", to="batch_number", codec=EmptyText(), source=SEED),
        coded(
            "injection_route", code_table(options.acts.routes), to="injection_method", source=VACC
        ),
        coded(
            "injection_site", code_table(options.acts.sites), to="injection_location", source=VACC
        ),
        computed(
            "creator",
            Nothing(),
            made_of=(),
            because="an act does not tell who wrote it down",
            source=inferred("4.5"),
        ),
        *_validation(options),
        same("booster", codec=FalseWhenUnknown(), source=inferred("1.4")),
        set_aside(
            "comments",
            because="the new API has no comments on a vaccination",
            source=inferred("4.5"),
        ),
        untouched(
            "health_record_id",
            "serial_number",
            "country_code",
            "expiration_date",
            because="the legacy API never had it",
            source=SEED,
        ),
        kind="vaccination",
        required=options.acts.required,
        undeclared=options.records.undeclared,
    )


@dataclass(frozen=True)
class OfRecord:
    """An instant of the record around the vaccination."""

    name: str
    local_time: LocalTime

    def __call__(self, read: Document, scope: Scope) -> Json:
        return self.local_time.downgrade((scope.context.parent or {}).get(self.name), scope)

    def inline(self, record: Inline) -> str:
        return "None" if record.around is None else self.local_time.inline(self.name, record.around)


class Nothing:
    """What no vaccination tells."""

    def __call__(self, read: Document, scope: Scope) -> Json:
        return None

    def inline(self, record: Inline) -> str:
        return "None"


def _validation(options: Options) -> tuple[Rules, ...]:
    source = guess(
        "1.4",
        question="What does the legacy `validation` of a vaccination hold?",
        option="acts.validation",
    )
    fields = ("certified_on", "certification_method", "certificator_id")
    if options.acts.validation == "carried":
        methods = code_table(options.acts.certification)
        return (grouped(("validation",), fields, Validation(methods), source=source),)
    return (
        computed(
            "validation",
            Nothing(),
            made_of=(),
            because="by option, no validation is shown",
            source=source,
        ),
        untouched(*fields, because="by option, no validation is shown", source=SEED),
    )

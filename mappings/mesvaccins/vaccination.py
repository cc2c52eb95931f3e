"""Vaccinations: what becomes of each field when a record is read."""

from __future__ import annotations

from mappings.core.codecs import Codec, code_table
from mappings.core.context import Document, Json, Scope
from mappings.core.evidence import guess, inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import (
    coded,
    computed,
    identifier,
    renamed,
    same,
    set_aside,
    shown,
    untouched,
)
from mappings.mesvaccins import legacy, modern
from mappings.mesvaccins.caption import AgeAtInjection
from mappings.mesvaccins.codes import EmptyText, FalseWhenUnknown
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.sources import SEED, VACC
from mappings.mesvaccins.timestamps import LocalTime


class NotYet(Codec):
    """Shown as null until a nomenclature of vaccines tells what the id means."""

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return None


def vaccination(options: Options) -> RecordMapping:
    """The mapping of one vaccination within its record."""
    local_time = LocalTime(options.zone)

    def of_record(name: str) -> Json:
        def timestamp(read: Document, scope: Scope) -> Json:
            return local_time.downgrade((scope.context.parent or {}).get(name), scope)

        return timestamp

    return RecordMapping(
        legacy.Vaccination,
        modern.VaccinationAct,
        identifier("id", to="id", kind="vaccination", source=VACC),
        computed(
            "created_at",
            of_record("created_at"),
            made_of=(),
            because="an act has no timestamps of its own: its record's are shown",
            source=inferred("4.5"),
        ),
        computed(
            "updated_at",
            of_record("updated_at"),
            made_of=(),
            because="an act has no timestamps of its own: its record's are shown",
            source=inferred("4.5"),
        ),
        shown(
            "vaccine",
            to="vaccine_id",
            codec=NotYet(),
            because="the vaccine is told by a nomenclature, which is not read yet",
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
            _nothing,
            made_of=(),
            because="an act does not tell who wrote it down",
            source=inferred("4.5"),
        ),
        computed(
            "validation",
            _validation if options.acts.validation == "shown" else _nothing,
            made_of=("certified_on", "certification_method"),
            because="present where the act was certified",
            source=guess(
                "1.4",
                question="What does the legacy `validation` of a vaccination hold?",
                option="acts.validation",
            ),
        ),
        same("booster", codec=FalseWhenUnknown(), source=inferred("1.4")),
        set_aside(
            "comments",
            because="the new API has no comments on a vaccination",
            source=inferred("4.5"),
        ),
        untouched(
            "certified_on",
            "certification_method",
            because="shown as `validation` only",
            source=SEED,
        ),
        untouched(
            "certificator_id",
            "health_record_id",
            "serial_number",
            "country_code",
            "expiration_date",
            because="the legacy API never had it",
            source=SEED,
        ),
    )


def _nothing(read: Document, scope: Scope) -> Json:
    return None


def _validation(read: Document, scope: Scope) -> Json:
    if read["certified_on"] is None:
        return None
    method = read["certification_method"]
    return {"validator": None, "date": read["certified_on"], "method": method}

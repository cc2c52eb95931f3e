"""Health records: what becomes of each field, both ways."""

from __future__ import annotations

from mappings.core.evidence import documented, guess, inferred
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Rules
from mappings.core.verbs import (
    coded,
    computed,
    each,
    grouped,
    identifier,
    renamed,
    same,
    set_aside,
    shown,
    untouched,
)
from mappings.mesvaccins import ins_c, legacy, modern
from mappings.mesvaccins.caption import Caption
from mappings.mesvaccins.codes import GENDER
from mappings.mesvaccins.conditions import HealthProfile
from mappings.mesvaccins.names import Crossed, Straight, Swapped
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.sharing import SharingStatus
from mappings.mesvaccins.sources import MHR, MSAD, SEED
from mappings.mesvaccins.timestamps import LocalTime, is_older


def health_record(options: Options, act: RecordMapping) -> RecordMapping:
    """The mapping of the health record, given that of its vaccinations."""
    local_time = LocalTime(options.zone)
    return RecordMapping(
        legacy.HealthRecord,
        modern.HealthRecord,
        identifier(
            "uuid",
            to="id",
            kind="health_record" if options.records.ids == "crosswalk" else None,
            source=inferred("4.1"),
        ),
        _names(options),
        same("birth_date", "zip_code", source=SEED),
        coded("gender", GENDER, source=MSAD),
        shown(
            "created_at",
            codec=local_time,
            because="the server sets it",
            source=SEED,
        ),
        shown(
            "updated_at",
            codec=local_time,
            older=is_older,
            because="the server sets it; one that is older than what is stored tells a stale write",
            source=SEED,
        ),
        computed(
            "caption",
            Caption(
                {"m": options.caption.male, "f": options.caption.female},
                options.caption.otherwise,
                options.caption.months_below,
            ),
            made_of=("gender", "birth_date"),
            because="a sentence made of sex and age, which the new API does not make",
            source=inferred("4.3"),
        ),
        computed(
            "sharing_status",
            SharingStatus(
                frozenset(options.sharing.accepted_statuses),
                frozenset(options.sharing.statuses),
                options.sharing.private,
                options.sharing.shared,
            ),
            made_of=("sharing_requests",),
            because="made of the sharing requests; a client cannot set it",
            source=guess(
                "4.4",
                question="Is a record shared as soon as one request was accepted?",
                option="sharing.accepted_statuses",
            ),
        ),
        _vaccinations(options, act),
        renamed(
            "health_profile",
            to="profile",
            codec=HealthProfile(options.conditions.not_boolean),
            source=guess(
                "4.6",
                question="What does the legacy `health_profile` look like, and what becomes of "
                "conditions that now have a value?",
                option="conditions.not_boolean",
            ),
        ),
        set_aside(
            "email",
            because="the new API has no contact details; the guide does not say so",
            source=inferred("3"),
        ),
        set_aside(
            "home_phone",
            "mobile_phone",
            "place_of_birth",
            "department_of_birth",
            because="the new API does not have it any more",
            source=MHR,
        ),
        _ins_c(options),
        untouched(
            "sharing_requests",
            because="shown as `sharing_status` only",
            source=documented("MHR"),
        ),
        untouched("owner_id", "validator_ids", because="the legacy API never had it", source=SEED),
        kind="health_record",
        required=options.records.required,
        undeclared=options.records.undeclared,
    )


def _names(options: Options) -> Rules:
    source = guess(
        "4.2",
        question="Is the new `customary_name` the name in use, and `last_name` the name at birth?",
        option="names.policy",
    )
    family = Crossed() if options.names.policy == "crossed" else Straight()
    if options.names.swap:
        return grouped(
            ("first_name", "last_name", "birth_name"),
            ("first_name", "last_name", "customary_name"),
            Swapped(family),
            source=source,
        )
    return (
        *same("first_name", source=SEED),
        *grouped(
            ("last_name", "birth_name"), ("last_name", "customary_name"), family, source=source
        ),
    )


def _vaccinations(options: Options, act: RecordMapping) -> Rules:
    by_calls = options.acts.in_record == "calls"
    return each(
        "vaccinations",
        to="vaccination_acts",
        mapping=act,
        key="id",
        by_calls=by_calls,
        read_only="" if by_calls else "by option, vaccinations are written at paths of their own",
        forgiven=frozenset({"age", "created_at", "updated_at"}),
        source=MHR,
    )


def _ins_c(options: Options) -> Rules:
    check = options.records.ins_c_check
    source = guess(
        "4.1", question="Does the new API have a place for the INS-C?", option="records.ins_c"
    )
    if options.records.ins_c == "external_id":
        return renamed("ins_c", to="external_id", codec=ins_c.AsExternalId(check), source=source)
    return (
        *set_aside(
            "ins_c",
            because="the new API has no place for it, and it is obsolete since 2018",
            check=ins_c.checked(check),
            source=source,
        ),
        *untouched("external_id", because="the legacy API never had it", source=SEED),
    )

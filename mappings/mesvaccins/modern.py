"""The new API's documents, field by field, in the order of its sample."""

from __future__ import annotations

from typing import Any

from pydantic import StrictBool

from mappings.core.evidence import documented, inferred
from mappings.core.model import CalendarDate, Model, Timestamp, Uuid, declared
from mappings.mesvaccins.sources import MHR, SEED


class SharingRequest(Model):
    """A wish that somebody else may read the record."""

    id: Any = declared("The request's id.", SEED)
    from_account_id: Any = declared("The account that asks.", SEED)
    from_account_type: Any = declared("What kind of account asks: `CITIZEN`, ...", SEED)
    processed_by_account_id: Any = declared("The account that accepted or refused.", SEED)
    to_pro_external_account_id: Any = declared("The professional who is asked.", SEED)
    to_pro_identity: Any = declared("The names of that professional.", MHR)
    processed_at: Any = declared("When it was accepted or refused.", SEED)
    status: str | None = declared("Where it stands: `PENDING`, ...", SEED)
    health_record: Any = declared("The record that it is about.", SEED)
    external_id: str | None = declared(
        "The RPPS number of the professional, when a request is made.", SEED
    )
    created_at: Timestamp | None = declared("When it was made.", inferred("2.2"))


class VaccinationAct(Model):
    """One vaccination of a record."""

    id: Uuid | None = declared("The act's id.", SEED)
    performed_on: CalendarDate | None = declared("The day on which it was given.", SEED)
    certified_on: CalendarDate | None = declared("The day on which it was validated.", SEED)
    certification_method: str | None = declared("How it was validated: `execution`, ...", SEED)
    certificator_id: Uuid | None = declared("The professional who validated it.", SEED)
    health_record_id: Uuid | None = declared("The record to which it belongs.", SEED)
    vaccine_id: Uuid | None = declared("The vaccine that was given.", SEED)
    batch_number: str | None = declared("The batch number.", SEED)
    serial_number: str | None = declared("The serial number of the dose.", SEED)
    injection_method: str | None = declared("How it was given: `intramuscular`, ...", SEED)
    injection_location: str | None = declared("Where it was given: `left_deltoid`, ...", SEED)
    country_code: str | None = declared("The country in which it was given.", SEED)
    booster: StrictBool | None = declared("Whether it was a booster.", SEED)
    expiration_date: CalendarDate | None = declared("The day on which the dose expires.", SEED)


class HealthRecord(Model):
    """The health record of one person."""

    id: Uuid = declared("The record's id.", SEED, required=True)
    first_name: str = declared("The first names.", SEED, required=True)
    last_name: str = declared("The name at birth.", inferred("4.2"), required=True)
    customary_name: str | None = declared("The name in use when it differs.", inferred("4.2"))
    gender: str = declared("`m` or `f`.", documented("MSAD"), required=True)
    birth_date: CalendarDate = declared("The day of birth.", SEED, required=True)
    external_id: str | None = declared("A key of the record in another system.", inferred("2.2"))
    owner_id: Uuid | None = declared("The account that owns the record.", SEED)
    zip_code: str | None = declared("The postal code.", SEED)
    sharing_requests: list[SharingRequest] | None = declared("Wishes to share the record.", MHR)
    profile: dict[str, Any] | None = declared("A value by condition id.", inferred("2.2"))
    validator_ids: list[Uuid] | None = declared("Professionals who may validate.", inferred("2.2"))
    vaccination_acts: list[VaccinationAct] | None = declared("The vaccinations.", MHR)
    created_at: Timestamp | None = declared("When the record was made.", SEED)
    updated_at: Timestamp | None = declared("When the record was last changed.", SEED)

"""The new API's documents, field by field, in the order of its sample."""

from __future__ import annotations

from typing import Any

from pydantic import StrictBool

from mappings.core.evidence import documented, inferred
from mappings.core.model import CalendarDate, Model, Timestamp, Uuid, told
from mappings.mesvaccins.sources import MHR, SEED


class Identity(Model):
    """The names of a professional."""

    first_name: str | None = told("First name.", MHR)
    last_name: str | None = told("Last name.", MHR)


class SharingRequest(Model):
    """A wish that somebody else may read the record."""

    id: Uuid | None = told("The request's id.", SEED)
    from_account_id: Uuid | None = told("The account that asks.", SEED)
    from_account_type: str | None = told("What kind of account asks: `CITIZEN`, ...", SEED)
    processed_by_account_id: Uuid | None = told("The account that accepted or refused.", SEED)
    to_pro_external_account_id: str | None = told("The professional who is asked.", SEED)
    to_pro_identity: Identity | None = told("The names of that professional.", MHR)
    processed_at: Timestamp | None = told("When it was accepted or refused.", SEED)
    status: str | None = told("Where it stands: `PENDING`, ...", SEED)
    health_record: Any = told("The record that it is about.", SEED)


class VaccinationAct(Model):
    """One vaccination of a record."""

    id: Uuid | None = told("The act's id.", SEED)
    performed_on: CalendarDate | None = told("The day on which it was given.", SEED)
    certified_on: CalendarDate | None = told("The day on which it was validated.", SEED)
    certification_method: str | None = told("How it was validated: `execution`, ...", SEED)
    certificator_id: Uuid | None = told("The professional who validated it.", SEED)
    health_record_id: Uuid | None = told("The record to which it belongs.", SEED)
    vaccine_id: Uuid | None = told("The vaccine that was given.", SEED)
    batch_number: str | None = told("The batch number.", SEED)
    serial_number: str | None = told("The serial number of the dose.", SEED)
    injection_method: str | None = told("How it was given: `intramuscular`, ...", SEED)
    injection_location: str | None = told("Where it was given: `left_deltoid`, ...", SEED)
    country_code: str | None = told("The country in which it was given.", SEED)
    booster: StrictBool | None = told("Whether it was a booster.", SEED)
    expiration_date: CalendarDate | None = told("The day on which the dose expires.", SEED)


class HealthRecord(Model):
    """The health record of one person."""

    id: Uuid = told("The record's id.", SEED, required=True)
    first_name: str = told("The first names.", SEED, required=True)
    last_name: str = told("The name at birth.", inferred("4.2"), required=True)
    customary_name: str | None = told("The name in use when it differs.", inferred("4.2"))
    gender: str = told("`m` or `f`.", documented("MSAD"), required=True)
    birth_date: CalendarDate = told("The day of birth.", SEED, required=True)
    external_id: str | None = told("A key of the record in another system.", inferred("2.2"))
    owner_id: Uuid | None = told("The account that owns the record.", SEED)
    zip_code: str | None = told("The postal code.", SEED)
    sharing_requests: list[SharingRequest] | None = told("Wishes to share the record.", MHR)
    profile: dict[str, Any] | None = told("A value by condition id.", inferred("2.2"))
    validator_ids: list[Uuid] | None = told("Professionals who may validate.", inferred("2.2"))
    vaccination_acts: list[VaccinationAct] | None = told("The vaccinations.", MHR)
    created_at: Timestamp | None = told("When the record was made.", SEED)
    updated_at: Timestamp | None = told("When the record was last changed.", SEED)

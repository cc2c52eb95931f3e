"""A translating gateway of FastAPI and httpx as most people write it: models both ways."""

import json
import os
from contextlib import asynccontextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI, HTTPException, Request
from french import age, caption, local_time
from pydantic import BaseModel

TABLES = json.loads(Path(os.environ["TABLES"]).read_text())


class Gender(StrEnum):
    male = "male"
    female = "female"


class ModernGender(StrEnum):
    m = "m"
    f = "f"


TO_MODERN = {Gender.male: ModernGender.m, Gender.female: ModernGender.f}
TO_LEGACY = {modern: legacy for legacy, modern in TO_MODERN.items()}
ROUTES = {
    "intramuscular": "IM",
    "subcutaneous": "SQ",
    "intradermal": "IDINJ",
    "intranasal": "NASINHL",
    "oral": "PO",
}
SITES = {"left_deltoid": "LD", "right_deltoid": "RD", "left_thigh": "LT", "right_thigh": "RT"}


class SharingRequest(BaseModel):
    id: UUID
    status: str | None = None


class VaccinationAct(BaseModel):
    id: UUID
    performed_on: date | None = None
    certified_on: date | None = None
    certification_method: str | None = None
    certificator_id: UUID | None = None
    vaccine_id: UUID | None = None
    batch_number: str | None = None
    injection_method: str | None = None
    injection_location: str | None = None
    booster: bool | None = None


class ModernRecord(BaseModel):
    id: UUID
    first_name: str
    last_name: str
    customary_name: str | None = None
    gender: ModernGender
    birth_date: date
    zip_code: str | None = None
    sharing_requests: list[SharingRequest] = []
    vaccination_acts: list[VaccinationAct] = []
    created_at: datetime
    updated_at: datetime


class ModernRecordIn(BaseModel):
    first_name: str
    last_name: str
    customary_name: str | None = None
    birth_date: date
    zip_code: str | None = None
    gender: ModernGender


class Named(BaseModel):
    id: int | None
    name: str | None


class Vaccine(BaseModel):
    id: int | None = None
    name: str | None = None
    cip_codes: list[str] = []
    ucd_code: str = ""
    diseases: list[Named] = []
    valences: list[Named] = []


class User(BaseModel):
    id: int | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Validation(BaseModel):
    validator: User | None = None
    date: date
    method: str | None = None


class Vaccination(BaseModel):
    id: int | None
    created_at: str
    updated_at: str
    vaccine: Vaccine | None
    date: Any
    age: str | None
    batch: str
    injection_route: str | None
    injection_site: str | None
    creator: User | None = None
    validation: Validation | None
    booster: bool
    comments: Any = None


class HealthProfile(BaseModel):
    condition_ids: list[int] = []


class LegacyRecordIn(BaseModel):
    first_name: str
    last_name: str
    birth_name: str | None = None
    birth_date: date
    gender: Gender
    email: str | None = None
    home_phone: str | None = None
    mobile_phone: str | None = None
    place_of_birth: str | None = None
    department_of_birth: int | str | None = None
    zip_code: str | None = None
    health_profile: HealthProfile | None = None

    def to_modern(self) -> ModernRecordIn:
        crossed = bool(self.birth_name) and self.birth_name != self.last_name
        return ModernRecordIn(
            first_name=self.first_name,
            last_name=self.birth_name if crossed else self.last_name,
            customary_name=self.last_name if crossed else None,
            birth_date=self.birth_date,
            zip_code=self.zip_code,
            gender=TO_MODERN[self.gender],
        )


class LegacyRecord(BaseModel):
    created_at: str
    updated_at: str
    uuid: UUID
    birth_date: date
    gender: Gender
    email: str | None = None
    home_phone: str | None = None
    mobile_phone: str | None = None
    last_name: str
    first_name: str
    birth_name: str
    caption: str | None
    place_of_birth: str | None = None
    department_of_birth: int | str | None = None
    zip_code: str | None
    ins_c: str | None = None
    sharing_status: str
    vaccinations: list[Vaccination]
    health_profile: HealthProfile

    @classmethod
    def from_modern(cls, record: ModernRecord) -> "LegacyRecord":
        created, updated = local_time(record.created_at), local_time(record.updated_at)
        crossed = bool(record.customary_name) and record.customary_name != record.last_name
        shared = any(request.status == "ACCEPTED" for request in record.sharing_requests)
        return cls(
            created_at=created,
            updated_at=updated,
            uuid=record.id,
            birth_date=record.birth_date,
            gender=TO_LEGACY[record.gender],
            last_name=record.customary_name if crossed else record.last_name,
            first_name=record.first_name,
            birth_name=record.last_name if crossed else "",
            caption=caption(record.gender, record.birth_date),
            zip_code=record.zip_code,
            sharing_status="shared_record" if shared else "private_record",
            vaccinations=[
                vaccination(act, record.birth_date, created, updated)
                for act in record.vaccination_acts
            ],
            health_profile=HealthProfile(),
        )


def vaccination(act: VaccinationAct, born: date, created: str, updated: str) -> Vaccination:
    validation = None
    if act.certified_on is not None:
        who = act.certificator_id
        validation = Validation(
            validator=User(id=TABLES["professionals"].get(str(who))) if who else None,
            date=act.certified_on,
            method=act.certification_method,
        )
    return Vaccination(
        id=TABLES["vaccinations"].get(str(act.id)),
        created_at=created,
        updated_at=updated,
        vaccine=Vaccine(**TABLES["vaccines"].get(str(act.vaccine_id), {})),
        date=act.performed_on,
        age=age(born, act.performed_on),
        batch=act.batch_number or "",
        injection_route=ROUTES.get(act.injection_method),
        injection_site=SITES.get(act.injection_location),
        validation=validation,
        booster=bool(act.booster),
    )


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"]) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


async def call(request: Request, method: str, path: str, document: Any = None) -> Any:
    headers = {}
    if "authorization" in request.headers:
        headers["authorization"] = request.headers["authorization"]
    response = await request.app.state.client.request(method, path, headers=headers, json=document)
    if response.status_code not in (200, 201):
        raise HTTPException(502)
    return response.json()


@app.post("/api/v1/records.json", status_code=201)
async def create(record: LegacyRecordIn, request: Request) -> LegacyRecord:
    sent = record.to_modern().model_dump(mode="json")
    return LegacyRecord.from_modern(
        ModernRecord(**await call(request, "POST", "/health_records", sent))
    )


@app.get("/api/v1/records.json")
async def read_all(request: Request) -> list[LegacyRecord]:
    records = await call(request, "GET", "/health_records")
    return [LegacyRecord.from_modern(ModernRecord(**record)) for record in records]


@app.get("/api/v1/records/{uuid}.json")
async def read(uuid: UUID, request: Request) -> LegacyRecord:
    return LegacyRecord.from_modern(
        ModernRecord(**await call(request, "GET", f"/health_records/{uuid}"))
    )

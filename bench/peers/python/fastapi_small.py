"""Small documents by FastAPI and httpx as most people write it: models both ways."""

import os
from contextlib import asynccontextmanager
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel


class Gender(StrEnum):
    male = "male"
    female = "female"


class Sex(StrEnum):
    m = "m"
    f = "f"


TO_MODERN = {Gender.male: Sex.m, Gender.female: Sex.f}
TO_LEGACY = {modern: legacy for legacy, modern in TO_MODERN.items()}
WORD = {Sex.m: "Homme", Sex.f: "Femme"}


class Vaccine(BaseModel):
    id: int
    name: str


class Vaccination(BaseModel):
    id: int
    date: date
    vaccine: Vaccine
    batch: str
    booster: bool
    comments: str | None


class ModernIn(BaseModel):
    id: UUID
    given_name: str
    family_name: str
    sex: Sex
    born_on: date
    postal_code: str
    external_id: str
    phone_number: str
    created_on: datetime
    vaccinations: list[Vaccination]


class Modern(ModernIn):
    owner_id: UUID
    revision: int
    validator_ids: list[UUID]


class LegacyIn(BaseModel):
    uuid: UUID
    first_name: str
    last_name: str
    birth_date: date
    zip_code: str
    reference: str
    phone: str
    created_at: datetime
    gender: Gender
    vaccinations: list[Vaccination]

    def to_modern(self) -> ModernIn:
        return ModernIn(
            id=self.uuid,
            given_name=self.first_name,
            family_name=self.last_name,
            sex=TO_MODERN[self.gender],
            born_on=self.birth_date,
            postal_code=self.zip_code,
            external_id=self.reference,
            phone_number=self.phone,
            created_on=self.created_at,
            vaccinations=self.vaccinations,
        )


class Legacy(LegacyIn):
    caption: str

    @classmethod
    def from_modern(cls, modern: Modern) -> "Legacy":
        return cls(
            uuid=modern.id,
            first_name=modern.given_name,
            last_name=modern.family_name,
            birth_date=modern.born_on,
            zip_code=modern.postal_code,
            reference=modern.external_id,
            phone=modern.phone_number,
            created_at=modern.created_on,
            gender=TO_LEGACY[modern.sex],
            caption=f"{WORD[modern.sex]}, {modern.born_on}",
            vaccinations=modern.vaccinations,
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
async def create(record: LegacyIn, request: Request) -> Legacy:
    sent = record.to_modern().model_dump(mode="json")
    return Legacy.from_modern(Modern(**await call(request, "POST", "/health_records", sent)))


@app.get("/api/v1/records.json")
async def read_all(request: Request) -> list[Legacy]:
    records = await call(request, "GET", "/health_records")
    return [Legacy.from_modern(Modern(**record)) for record in records]


@app.get("/api/v1/records/{uuid}.json")
async def read(uuid: UUID, request: Request) -> Legacy:
    return Legacy.from_modern(Modern(**await call(request, "GET", f"/health_records/{uuid}")))

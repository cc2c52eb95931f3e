"""Records carried over by dict code, as a proxy's addon does it."""

import json
from datetime import date
from pathlib import Path

from french import age_at, caption, local_time

GENDER = {"male": "m", "female": "f"}
GENDER_SHOWN = {"m": "male", "f": "female"}
ROUTES = {
    "intramuscular": "IM",
    "subcutaneous": "SQ",
    "intradermal": "IDINJ",
    "intranasal": "NASINHL",
    "oral": "PO",
}
SITES = {"left_deltoid": "LD", "right_deltoid": "RD", "left_thigh": "LT", "right_thigh": "RT"}
METHODS = {"execution": "execution", "proof": "proof"}
REQUIRED = ("first_name", "last_name", "birth_date", "gender")
NO_VACCINE = {
    "id": None,
    "name": None,
    "cip_codes": [],
    "ucd_code": "",
    "diseases": [],
    "valences": [],
}


class Records:
    """The translation, with the tables that it needs."""

    def __init__(self, tables):
        tables = json.loads(Path(tables).read_text())
        self.vaccines = tables["vaccines"]
        self.vaccinations = tables["vaccinations"]
        self.professionals = tables["professionals"]

    def upgrade(self, legacy):
        """A legacy record as the new API takes it; raises ValueError where a field is missing."""
        if not all(legacy.get(name) for name in REQUIRED) or legacy["gender"] not in GENDER:
            raise ValueError
        in_use, at_birth = legacy["last_name"], legacy.get("birth_name")
        crossed = bool(at_birth) and at_birth != in_use
        modern = {
            "first_name": legacy["first_name"],
            "last_name": at_birth if crossed else in_use,
            "customary_name": in_use if crossed else None,
            "birth_date": legacy["birth_date"],
            "gender": GENDER[legacy["gender"]],
        }
        if "zip_code" in legacy:
            modern["zip_code"] = legacy["zip_code"]
        return modern

    def downgrade(self, modern):
        """A record of the new API as the old one showed it."""
        created, updated = local_time(modern["created_at"]), local_time(modern["updated_at"])
        born, name, in_use = modern["birth_date"], modern["last_name"], modern["customary_name"]
        crossed = bool(in_use) and in_use != name
        requests = modern["sharing_requests"] or []
        shared = any(request["status"] == "ACCEPTED" for request in requests)
        return {
            "created_at": created,
            "updated_at": updated,
            "uuid": modern["id"],
            "birth_date": born,
            "gender": GENDER_SHOWN.get(modern["gender"]),
            "email": None,
            "home_phone": None,
            "mobile_phone": None,
            "last_name": in_use if crossed else name,
            "first_name": modern["first_name"],
            "birth_name": name if crossed else "",
            "caption": caption(modern["gender"], date.fromisoformat(born)),
            "place_of_birth": None,
            "department_of_birth": None,
            "zip_code": modern["zip_code"],
            "ins_c": None,
            "sharing_status": "shared_record" if shared else "private_record",
            "vaccinations": [
                self.vaccination(act, born, created, updated)
                for act in modern["vaccination_acts"] or []
            ],
            "health_profile": {"condition_ids": []},
        }

    def vaccination(self, act, born, created, updated):
        """An act as a legacy vaccination."""
        return {
            "id": self.vaccinations.get(act["id"]),
            "created_at": created,
            "updated_at": updated,
            "vaccine": self.vaccines.get(act["vaccine_id"], NO_VACCINE),
            "date": act["performed_on"],
            "age": age_at(born, act["performed_on"]),
            "batch": act["batch_number"] or "",
            "injection_route": ROUTES.get(act["injection_method"]),
            "injection_site": SITES.get(act["injection_location"]),
            "creator": None,
            "validation": self.validation(act),
            "booster": bool(act["booster"]),
            "comments": None,
        }

    def validation(self, act):
        """How a professional validated it, if one did."""
        if act["certified_on"] is None:
            return None
        who = act["certificator_id"]
        return {
            "validator": who
            and {
                "id": self.professionals.get(who),
                "name": None,
                "first_name": None,
                "last_name": None,
            },
            "date": act["certified_on"],
            "method": METHODS.get(act["certification_method"]),
        }

"""Small documents carried over by dict code, as a proxy's addon does it."""

RENAMED = {
    "uuid": "id",
    "first_name": "given_name",
    "last_name": "family_name",
    "birth_date": "born_on",
    "zip_code": "postal_code",
    "reference": "external_id",
    "phone": "phone_number",
    "created_at": "created_on",
}
SEX = {"male": "m", "female": "f"}
GENDER = {"m": "male", "f": "female"}
WORD = {"m": "Homme", "f": "Femme"}


class Records:
    """The translation; it needs no tables."""

    def __init__(self, tables):
        pass

    def upgrade(self, legacy):
        """A legacy document as the new API takes it; raises ValueError for an unknown gender."""
        if legacy["gender"] not in SEX:
            raise ValueError
        modern = {name: legacy[old] for old, name in RENAMED.items()}
        modern["sex"] = SEX[legacy["gender"]]
        modern["vaccinations"] = legacy["vaccinations"]
        return modern

    def downgrade(self, modern):
        """A document of the new API as the old one showed it."""
        legacy = {old: modern[name] for old, name in RENAMED.items()}
        legacy["gender"] = GENDER[modern["sex"]]
        legacy["caption"] = f"{WORD[modern['sex']]}, {modern['born_on']}"
        legacy["vaccinations"] = modern["vaccinations"]
        return legacy

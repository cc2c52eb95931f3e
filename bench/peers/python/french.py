"""What both Python peers say in French and in local time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def local_time(utc):
    """ "2022-11-03T13:41:17.071Z" as "2022-11-03T14:41:17+01:00"."""
    if utc is None:
        return None
    instant = datetime.fromisoformat(utc) if isinstance(utc, str) else utc
    return instant.replace(microsecond=0).astimezone(PARIS).isoformat()


def age(born, day):
    """An age in French: months below two years, else years."""
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    if months < 0:
        return None
    return f"{months} mois" if months < 24 else f"{months // 12} ans"


def caption(gender, born):
    """The sentence of sex and age: "Homme de 23 ans"."""
    said = age(born, datetime.now(PARIS).date())
    word = {"m": "Homme", "f": "Femme"}.get(gender, "Personne")
    return None if said is None else f"{word} de {said}"


def age_at(born, day):
    """The age on the day of an injection, both days as texts."""
    return age(date.fromisoformat(born), date.fromisoformat(day)) if born and day else None

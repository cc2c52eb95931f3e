"""Ages and the sentence made of them, as the legacy API says them in French."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mappings.core.context import Document, Json, Scope


def months_between(born: date, day: date) -> int:
    """Whole months from one day to another; 29 February turns on 1 March."""
    return (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)


def age(born: date, day: date, months_below: int) -> str | None:
    """An age in French: months below so many months, else years; none before birth."""
    months = months_between(born, day)
    if months < 0:
        return None
    if months < months_below:
        return f"{months} mois"
    years = months // 12
    return f"{years} an" if years == 1 else f"{years} ans"


@dataclass(frozen=True)
class Caption:
    """Says who a record is about: "Homme de 23 ans", "Femme de 5 mois"."""

    words: Mapping[str, str]
    """By modern gender."""
    otherwise: str
    months_below: int

    def __call__(self, read: Document, scope: Scope) -> Json:
        if read["birth_date"] is None:
            return None
        aged = age(date.fromisoformat(read["birth_date"]), scope.context.today, self.months_below)
        return (
            None if aged is None else f"{self.words.get(read['gender'], self.otherwise)} de {aged}"
        )


@dataclass(frozen=True)
class AgeAtInjection:
    """Says how old the person was on the day of an injection: "5 mois"."""

    months_below: int

    def __call__(self, read: Document, scope: Scope) -> Json:
        born = (scope.context.parent or {}).get("birth_date")
        if born is None or read["performed_on"] is None:
            return None
        injected = date.fromisoformat(read["performed_on"])
        return age(date.fromisoformat(born), injected, self.months_below)

"""Ages and the sentence made of them, as the legacy API says them in French."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from mappings.core.compiled.inline import Inline
from mappings.core.context import Document, Json, Scope
from mappings.core.days import number_of

MOST_MONTHS = 12 * 130
"""Of the ages below this, and of no others, the texts are remembered."""


def months_between(born: date, day: date) -> int:
    """Whole months from one day to another; 29 February turns on 1 March."""
    return (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)


def age(born: date, day: date, months_below: int) -> str | None:
    """An age in French: months below so many months, else years; none before birth."""
    return age_of(months_between(born, day), months_below)


def age_of(months: int, months_below: int) -> str | None:
    """The same for a number of months."""
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

    def inline(self, record: Inline) -> str:
        born = record.day("birth_date")
        today = record.once(f"{record.name(number_of)}(context.today)")
        said = record.name(ages(self.months_below))
        aged = record.let(f"None if {born} is None else {said}[{today} - {born} >> 5]")
        words = record.codes({gender: f"{word} de " for gender, word in self.words.items()})
        return f"None if {aged} is None else {words}[{record.of('gender')}] + {aged}"


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

    def inline(self, record: Inline) -> str:
        injected = record.day("performed_on")
        if record.around is None:
            return "None"
        born, said = record.around.day("birth_date"), record.name(ages(self.months_below))
        nothing = f"{born} is None or {injected} is None"
        return f"None if {nothing} else {said}[{injected} - {born} >> 5]"


class Ages(dict[int, str | None]):
    """What an age of so many months is in French; none before birth."""

    def __init__(self, months_below: int) -> None:
        super().__init__()
        self._months_below = months_below

    def __missing__(self, months: int) -> str | None:
        said = age_of(months, self._months_below)
        if 0 <= months < MOST_MONTHS:
            self[months] = said
        return said


@cache
def ages(months_below: int) -> Ages:
    """The ages that are remembered, for the months below which they are said in months."""
    return Ages(months_below)

"""A figure: what is demanded, what was measured, and the counts behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

BESIDE = 5


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that is demanded, and what was measured."""

    what: str
    demanded: str
    measured: str
    held: bool


@dataclass(slots=True)
class Figure:
    """One figure: it holds when each of its demands does."""

    number: int
    name: str
    quick: bool = False
    demands: list[Demand] = field(default_factory=list)
    counts: dict[str, int | float | str] = field(default_factory=dict)
    """Cases, faults, seeds: so that a smaller run cannot pass for a whole one."""

    def demand(self, what: str, demanded: str, measured: object, held: bool) -> None:
        """Note what is demanded beside what was measured."""
        self.demands.append(Demand(what, demanded, str(measured), held))

    def at_most(self, limit: float) -> float:
        """A limit of time: a quick figure is taken beside other tests, and tells no speed."""
        return BESIDE * limit if self.quick else limit

    def none(self, what: str, found: int) -> None:
        """Demand that something never happened."""
        self.demand(what, "0", found, found == 0)

    @property
    def held(self) -> bool:
        """Whether every demand holds. A figure that demands nothing does not hold."""
        return bool(self.demands) and all(demand.held for demand in self.demands)

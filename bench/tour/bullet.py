"""One thing that is promised, the command that shows it, and what was seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.tour.stage import NotHereError, ShortError, Stage

Verdict = Literal["held", "SHORT", "not here"]


@dataclass(frozen=True, slots=True)
class Bullet:
    """One thing that is promised."""

    name: str
    command: str
    """What a person would type; `look` does the same and judges what comes."""
    look: Callable[[Stage], str]
    """Says what was seen, or raises; its docstring is the promise."""

    @property
    def promise(self) -> str:
        """What is promised, in a sentence."""
        return (self.look.__doc__ or "").strip()

    def seen(self, stage: Stage) -> Seen:
        """Look, and judge: only what was seen to hold has held."""
        began = time.monotonic()
        verdict: Verdict = "held"
        try:
            told = self.look(stage)
        except NotHereError as error:
            verdict, told = "not here", str(error)
        except ShortError as error:
            verdict, told = "SHORT", str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, this did not hold
            verdict, told = "SHORT", f"{type(error).__name__}: {error}"[:500]
        return Seen(self, verdict, told, round(time.monotonic() - began, 1))


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of it."""

    bullet: Bullet
    verdict: Verdict
    told: str
    seconds: float

    def row(self) -> dict[str, str | float]:
        """It for machines."""
        return {
            "name": self.bullet.name,
            "promise": self.bullet.promise,
            "command": self.bullet.command,
            "seen": self.told,
            "verdict": self.verdict,
            "seconds": self.seconds,
        }

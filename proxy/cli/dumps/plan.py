"""What is asked of a conversion, as every process that works on it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from proxy.cli.dumps.form import Form


class Direction(StrEnum):
    """Which way a document is carried."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of every record of a dump; whoever works on one is told it."""

    direction: Direction
    resource: str
    today: date
    read: Form
    write: Form
    zipped: bool = False
    header: tuple[str, ...] = ()
    """The first record of CSV."""
    delimiter: str = ","
    written_delimiter: str = ","
    encoding: str = "utf-8"
    empty: Literal["absent", "null"] = "absent"
    crosswalk: bool = False
    rejected_text: bool = False
    """Whether rejects keep what was rejected."""

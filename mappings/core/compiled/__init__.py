"""
A mapping as straight-line functions, made of its rules at import: they accept, the rules explain.

Each gives what the rules give, one after the other (`ByRules`), or declines: where there is a
problem, and where a rule or a codec of records is of a kind that has no form here. A codec needs
none: it is called as it is. Then the rules do it over, and tell what is to be told.

* fits: types looked at in line
* downgrade: a dictionary of the legacy fields
* upgrade: for a new record, and over a stored one
* canonical: what a legacy document says

Beside them, `FromBytes` shows records from the bytes of the new API, and `Written` makes new ones
of a client's bytes, without documents between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mappings.core.compiled.canonical import Canonical, compiled_canonical
from mappings.core.compiled.downgrade import Downgrade, compiled_downgrade, nowhere, placed
from mappings.core.compiled.fits import compiled_fits
from mappings.core.compiled.records import Upgrade
from mappings.core.compiled.upgrade import compiled_upgrade
from mappings.core.context import Json

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping


@dataclass(frozen=True, slots=True)
class Compiled:
    """The functions of one mapping; none where a rule has no compiled form."""

    fits: Callable[[Json], bool]
    downgrade: Downgrade | None
    """For a record of which there is nothing to tell; what it notes has no place."""
    downgrade_placed: Downgrade | None
    upgrade: Upgrade | None
    canonical: Canonical | None


def compiled(mapping: RecordMapping) -> Compiled:
    """The functions of a mapping, from its rules."""
    return Compiled(
        fits=compiled_fits(mapping),
        downgrade=compiled_downgrade(mapping, nowhere),
        downgrade_placed=compiled_downgrade(mapping, placed),
        upgrade=compiled_upgrade(mapping),
        canonical=compiled_canonical(mapping),
    )


NOTHING = Compiled(
    fits=lambda document: False, downgrade=None, downgrade_placed=None, upgrade=None, canonical=None
)
"""Of a mapping whose rules alone shall speak."""

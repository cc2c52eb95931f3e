"""MesVaccins.net: the vaccination records of 2014, and the health-record API that replaced them."""

from __future__ import annotations

from mappings.core.pack import Pack
from mappings.mesvaccins.conditions import TABLE
from mappings.mesvaccins.endpoints import endpoints
from mappings.mesvaccins.errors import LegacyErrors
from mappings.mesvaccins.health_record import health_record
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.samples import SAMPLE
from mappings.mesvaccins.sources import SOURCES

__all__ = ["PACK", "Options", "build"]


def build(options: Options) -> Pack:
    """The pack for these options; raises `ContradictionError` where a mapping does not hold."""
    record = health_record(options)
    return Pack(
        name="mesvaccins",
        title="MesVaccins.net: legacy records and modern health records",
        options=options,
        mappings={"health_record": record},
        endpoints=endpoints(options, record),
        sample=SAMPLE,
        errors=LegacyErrors(options.errors.language, options.errors.style),
        zone=options.zone,
        sources=SOURCES,
        prefixes=options.legacy.prefixes,
        suffix=options.legacy.suffix,
        tables=(TABLE,),
        charset=options.legacy.charset,
        ascii_escapes=options.legacy.ascii_escapes,
    )


PACK = build(Options())

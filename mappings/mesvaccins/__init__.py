"""MesVaccins.net: the vaccination records of 2014, and the health-record API that replaced them."""

from __future__ import annotations

from mappings.core.pack import Pack
from mappings.mesvaccins import conditions, vaccines
from mappings.mesvaccins.endpoints import endpoints
from mappings.mesvaccins.errors import LegacyErrors
from mappings.mesvaccins.health_record import health_record
from mappings.mesvaccins.oauth import oauth_form
from mappings.mesvaccins.options import Options
from mappings.mesvaccins.samples import SAMPLE
from mappings.mesvaccins.sharing import sharing_request
from mappings.mesvaccins.sources import SOURCES
from mappings.mesvaccins.vaccination import vaccination

__all__ = ["PACK", "Options", "build"]


def build(options: Options) -> Pack:
    """The pack for these options; raises `ContradictionError` where a mapping does not hold."""
    act, request = vaccination(options), sharing_request(options)
    record = health_record(options, act)
    return Pack(
        name="mesvaccins",
        title="MesVaccins.net: legacy records and modern health records",
        options=options,
        mappings={"health_record": record, "vaccination": act, "sharing_request": request},
        endpoints=endpoints(options, record, act, request),
        sample=SAMPLE,
        errors=LegacyErrors(options.errors.language, options.errors.style),
        uuid_kinds=frozenset({record.kind}),
        zone=options.zone,
        sources=SOURCES,
        prefixes=options.legacy.prefixes,
        suffix=options.legacy.suffix,
        tables=(conditions.TABLE, vaccines.TABLE),
        oauth=oauth_form(options.oauth, options.errors.language),
        charset=options.legacy.charset,
        ascii_escapes=options.legacy.ascii_escapes,
    )


PACK = build(Options())

"""A pack whose sample is wrong: the change that shall be refused is a good one."""

from dataclasses import replace

from mappings import mesvaccins
from mappings.core.pack import Pack
from mappings.mesvaccins import Options

__all__ = ["Options", "build"]


def build(options: Options) -> Pack:
    """The pack for these options."""
    pack = mesvaccins.build(options)
    return replace(pack, sample=replace(pack.sample, refused={"zip_code": "29000"}))

"""A pack whose sample is wrong: the gateway itself refuses the record that shall be made."""

from dataclasses import replace

from mappings import mesvaccins
from mappings.core.pack import Pack
from mappings.mesvaccins import Options

__all__ = ["Options", "build"]


def build(options: Options) -> Pack:
    """The pack for these options."""
    pack = mesvaccins.build(options)
    return replace(pack, sample=replace(pack.sample, created={"gender": "female"}))

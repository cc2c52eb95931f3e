"""How a pack declares its options: a default, a sentence, and why the default is what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mappings.core.evidence import Evidence
from mappings.core.model import evidence_of


class Section(BaseModel):
    """A table of the options file; a name that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def option(default: Any, sentence: str, source: Evidence) -> Any:
    """One option: its default, what it decides, and where the default is known from."""
    return Field(default, description=sentence, json_schema_extra=source.as_json())


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a pack, as the docs list it."""

    name: str
    default: Any
    sentence: str
    source: Evidence


def listed(section: BaseModel, above: str = "") -> Iterator[Option]:
    """Every option of a pack, by its dotted name, with the value that it has in `section`."""
    for name, info in type(section).model_fields.items():
        value, dotted = getattr(section, name), f"{above}{name}"
        if isinstance(value, Section):
            yield from listed(value, f"{dotted}.")
        else:
            yield Option(dotted, value, info.description or "", evidence_of(info))

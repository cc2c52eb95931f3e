"""What every setting is, in words, from the model that reads it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from proxy.settings.kinds import Takes
from proxy.settings.remembered import PREFIX
from proxy.settings.secrets import is_secret

NOTHING = "not set"
BOUNDS = {
    Gt: ("gt", "more than"),
    Ge: ("ge", "at least"),
    Lt: ("lt", "less than"),
    Le: ("le", "at most"),
}
PLAIN: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "`true` or `false`",
    Path: "a path",
}


@dataclass(frozen=True, slots=True)
class Described:
    """One setting, without any value of it."""

    field: str
    """Its name in the model."""
    variable: str
    takes: str
    default: str
    """The text that has the same effect, or words where there is none."""
    template: str
    """The same default as a value; empty where it has none."""
    sentence: str
    secret: bool
    required: bool

    def concerns(self, word: str) -> bool:
        """Whether somebody who looks for this word may mean it."""
        return word.lower() in f"{self.variable} {self.sentence}".lower()


@dataclass(frozen=True, slots=True)
class Role:
    """The settings that say one thing about the gateway."""

    title: str
    settings: tuple[Described, ...]


def roles(model: type[BaseSettings]) -> list[Role]:
    """Every setting of a model by its role, which is the class that has it; what must be first."""
    told: set[str] = set()
    found = []
    for owner in reversed(model.__mro__):
        if owner is BaseSettings or not issubclass(owner, BaseSettings):
            continue
        own = {name: info for name, info in owner.model_fields.items() if name not in told}
        told |= own.keys()
        if own:
            title = (inspect.getdoc(owner) or "").partition("\n")[0].partition(";")[0].rstrip(".")
            found.append(Role(title, tuple(described(*field) for field in own.items())))
    return sorted(found, key=lambda role: not any(it.required for it in role.settings))


def described(name: str, info: FieldInfo) -> Described:
    """One field of a model of settings."""
    variable = f"{PREFIX}{name.upper()}"
    secret = is_secret(info)
    takes = f"a secret, or its file in `{variable}_FILE`" if secret else _takes(info)
    return Described(
        field=name,
        variable=variable,
        takes=takes,
        default=_default(info),
        template=_written(info.default),
        sentence=info.description or "",
        secret=secret,
        required=info.is_required(),
    )


def _takes(info: FieldInfo) -> str:
    for kind in _parts(info):
        if isinstance(kind, Takes):
            return kind.words
    kind = _without_none(info.annotation)
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    return ", ".join([PLAIN.get(kind, "JSON"), *_bounds(info)])


def _without_none(annotation: Any) -> Any:
    members = [it for it in get_args(annotation) if it is not type(None)]
    optional = len(members) == 1 and type(None) in get_args(annotation)
    return members[0] if optional else annotation


def _parts(info: FieldInfo) -> Iterator[object]:
    """What is said beside a type, where an optional one has it too."""
    yield from info.metadata
    for member in get_args(info.annotation):
        yield from getattr(member, "__metadata__", ())


def _bounds(info: FieldInfo) -> list[str]:
    return [
        f"{words} {getattr(bound, name):g}"
        for bound in info.metadata
        for kind, (name, words) in BOUNDS.items()
        if isinstance(bound, kind)
    ]


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "none: it must be set"
    if info.default_factory is not None:
        # What a machine has for it is told in words: they are the same everywhere.
        return inspect.getdoc(info.default_factory) or "made at start"
    written = _written(info.default)
    return f"`{written}`" if written else NOTHING


def _written(value: object) -> str:
    """A default as it would be set; empty where there is none that could be."""
    if value in (None, PydanticUndefined, (), {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return str(value)

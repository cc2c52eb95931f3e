"""Secrets that come in files, as containers are given them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from proxy.errors import ConfigurationError
from proxy.settings.remembered import PREFIX

FOLDER = Path("/run/secrets")
"""Where Docker and its like put the secrets of a container."""

ITSELF = re.compile(r"^[\w.-]{1,64}:[A-Za-z0-9+/]{43}=|:/+[^/]*@")
"""A key or a URL with a password, as the settings take them."""

LIKE = 0.7
"""How like a secret's name a misspelt one is: `KYES` is, `TLS_KEY` is not."""

FOLDER_SETTING = f"{PREFIX}SECRETS_DIR"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret stands; all that may be told of it."""

    name: str
    file: Path | None
    """None where it is the variable itself."""


def is_secret(info: FieldInfo) -> bool:
    """Whether a setting's value must not be shown."""
    return SecretStr in (info.annotation, *get_args(info.annotation))


def secrets_in_files(
    read: type[BaseSettings],
    known: type[BaseSettings],
    given: Collection[str],
    folder: Path = FOLDER,
) -> tuple[dict[str, Any], list[str]]:
    """
    The secrets in files of the settings that are `read`, and a line for each thing that is wrong.

    Those of all that are `known` may be there. What is `given` stands whatever files say; `folder`
    is the one where no other is set.
    """
    names = _secrets(read)
    found: dict[str, Any] = {}
    if not names:
        return found, []
    try:
        files = secret_files(folder)
    except ConfigurationError as error:
        return found, [str(error)]
    wrong = _strange(files, _secrets(known))
    for name in names:
        if name in given:
            continue
        places = places_of(name, files)
        if len(places) > 1:
            told = ", ".join(place.name for place in places)
            wrong.append(f"{told}: the same secret; set one of them")
        elif places and places[0].file is not None:
            try:
                file = places[0].file
                found |= {name: _read(places[0].name, file), f"{name}_file": file}
            except ConfigurationError as error:
                wrong.append(str(error))
    return found, wrong


def secret_of(settings: BaseSettings, name: str) -> tuple[str, str] | None:
    """A secret, and what a message calls the place that it came from; `ConfigurationError`."""
    value: SecretStr | None = getattr(settings, name)
    file: Path | None = getattr(settings, f"{name}_file")
    variable = f"{PREFIX}{name.upper()}"
    if file is None:
        return None if value is None else (value.get_secret_value(), variable)
    text = _read(f"{variable}_FILE", file) if value is None else value.get_secret_value()
    return text, f"{variable}_FILE: {told_path(file)}"


def secret_files(folder: Path = FOLDER) -> dict[str, Path]:
    """
    The files of the folder of secrets, by the name of the setting that they are for.

    Raises `ConfigurationError` where a folder is set that cannot be read.
    """
    named = environment().get(FOLDER_SETTING)
    try:
        paths = sorted(Path(named or folder).iterdir())
    except OSError as error:
        if named is None and isinstance(error, FileNotFoundError | NotADirectoryError):
            return {}
        raise ConfigurationError(
            f"{FOLDER_SETTING}: {named or folder} cannot be read: {error.strerror}"
        ) from error
    found: dict[str, Path] = {}
    for path in paths:
        name = path.name.upper()
        if name.startswith(PREFIX) and found.setdefault(name, path) is not path:
            raise ConfigurationError(f"{found[name]}, {path}: the same secret; keep one of them")
    return found


def places_of(name: str, files: Mapping[str, Path]) -> list[Place]:
    """Every place that has this secret: the variable, the file that another names, the folder."""
    variable, here = f"{PREFIX}{name.upper()}", environment()
    places = [Place(variable, None)] if variable in here else []
    if twin := here.get(f"{variable}_FILE"):
        places.append(Place(f"{variable}_FILE", Path(twin)))
    if variable in files:
        places.append(Place(str(files[variable]), files[variable]))
    return places


def environment() -> dict[str, str]:
    """The variables that are set and not empty, in whatever case they are written."""
    return {name.upper(): value for name, value in os.environ.items() if value}


def _secrets(model: type[BaseSettings]) -> list[str]:
    return [name for name, info in model.model_fields.items() if is_secret(info)]


def _strange(files: Mapping[str, Path], names: Collection[str]) -> list[str]:
    """Those whose name is nearly that of a secret; others are for whoever names their path."""
    bare = [name.upper() for name in names]
    return [
        f"{path}: no such secret; there are {', '.join(PREFIX + name for name in bare)}"
        for name, path in files.items()
        if name.removeprefix(PREFIX) not in bare
        and get_close_matches(name.removeprefix(PREFIX), bare, 1, LIKE)
    ]


def told_path(path: str | Path) -> str:
    """The path of a secret's file, unless somebody has put the secret itself in its place."""
    return "(no path: a secret)" if ITSELF.search(str(path)) else str(path)


def _read(name: str, path: Path) -> str:
    told = name if name == str(path) else f"{name}: {told_path(path)}"
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{told} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without a cause: its text could show a part of the secret.
        raise ConfigurationError(f"{told} is no text") from None
    if not text:
        raise ConfigurationError(f"{told} is empty; put the secret into it")
    return text

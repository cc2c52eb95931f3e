"""The pack that the settings name, built with the operator's options and tables."""

from __future__ import annotations

import csv
import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from mappings.core.errors import MappingError
from mappings.core.pack import Pack, Row, Table
from proxy import strict_json
from proxy.errors import ConfigurationError

MAX_DEPTH = 16
SENTENCES = {"extra_forbidden": "no such option; docs/mapping.md lists them"}
ENDINGS = frozenset({".csv", ".json"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pack, and the tables that it reads, by name."""

    pack: Pack
    tables: Mapping[str, Any]


def load(name: str, options: Path | None = None, tables: Path | None = None) -> Loaded:
    """
    The pack in the package `name`, with the options of a TOML file and the tables of a folder.

    Raises `ConfigurationError`, which says what is wrong where.
    """
    module = _module(name)
    given = module.Options() if options is None else _options(module.Options, options)
    try:
        pack: Pack = module.build(given)
    except MappingError as error:
        raise ConfigurationError(f"pack {name}: {error}") from error
    read = {} if tables is None else _tables(pack, tables)
    return Loaded(pack, read)


def _module(name: str) -> ModuleType:
    try:
        module = importlib.import_module(name)
    except (ImportError, TypeError, ValueError) as error:
        raise ConfigurationError(f"PASSERELLE_PACK: {name} cannot be imported: {error}") from error
    except MappingError as error:
        raise ConfigurationError(f"pack {name}: {error}") from error
    if not (hasattr(module, "Options") and hasattr(module, "build")):
        raise ConfigurationError(f"PASSERELLE_PACK: {name} has no Options and build: no pack")
    return module


def _options(model: type[BaseModel], path: Path) -> BaseModel:
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"PASSERELLE_PACK_OPTIONS: {path}: {error.strerror}") from error
    except ValidationError as error:
        wrong = [
            f"PASSERELLE_PACK_OPTIONS: {path}: {'.'.join(map(str, found['loc']))}: "
            f"{SENTENCES.get(found['type'], found['msg'].removeprefix('Value error, '))}"
            for found in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("\n".join(wrong)) from error
    except ValueError as error:
        raise ConfigurationError(f"PASSERELLE_PACK_OPTIONS: {path}: {error}") from error


def _tables(pack: Pack, folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ConfigurationError(f"PASSERELLE_TABLES: {folder} is no folder")
    known = {table.name for table in pack.tables}
    strange = sorted(
        path.name for path in folder.iterdir() if path.suffix in ENDINGS and path.stem not in known
    )
    if strange:
        raise ConfigurationError(
            f"PASSERELLE_TABLES: {', '.join(strange)}: the pack reads no such table, only "
            f"{', '.join(sorted(known)) or 'none'}"
        )
    tables = {}
    for table in pack.tables:
        rows = _rows(table, folder)
        if rows is not None:
            try:
                tables[table.name] = table.build(rows)
            except MappingError as error:
                raise ConfigurationError(f"PASSERELLE_TABLES: {error}") from error
    return tables


def _rows(table: Table, folder: Path) -> list[Row] | None:
    """The rows of a table's file, CSV with a header line or a JSON array; none without a file."""
    comma, brackets = folder / f"{table.name}.csv", folder / f"{table.name}.json"
    try:
        if comma.exists():
            with comma.open(encoding="utf-8-sig", newline="") as lines:
                return list(csv.DictReader(lines))
        if brackets.exists():
            rows = strict_json.parse(brackets.read_bytes(), MAX_DEPTH)
            if not isinstance(rows, list):
                raise ConfigurationError(f"PASSERELLE_TABLES: {brackets}: expected an array")
            return rows
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigurationError(f"PASSERELLE_TABLES: {table.name}: {error}") from error
    return None

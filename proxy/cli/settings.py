"""`passerelle settings`: what may be set, what is set here, and where that comes from."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from proxy.cli.console import ExitCode, complain, out
from proxy.settings import Settings
from proxy.settings.described import Described, Role, roles
from proxy.settings.page import template
from proxy.settings.secrets import environment, places_of, secret_files, told_path

CREDENTIALS = re.compile(r"//\S*@")
"""What a URL must not hold; where one does, that is not shown."""


@dataclass(frozen=True, slots=True)
class Here:
    """What a setting is in this environment."""

    source: str
    """Where that comes from: environment, file or default."""
    value: str | None
    """What is set; of a secret the file alone."""


def settings(
    word: Annotated[
        str, typer.Argument(help="Only those whose name or sentence has this word.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for machines.")] = False,
    as_env: Annotated[
        bool, typer.Option("--env", help="As a file to fill in; shows nothing of what is set.")
    ] = False,
) -> None:
    """
    List every setting: its meaning, what it takes, what it is here and where that comes from.

    Never shows a secret.
    """
    if as_json and as_env:
        raise typer.BadParameter("--json or --env, not both")
    found = list(_concerned(roles(Settings), word))
    if not found:
        complain(f"no setting's name or sentence has {word}")
        raise typer.Exit(ExitCode.FAILED)
    if as_env:
        sys.stdout.write(template(found))
    elif as_json:
        sys.stdout.write(json.dumps(list(_told(found)), ensure_ascii=False, indent=2) + "\n")
    else:
        _show(found)


def _concerned(of_model: Iterable[Role], word: str) -> Iterable[Role]:
    for role in of_model:
        kept = tuple(it for it in role.settings if it.concerns(word))
        if kept:
            yield replace(role, settings=kept)


def _here(setting: Described, set_here: Mapping[str, str], files: Mapping[str, Path]) -> Here:
    if setting.secret:
        places = places_of(setting.field, files)
        sources = ["environment" if place.file is None else "file" for place in places]
        value = ", ".join(told_path(place.file) for place in places if place.file is not None)
        return Here(" and ".join(sources) or "default", value or None)
    value = set_here.get(setting.variable, "")
    if setting.field.endswith("_file"):
        value = told_path(value)
    return Here("environment", CREDENTIALS.sub("//...@", value)) if value else Here("default", None)


def _told(found: Iterable[Role]) -> Iterable[dict[str, object]]:
    set_here, files = environment(), secret_files()
    for role in found:
        for it in role.settings:
            here = _here(it, set_here, files)
            yield {
                "name": it.variable,
                "role": role.title,
                "sentence": it.sentence,
                "takes": it.takes.replace("`", ""),
                "default": it.default.replace("`", ""),
                "required": it.required,
                "secret": it.secret,
                "from": here.source,
                "value": here.value,
            }


def _show(found: Iterable[Role]) -> None:
    set_here, files = environment(), secret_files()
    for role in found:
        table = Table(box=None, show_header=False, padding=(0, 2, 1, 0), title_justify="left")
        table.title = Text(role.title, "bold")
        table.add_column(no_wrap=True)
        table.add_column()
        for it in role.settings:
            here = _here(it, set_here, files)
            name = Text.assemble(
                (it.variable, "" if here.source == "default" else "bold green"),
                "\n",
                (
                    it.takes.replace("`", "").replace(", or its file in ", ",\nor its file in\n"),
                    "dim",
                ),
            )
            table.add_row(name, Text.assemble(*_state(it, here), "\n", it.sentence))
        out().print(table)


def _state(setting: Described, here: Here) -> list[str | tuple[str, str]]:
    default = setting.default.replace("`", "")
    if here.source == "default":
        return [(default, "red" if setting.required else "dim")]
    otherwise = "" if setting.required else f"; default: {default}"
    return [(here.value or "set, not shown", "bold"), (f" (from {here.source}{otherwise})", "dim")]

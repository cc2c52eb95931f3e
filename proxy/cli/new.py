"""`passerelle new`: the beginnings of a pack, from a record as each API writes it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer

from mappings.core.model import is_calendar_date, is_timestamp, is_uuid
from proxy import strict_json
from proxy.cli import scaffold
from proxy.cli.console import out
from proxy.errors import ConfigurationError

MAX_DEPTH = 16
Document = Mapping[str, Any]


def new(
    name: Annotated[str, typer.Argument(help="Of one record: it names the package, too.")],
    old: Annotated[Path, typer.Argument(help="A record as the old API writes it, in JSON.")],
    new: Annotated[Path, typer.Argument(help="The same record as the new API writes it.")],
    folder: Annotated[Path, typer.Option(help="Where the package is made.")] = Path(),
) -> None:
    """
    Begin a pack: both models, the rules that go without saying, and a question for each other
    field. `passerelle check --offline` refuses the pack until every field is decided.

    What stands in the two records is not written down.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name, re.ASCII) or keyword.iskeyword(name):
        raise typer.BadParameter("expected a name of small letters, digits and _")
    legacy, modern = _sample(old), _sample(new)
    pack = Beginnings(name, legacy, modern)
    target = folder / name
    try:
        target.mkdir(parents=True)
        for file, text in pack.files().items():
            (target / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{target}: {error.strerror}") from error
    out().print(
        f"{target}: decided {len(pack.rules)}, left to decide {len(pack.questions)}: see "
        f"{target / 'open-questions.md'}, and\n"
        f"  PYTHONPATH={folder} PASSERELLE_PACK={name} passerelle check --offline",
        soft_wrap=True,
    )


def _sample(path: Path) -> Document:
    try:
        document = strict_json.parse(path.read_bytes(), MAX_DEPTH)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except strict_json.NotStrictJsonError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path}: expected one JSON object")
    strange = sorted({name for name in _names(document) if not _can_be_declared(name)})
    if strange:
        raise ConfigurationError(f"{path}: no Python name, rename it: {', '.join(strange)}")
    return document


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from _names(member)
    elif isinstance(value, list) and value:
        yield from _names(value[0])


def _can_be_declared(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


@dataclass(frozen=True)
class Beginnings:
    """What can be said of a pair of records that nobody has looked at yet."""

    name: str
    legacy: Document
    modern: Document

    @property
    def title(self) -> str:
        """What the two models are called."""
        return _class_name(self.name)

    @property
    def rules(self) -> dict[str, str]:
        """By field, the line that decides it: the id, and what looks the same on both sides."""
        rules = {}
        for name in self.legacy.keys() & self.modern.keys():
            ours, theirs = _type(self.legacy[name], ""), _type(self.modern[name], "")
            if name == "id":
                kind = "" if ours == theirs else f', kind="{self.name}"'
                rules[name] = f'identifier("id", to="id"{kind}, source=LOOKS_THE_SAME)'
            elif ours == theirs and ours in CARRIED:
                rules[name] = f'same("{name}", source=LOOKS_THE_SAME)'
        return {name: rules[name] for name in self.legacy if name in rules}

    @property
    def questions(self) -> list[str]:
        """What is to be decided of each field of either side that no rule decides yet."""
        ours = [name for name in self.legacy if name not in self.rules]
        theirs = [name for name in self.modern if name not in self.rules]
        return [
            *(f"old `/{name}`: {OLD_QUESTION}{self._hint(name, theirs)}" for name in ours),
            *(f"new `/{name}`: {NEW_QUESTION}" for name in theirs),
        ]

    def files(self) -> dict[str, str]:
        """The text of every file of the package."""
        pattern = FORMS.get(_type(self.legacy.get("id"), ""), "")
        known = {
            "name": self.name,
            "title": self.title,
            "rules": "".join(f"        {rule},\n" for rule in self.rules.values()),
            "questions": "".join(f"- {question}\n" for question in self.questions),
            "pattern": pattern or 'r"[^/]+"',
            "patterns": pattern and f"{pattern}, ",
            "kinds": "{ID: mapping.kind}" if "kind=" in self.rules.get("id", "") else "{}",
        }
        files = {file: Template(text).substitute(known) for file, text in scaffold.FILES.items()}
        files["old.py"] = _models("old", self.title, self.legacy)
        files["new.py"] = _models("new", self.title, self.modern)
        return files

    def _hint(self, name: str, theirs: list[str]) -> str:
        value = self.legacy[name]
        said = [it for it in theirs if isinstance(value, str | int) and self.modern[it] == value]
        alike = value not in ("", 0, 1) and len(said) == 1
        return f" In these samples new `/{said[0]}` says the same." if alike else ""


CARRIED = frozenset({"str", "StrictBool", "StrictInt", "CalendarDate", "Timestamp", "Uuid"})
FORMS = {"StrictInt": "INTEGER_PATTERN", "Uuid": "UUID_PATTERN"}
OLD_QUESTION = "which new fields say this? None: `computed`, or `set_aside` with its reason."
NEW_QUESTION = "which old fields say this? None: `untouched`, with its reason."


def _models(side: str, title: str, document: Document) -> str:
    """The module that declares one side."""
    classes = "\n\n".join(_classes(title, document, f"A record of the {side} API."))
    core = ["Model", *(it for it in ("CalendarDate", "Timestamp", "Uuid") if it in classes)]
    strict = [it for it in ("StrictBool", "StrictInt") if it in classes]
    head = [
        f'"""The {side} API\'s documents, field by field, in the order of its sample."""\n',
        "from __future__ import annotations\n",
        *(["from typing import Any\n"] if "Any" in classes else []),
        *([f"from pydantic import {', '.join(strict)}\n"] if strict else []),
        "from mappings.core.evidence import documented",
        f"from mappings.core.model import {', '.join(sorted(core))}, declared\n",
        f'SAMPLE = documented("{side.upper()}")\n\n',
    ]
    return "\n".join(head) + "\n" + classes


def _classes(title: str, document: Document, sentence: str) -> Iterator[str]:
    """The classes of the records within, and last the one of the record itself."""
    lines = [f"class {title}(Model):", f'    """{sentence}"""', ""]
    for name, value in document.items():
        inner = f"{title}{_class_name(name)}"
        within = value[0] if isinstance(value, list) and value else value
        if isinstance(within, dict) and within:
            yield from _classes(inner, within, f"What stands under `{name}`.")
        kind = _type(value, inner)
        annotation = kind if kind == "Any" else f"{kind} | None"
        lines.append(f'    {name}: {annotation} = declared("To be described.", SAMPLE)')
    yield "\n".join(lines) + "\n"


def _type(value: Any, inner: str) -> str:
    """The type of a field, as far as one value of it tells; `inner` is a record's own."""
    if isinstance(value, list):
        return f"list[{_type(value[0], inner) if value else 'Any'}]"
    if isinstance(value, dict):
        return inner if value else "dict[str, Any]"
    if isinstance(value, str):
        tests = {"CalendarDate": is_calendar_date, "Timestamp": is_timestamp, "Uuid": is_uuid}
        return next((name for name, test in tests.items() if test(value)), "str")
    return {bool: "StrictBool", int: "StrictInt"}.get(type(value), "Any")


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))

"""What the pages name is there: commands, options, scripts, settings, files, figures."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer

from bench.chaos.__main__ import FIGURES as ON_THE_WIRE
from bench.reliability.__main__ import FIGURES as OF_THE_STORE
from proxy import cli
from proxy.settings import PREFIX, Settings
from tests.docs import pages

PAGES = pages.paths()
COMMAND = re.compile(r"(?<![\w./=-])passerelle +([a-z-]+[^|&;>\n]*)")
NO_COMMAND = re.compile(r"(kubectl|docker build) ")
SCRIPT = re.compile(r"(?<![\w./-])scripts/([a-z_]+)")
SETTING = re.compile(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b")
FIGURE = re.compile(r"scripts/(chaos|reliability)((?: [a-z]+)+)")
PLACE = re.compile(
    r"(?<![\w./-])((?:mappings|proxy|sandbox|scripts|tests|examples|docs|deploy|bench)/[\w./-]*\w)"
)
MADE_UP = {f"{PREFIX}UPSTREAM_ULR"}
"""Settings that a page misspells, to show what is said then."""


def said(path: Path) -> list[str]:
    """Every command and every piece of code that the page has."""
    lines = [line for block in pages.blocks(path) for line in block.commands]
    return [line.split(" #")[0] for line in lines] + pages.within_lines(path)


def unknown(line: str) -> str | None:
    """What of a command line the program does not know."""
    at: Any = typer.main.get_command(cli.commands())
    words = re.sub(r"[\[\]\\]|=\S*|\$\S*", " ", line).split()
    # Words in capitals stand for what a reader puts there.
    for word in takewhile(lambda word: word not in ("...", "#"), words):
        if word.startswith("--"):
            if word != "--help" and not any(
                word in one.opts + one.secondary_opts for one in at.params
            ):
                return word
        elif hasattr(at, "commands"):
            if word not in at.commands:
                return word
            at = at.commands[word]
    return None


@pytest.mark.parametrize("path", PAGES, ids=pages.name)
def test_every_command_and_option_exists(path: Path) -> None:
    lines = [
        found[1]
        for text in said(path)
        if not NO_COMMAND.search(text)
        for found in COMMAND.finditer(text)
    ]

    wrong = {line: unknown(line) for line in lines}

    assert {line: word for line, word in wrong.items() if word} == {}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("check --offline", None),
        ("check --ofline", "--ofline"),
        ("store rotate", "rotate"),
        ("sotre status --json", "sotre"),
        ("store status --jsn", "--jsn"),
        ("explain FILE", None),
    ],
)
def test_a_command_or_option_that_is_not_there_would_be_found(line: str, word: str | None) -> None:
    assert unknown(line) == word


@pytest.mark.parametrize("path", PAGES, ids=pages.name)
def test_every_script_exists(path: Path) -> None:
    named = {name for text in said(path) for name in SCRIPT.findall(text)}

    assert {name for name in named if not (pages.ROOT / "scripts" / name).is_file()} == set()


@pytest.mark.parametrize("path", PAGES, ids=pages.name)
def test_every_figure_exists(path: Path) -> None:
    known = {"chaos": set(ON_THE_WIRE), "reliability": {*OF_THE_STORE, "all"}}

    for text in said(path):
        for script, names in FIGURE.findall(text):
            assert set(names.split()) <= known[script], text


@pytest.mark.parametrize("path", PAGES, ids=pages.name)
def test_every_setting_exists(path: Path) -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}

    named = set(SETTING.findall(path.read_text(encoding="utf-8")))

    assert named - known - MADE_UP == set()


@pytest.mark.parametrize("path", PAGES, ids=pages.name)
def test_every_file_of_the_tree_exists(path: Path) -> None:
    roots = (pages.ROOT, path.parent, pages.ROOT / "examples/library")
    named = {name for text in pages.within_lines(path) for name in PLACE.findall(text)}

    assert {name for name in named if not any((root / name).exists() for root in roots)} == set()

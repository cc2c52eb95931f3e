"""The example's pack by itself: what the commands say of it, its samples, its README."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mappings.core.codecs import code_table
from mappings.core.context import Context, Ids
from mappings.core.errors import ContradictionError
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import SetAside
from mappings.core.verbs import coded, renamed
from proxy import cli
from proxy.errors import ConfigurationError
from tests.examples.conftest import LIBRARY

ROOT = LIBRARY.parents[1]
README = (LIBRARY / "README.md").read_text(encoding="utf-8")
IN_SHELLS = "\n".join(re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE))
PURE = re.compile("passerelle (check|explain|convert|docs|openapi) .*")
COMMANDS = [line for line in IN_SHELLS.splitlines() if PURE.fullmatch(line)]

IDS = Ids(
    {
        ("patron", "90417"): 1,
        ("work", "wrk-lighthouse"): 1,
        ("holding", "hld-1"): 1,
        ("holding", "hld-2"): 2,
    }
)
VERBS = {"identifier", "same", "renamed", "coded", "grouped", "nested", "each", "shown"}
VERBS |= {"computed", "set aside", "untouched"}


def run(line: str) -> Result:
    """What comes of a command as the README has it."""
    words = shlex.split(line)[1:]
    return CliRunner().invoke(cli.commands(words[0]), words, catch_exceptions=False)


def test_the_check_is_content_and_says_what_the_readme_says() -> None:
    result = run("passerelle check --offline")

    assert result.exit_code == 0
    assert f"`{result.stdout.strip()}`" in README


@pytest.mark.parametrize("line", COMMANDS)
def test_the_command_works_as_the_readme_has_it(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    result = run(line)

    assert result.exit_code == 0, result.output
    assert result.stdout


def test_a_pack_with_gaps_is_refused_as_the_readme_shows(pack: Pack) -> None:
    title = pack.mappings["title"]
    source = title.rules[0].source
    rewritten = {("name",), ("author",), ("medium",), ("note",)}
    kept = tuple(rule for rule in title.rules if rule.legacy not in rewritten)
    twice = code_table({"BK": "book", "PB": "book"})

    with pytest.raises(ContradictionError) as told:
        RecordMapping(
            title.legacy,
            title.modern,
            kept,
            renamed("name", to="titel", source=source),
            renamed("author", to="authors", source=source),
            coded("medium", twice, to="format", source=source),
            kind="work",
        )

    assert f"```text\npasserelle: pack lending: {told.value}\n```" in README


def test_the_readme_has_the_commands_that_are_tested() -> None:
    assert len(COMMANDS) == 6


def test_the_pack_uses_every_verb_of_its_table(pack: Pack) -> None:
    used = {rule.verb for mapping in pack.mappings.values() for rule in mapping.rules}

    assert used == VERBS
    in_readme = {verb.replace("_", " ") for verb in re.findall(r"`(\w+)`", README)}
    assert in_readme >= VERBS


@pytest.mark.parametrize("resource", ["borrower", "title"])
def test_the_samples_are_the_same_record_on_both_sides(resource: str, pack: Pack) -> None:
    mapping = pack.mappings[resource]
    old, new = (
        json.loads((LIBRARY / "samples" / f"{resource}.{side}.json").read_text(encoding="utf-8"))
        for side in ("old", "new")
    )
    kept = {rule.legacy[0]: old[rule.legacy[0]] for rule in mapping.of_kind(SetAside)}
    known = Context(
        date(2026, 11, 23), ids=IDS, asides={(mapping.kind, str(mapping.identity_of(new))): kept}
    )
    over = Context(known.today, base=new, ids=IDS, asides=known.asides)

    shown = mapping.downgrade(new, known).document
    written = mapping.upgrade(old, over)

    assert shown == old
    assert list(shown) == list(old)
    assert (written.changes, written.aside, written.lost) == ({}, {}, ())


def test_an_option_changes_what_is_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = tmp_path / "options.toml"
    options.write_text('borrowers.required = ["surnam"]\n', encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    with pytest.raises(ConfigurationError, match=r"expected a field of the old borrower"):
        run("passerelle check --offline")
    options.write_text('borrowers.required = ["surname"]\n', encoding="utf-8")

    assert run("passerelle check --offline").exit_code == 0

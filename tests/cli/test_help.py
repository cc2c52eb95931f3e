"""Help: every command and option says in a sentence what it is for."""

from collections.abc import Mapping
from typing import Any

import pytest
import typer.main

from proxy import cli
from proxy.settings import PREFIX, Settings
from tests.cli.conftest import Run

COMMANDS = [
    "serve",
    "sandbox",
    "demo",
    "check",
    "settings",
    "explain",
    "convert",
    "docs",
    "new",
    "openapi",
    "store",
    "crosswalk",
    "audit",
    "applications",
]


def test_no_arguments_show_the_help(run: Run) -> None:
    result = run()

    assert "Usage: passerelle" in result.output
    for command in COMMANDS:
        assert command in result.output
    assert "3 wrong configuration" in result.output


def test_the_help_lists_the_commands_and_no_others(run: Run) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert list(_commands()) == COMMANDS
    for command in COMMANDS:
        assert command in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_its_options_have_a_help_sentence(command: str, run: Run) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    said = " ".join(result.stdout.replace("│", " ").split())
    helps = [_commands()[command].help, *(option.help for option in _options(command))]
    for sentence in helps:
        assert sentence
        assert sentence.split("\n")[0].strip() in said
        assert sentence.strip().endswith((".", "one", "default"))


def test_the_help_of_serve_tells_of_every_setting(run: Run) -> None:
    result = run("serve", "--help")

    for name, info in Settings.model_fields.items():
        assert f"{PREFIX}{name.upper()}: {info.description}" in result.stdout


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    result = run("serv")

    assert result.exit_code == 2
    assert "No such command" in result.stderr
    assert result.stdout == ""


def test_an_unknown_option_is_wrong_usage(run: Run) -> None:
    result = run("check", "--of-line")

    assert result.exit_code == 2
    assert "--of-line" in result.stderr


def _commands() -> Mapping[str, Any]:
    group: Any = typer.main.get_command(cli.commands())
    return dict(group.commands)


def _options(command: str) -> list[Any]:
    return [option for option in _commands()[command].params if option.name != "help"]

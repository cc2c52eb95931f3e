"""`passerelle demo`: the sandbox, the gateway and the tour in one command."""

from pathlib import Path

import pytest

from tests.cli.conftest import Passerelle, Run
from tests.cli.servers import taken_port

ONCE = ("demo", "--once", "--port", "0", "--sandbox-port", "0")


def test_once_ends_after_a_tour_in_which_every_step_was_right(run: Run) -> None:
    result = run(*ONCE)

    assert result.exit_code == 0
    assert "WRONG" not in result.stdout
    assert result.stdout.endswith("\nevery step was right\n")
    assert result.stderr == ""


def test_on_a_terminal_it_is_coloured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    result = run(*ONCE)

    assert "\x1b[32mok   \x1b[0m" in result.stdout


@pytest.mark.parametrize("pack", ["tests.cli.wrong_sample", "tests.cli.refused_sample"])
def test_once_fails_when_a_step_was_wrong(
    pack: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_PACK", pack)

    result = run(*ONCE)

    assert result.exit_code == 1
    assert "WRONG" in result.stdout
    assert "every step was right" not in result.stdout


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_an_address_in_use_is_wrong_configuration(option: str, passerelle: Passerelle) -> None:
    other = {"--port": "--sandbox-port", "--sandbox-port": "--port"}[option]

    with taken_port() as port:
        ended = passerelle("demo", "--once", option, str(port), other, "0")

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: cannot listen on 127.0.0.1 port {port}: ")


def test_a_wrong_setting_is_wrong_configuration(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_MAX_DEPTH", "deep")

    ended = passerelle(*ONCE)

    assert ended.code == 3
    assert ended.err.startswith("passerelle: PASSERELLE_MAX_DEPTH: ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSERELLE_UPSTREAM_URL", "https://new.example"),
        ("PASSERELLE_PUBLIC_URL", "http://127.0.0.1:9/old"),
    ],
)
def test_the_tour_needs_nothing_of_what_an_operator_has_set(
    name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    result = run(*ONCE)

    assert result.exit_code == 0
    assert "every step was right" in result.stdout


def test_the_tour_walks_with_the_options_of_the_gateway(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tmp_path / "options.toml"
    options.write_text('legacy.prefixes = ["/elsewhere"]\n', encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    result = run(*ONCE)

    assert result.exit_code == 0
    assert "POST /elsewhere/records.json" in result.stdout

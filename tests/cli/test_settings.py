"""`passerelle settings`: what may be set, what is set here, and where that comes from."""

import json
from pathlib import Path
from typing import Any

import pytest

from proxy.settings import Settings
from tests.cli.conftest import Passerelle, Run

SECRET = "k1:hushed"


def told(run: Run, *arguments: str) -> dict[str, dict[str, Any]]:
    """What is said of each setting, by its name."""
    found = json.loads(run("settings", "--json", *arguments).stdout)
    return {it["name"]: it for it in found}


def test_every_setting_is_listed_with_what_it_takes_and_its_sentence(run: Run) -> None:
    result = run("settings")

    assert result.exit_code == 0
    for name, info in Settings.model_fields.items():
        assert f"PASSERELLE_{name.upper()}" in result.stdout
        assert str(info.description) in result.stdout
    assert "a whole number, more than 0" in result.stdout


def test_what_is_set_here_is_shown_with_where_it_comes_from(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_MAX_PAGES", "7")

    result = run("settings")

    assert "https://new.example (from environment)" in result.stdout
    assert "7 (from environment; default: 100)" in result.stdout


def test_what_is_not_set_shows_its_default(run: Run) -> None:
    found = told(run)

    assert found["PASSERELLE_MAX_PAGES"] == {
        "name": "PASSERELLE_MAX_PAGES",
        "role": "What stands behind the journey of a request",
        "sentence": "How many pages of a list of the new API are followed.",
        "takes": "a whole number, more than 0",
        "default": "100",
        "required": False,
        "secret": False,
        "from": "default",
        "value": None,
    }
    assert found["PASSERELLE_UPSTREAM_URL"]["required"]


@pytest.mark.parametrize("form", [[], ["--json"], ["--env"]], ids=["shown", "json", "env"])
def test_no_secret_is_shown_wherever_it_is(
    form: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passerelle_audit_key").write_text(SECRET, encoding="utf-8")
    (tmp_path / "url").write_text(SECRET, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("PASSERELLE_STORE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("PASSERELLE_KEYS", SECRET)
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://somebody:hushed@new.example")

    result = run("settings", *form)

    assert result.exit_code == 0
    assert "PASSERELLE_KEYS" in result.stdout
    assert "hushed" not in result.output


def test_a_secret_is_told_by_its_place(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passerelle_audit_key").write_text(SECRET, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("PASSERELLE_STORE_URL_FILE", "/somewhere/url")
    monkeypatch.setenv("PASSERELLE_STORE_URL", SECRET)
    monkeypatch.setenv("PASSERELLE_KEYS", SECRET)

    found = {name: (it["from"], it["value"]) for name, it in told(run).items()}

    assert found["PASSERELLE_KEYS"] == ("environment", None)
    assert found["PASSERELLE_AUDIT_KEY"] == ("file", f"{tmp_path}/passerelle_audit_key")
    assert found["PASSERELLE_STORE_URL"] == ("environment and file", "/somewhere/url")
    assert found["PASSERELLE_STORE_URL_FILE"] == ("environment", "/somewhere/url")
    assert "set, not shown (from environment; default: not set)" in run("settings", "keys").stdout


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["shown", "json"])
@pytest.mark.parametrize("secret", [f"k1:{'A' * 43}=", "postgresql://gateway:AAAA@db/store"])
def test_a_secret_in_the_place_of_its_file_is_not_shown(
    secret: str, form: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KEYS_FILE", "STORE_URL_FILE"):
        monkeypatch.setenv(f"PASSERELLE_{name}", secret)

    result = run("settings", *form)

    assert result.stdout.count("(no path: a secret)") == 4
    assert "AAAA" not in result.output


def test_a_word_finds_settings_by_name_and_by_sentence(run: Run) -> None:
    assert list(told(run, "PAGES")) == ["PASSERELLE_MAX_PAGES", "PASSERELLE_CORS_ORIGINS"]


def test_a_word_that_no_setting_has_is_told(passerelle: Passerelle) -> None:
    ended = passerelle("settings", "weather")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "passerelle: no setting's name or sentence has weather\n"


def test_a_file_to_fill_in_shows_nothing_of_what_is_set(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_MAX_PAGES", "7")

    result = run("settings", "--env", "max_pages")

    assert result.stdout == (
        "# == What stands behind the journey of a request ==\n\n"
        "# How many pages of a list of the new API are followed. Takes a whole number, more than "
        "0;\n# default: 100.\n#PASSERELLE_MAX_PAGES=100\n"
    )


def test_one_form_at_a_time(run: Run) -> None:
    result = run("settings", "--env", "--json")

    assert result.exit_code == 2
    assert "not both" in result.stderr

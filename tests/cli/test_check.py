"""`passerelle check`: the pack, the settings, the new API."""

from pathlib import Path

import pytest
import respx

from mappings import mesvaccins
from sandbox import create_app as create_sandbox
from tests.cli.conftest import Passerelle, Run
from tests.cli.servers import free_port, served, taken_port

RULES = sum(len(mapping.rules) for mapping in mesvaccins.PACK.mappings.values())
PACK = f"ok  pack mesvaccins: {RULES} rules, {len(mesvaccins.PACK.endpoints)} endpoints"
NO_CONDITIONS = "ok  table conditions: not supplied (docs/mapping.md, Tables)"
NO_VACCINES = "ok  table vaccines: not supplied (docs/mapping.md, Tables)"
STORE = (
    "ok  store; values that the new API has no place for: dropped and told "
    "(to keep them: PASSERELLE_KEYS_FILE and PASSERELLE_SET_ASIDE)"
)


def test_offline_the_pack_is_checked_without_any_setting(run: Run) -> None:
    result = run("check", "--offline")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [PACK, NO_CONDITIONS, NO_VACCINES]
    assert result.stderr == ""


def test_a_table_that_the_operator_supplies_is_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "id,uuid,type\n52,6f2b8f0a-5b0c-4b3e-9a51-3d3f6f7c1e52,boolean\n"
    (tmp_path / "conditions.csv").write_text(rows, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_TABLES", str(tmp_path))

    result = run("check", "--offline")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [PACK, "ok  table conditions: read", NO_VACCINES]


def test_a_new_api_that_answers_is_well_whatever_its_status(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(create_sandbox(strict=True)) as url:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)
        result = run("check")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        PACK,
        NO_CONDITIONS,
        NO_VACCINES,
        "ok  settings",
        STORE,
        "ok  the new API answers (GET of its base URL gave 404; any status will do)",
    ]


@pytest.mark.parametrize("status", [200, 401, 503])
def test_the_new_api_is_asked_once_and_without_a_credential(
    status: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example/v2")
    with respx.mock(assert_all_called=True) as upstream:
        root = upstream.get("https://new.example/v2/").respond(status)
        result = run("check")

    assert result.exit_code == 0
    assert (
        f"ok  the new API answers (GET of its base URL gave {status}; any status will do)"
        in result.stdout
    )
    assert root.call_count == 1
    assert "authorization" not in root.calls.last.request.headers


def test_a_new_api_that_is_down_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)

    result = run("check")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [PACK, NO_CONDITIONS, NO_VACCINES, "ok  settings", STORE]
    assert result.stderr == (
        f"passerelle: {url} cannot be reached: is the URL right, and does this machine reach it?\n"
    )


def test_a_new_api_that_stays_silent_fails_at_the_deadline(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_DEADLINE_SECONDS", "0.1")
    with taken_port() as port:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", f"http://127.0.0.1:{port}")
        result = run("check")

    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr


def test_without_the_base_url_it_is_wrong_configuration(passerelle: Passerelle) -> None:
    ended = passerelle("check")

    assert ended.code == 3
    assert ended.err == "passerelle: PASSERELLE_UPSTREAM_URL: it must be set\n"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PASSERELLE_PACK", "mappings.nowhere", "mappings.nowhere cannot be imported"),
        ("PASSERELLE_PACK", ".nowhere", ".nowhere cannot be imported"),
        ("PASSERELLE_PACK", "json", "json has no Options and build: no pack"),
        ("PASSERELLE_PACK_OPTIONS", "/nowhere/at.toml", "/nowhere/at.toml: No such file"),
        ("PASSERELLE_TABLES", "/nowhere", "/nowhere is no folder"),
    ],
)
def test_offline_a_wrong_choice_of_pack_is_wrong_configuration(
    name: str, value: str, said: str, passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    ended = passerelle("check", "--offline")

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: {name}: {said}")
    assert len(ended.err.splitlines()) == 1


def test_an_option_that_is_not_there_is_told_by_its_file_and_name(
    passerelle: Passerelle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tmp_path / "options.toml"
    options.write_text("names.order = 1\n", encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(options))

    ended = passerelle("check", "--offline")

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: PASSERELLE_PACK_OPTIONS: {options}: names.order: ")


def test_a_misspelt_setting_of_the_pack_is_told_offline_too(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_PACK_OPTION", "options.toml")

    result = passerelle("check", "--offline")

    assert result.code == 3
    assert "PASSERELLE_PACK_OPTION: no such setting; is PASSERELLE_PACK_OPTIONS meant?" in (
        result.err
    )


def test_the_new_api_is_asked_to_answer_as_it_is_asked_while_serving(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    with respx.mock as upstream:
        root = upstream.get("https://new.example/").respond(200)
        run("check")

    asked = root.calls.last.request.headers
    assert (asked["accept-encoding"], asked["user-agent"]) == ("identity", "passerelle")

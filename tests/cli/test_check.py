"""`passerelle check`: what is wrong, how it is mended, and what the exit code says of it."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import respx
from pydantic import SecretStr

from mappings import mesvaccins
from proxy.cli.checking import CHECKS
from proxy.cli.checks import inside
from proxy.cli.checks.finding import State, misconfigured
from proxy.cli.console import ExitCode
from proxy.settings import Settings
from proxy.settings.keys import new_key
from sandbox import create_app as create_sandbox
from tests.cli.conftest import Passerelle, Run
from tests.cli.servers import free_port, served, taken_port
from tests.proxy.audit.written import KEYS, Writer

RULES = sum(len(mapping.rules) for mapping in mesvaccins.PACK.mappings.values())
PACK = f"ok  pack mesvaccins: {RULES} rules, {len(mesvaccins.PACK.endpoints)} endpoints"
NO_CONDITIONS = "ok  table conditions: not supplied (docs/mapping.md, Tables)"
NO_VACCINES = "ok  table vaccines: not supplied (docs/mapping.md, Tables)"
ROOT = Path(__file__).parents[2]
HERE = "http://127.0.0.1:9"
"""A new API that a test plays."""
NOBODY = 65534
ENDED = "passerelle: {} wrong; docs/operating/check.md says what each line means\n"


def found(run: Run) -> dict[str, list[tuple[str, str]]]:
    """The states and sentences of each check."""
    told: dict[str, list[tuple[str, str]]] = {}
    for it in report(run)["findings"]:
        told.setdefault(it["check"], []).append((it["state"], it["says"]))
    return told


def report(run: Run) -> dict[str, Any]:
    """What machines are told."""
    result = run("check", "--json")
    told: dict[str, Any] = json.loads(result.stdout)
    assert told["exit_code"] == result.exit_code
    return told


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


def test_all_that_is_looked_at_is_told_where_all_is_well(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(create_sandbox(strict=True)) as url:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)
        result = run("check")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "ok  settings",
        PACK,
        NO_CONDITIONS,
        NO_VACCINES,
        "ok  tls: none of the gateway's own; end TLS before it (docs/operating/tls.md)",
        "ok  keys: none; nothing is sealed (passerelle store new-key makes one)",
        "ok  gateway: values that the new API has no place for: dropped and told "
        "(to keep them: PASSERELLE_KEYS_FILE and PASSERELLE_SET_ASIDE)",
        f"ok  store: none yet; made in {tmp_path}/state/passerelle when the gateway starts",
        f"ok  the new API answers (GET of {url} gave 404; any status will do)",
        "ok  clock: as the new API's",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [200, 401, 404])
def test_the_new_api_is_asked_once_and_without_a_credential(
    status: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", f"{HERE}/v2")
    with respx.mock(assert_all_called=True) as upstream:
        root = upstream.get(f"{HERE}/v2/").respond(status)
        result = run("check")

    assert result.exit_code == 0
    told = f"ok  the new API answers (GET of {HERE}/v2 gave {status}; any status will do)"
    assert told in result.stdout.splitlines()
    assert root.call_count == 1
    assert "authorization" not in root.calls.last.request.headers


def test_the_new_api_is_asked_to_answer_as_it_is_asked_while_serving(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    with respx.mock as upstream:
        root = upstream.get(f"{HERE}/").respond(200)
        run("check")

    asked = root.calls.last.request.headers
    assert (asked["accept-encoding"], asked["user-agent"]) == ("identity", "passerelle")


def test_a_new_api_in_trouble_is_a_warning(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(503)
        result = run("check")

    assert result.exit_code == 0
    told = f"warning  the new API answers (GET of {HERE} gave 503): is it in trouble?"
    assert told in result.stdout.splitlines()


def test_a_new_api_that_is_down_fails_and_all_else_is_checked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)

    result = run("check")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[-2:] == [
        f"wrong  PASSERELLE_UPSTREAM_URL: {url}: nothing listens there; are name and port right, "
        "and does it run?",
        "unchecked  clock: until the new API answers",
    ]
    assert result.stderr == ENDED.format(1)


def test_a_new_api_that_stays_silent_fails_at_the_deadline(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_DEADLINE_SECONDS", "0.1")
    with taken_port() as port:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", f"http://127.0.0.1:{port}")
        result = run("check")

    assert result.exit_code == 1
    assert "no answer in time; is the way there open, and is it well?" in result.stdout


def test_an_answer_that_cannot_be_used_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200, headers={"content-encoding": "gzip"}, content=b"x")
        result = run("check")

    assert result.exit_code == 1
    assert "no answer that can be used; is it the right server" in result.stdout


def test_a_name_that_nobody_can_have_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", f"https://{'a' * 70}.example")

    result = run("check")

    assert result.exit_code == 1
    assert "its name has no address here; is it right" in result.stdout


def test_the_token_endpoint_is_met_too_and_asked_for_no_token(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    monkeypatch.setenv("PASSERELLE_TOKEN_URL", f"{HERE}/auth/token")
    with respx.mock(assert_all_called=True) as upstream:
        upstream.get(f"{HERE}/").respond(200)
        token = upstream.get(f"{HERE}/auth/token").respond(405)
        told = found(run)

    assert told["token endpoint"] == [
        (
            "ok",
            f"the token endpoint answers (GET of {HERE}/auth/token gave 405; any status will do)",
        )
    ]
    request = token.calls.last.request
    assert (request.content, "authorization" in request.headers) == (b"", False)


def test_a_token_endpoint_that_is_down_fails_by_its_own_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}/token"
    monkeypatch.setenv("PASSERELLE_TOKEN_URL", url)
    with served(create_sandbox(strict=True)) as upstream:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", upstream)
        told = found(run)

    ((state, says),) = told["token endpoint"]
    assert state == "wrong"
    assert says.startswith(f"PASSERELLE_TOKEN_URL: {url}: nothing listens there; ")
    assert told["upstream"][0][0] == "ok"


@pytest.mark.parametrize(
    ("seconds", "state", "said"),
    [
        (0, "ok", "clock: as the new API's"),
        (30, "warning", "s ahead of the new API's; set it by NTP"),
        (-30, "warning", "s behind the new API's; set it by NTP"),
        (900, "wrong", "tokens and certificates seem to have ended; set it by NTP"),
    ],
)
def test_the_clock_is_compared_with_the_new_apis(
    seconds: int, state: str, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    date = format_datetime(datetime.now(UTC) - timedelta(seconds=seconds), usegmt=True)
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200, headers={"Date": date})
        told = report(run)

    (clock,) = [it for it in told["findings"] if it["check"] == "clock"]
    assert clock["state"] == state
    assert told["exit_code"] == (1 if state == "wrong" else 0)
    assert clock["says"].endswith(said)


def test_a_time_without_a_zone_is_one_of_utc(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    date = format_datetime(datetime.now(UTC).replace(tzinfo=None))
    assert date.endswith(" -0000")
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200, headers={"Date": date})
        told = found(run)

    assert told["clock"] == [("ok", "clock: as the new API's")]


def test_an_answer_out_of_a_cache_is_no_wrong_clock(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    date = format_datetime(datetime.now(UTC) - timedelta(seconds=600), usegmt=True)
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200, headers={"Date": date, "Age": "600"})
        told = found(run)

    assert told["clock"] == [("ok", "clock: as the new API's")]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Date": "yesterday"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT", "Age": "1"},
        {"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "Age": "9" * 30},
        {"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "Age": "9" * 5_000},
    ],
    ids=["none", "no date", "after all dates", "too long ago", "no number that is read"],
)
def test_a_new_api_that_does_not_tell_the_time_leaves_the_clock_unchecked(
    fields: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200, headers=fields)
        told = found(run)

    assert told["clock"] == [("unchecked", "clock: the new API does not tell the time (Date)")]


def test_settings_that_are_wrong_are_all_told_and_the_rest_is_no_pass(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAMURL", HERE)

    result = run("check")

    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "wrong  PASSERELLE_UPSTREAMURL: no such setting; is PASSERELLE_UPSTREAM_URL meant?",
        "wrong  PASSERELLE_UPSTREAM_URL: it must be set",
        *(f"unchecked  {name}: until the settings are right" for name in CHECKS),
    ]
    assert result.stderr == ENDED.format(2)


def test_everything_that_is_wrong_is_told_at_once_and_the_configuration_decides_the_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PASSERELLE_PACK_OPTIONS", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PASSERELLE_KEYS", "k1:hushed")
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "file" / "state"))
    monkeypatch.setenv("PASSERELLE_TLS_KEY", str(tmp_path / "key"))

    told = report(run)

    states = {it["check"]: it["state"] for it in told["findings"]}
    assert states == {
        "settings": "ok",
        "pack": "wrong",
        "tls": "wrong",
        "keys": "wrong",
        "gateway": "unchecked",
        "store": "wrong",
        "upstream": "wrong",
        "clock": "unchecked",
    }
    assert [it["outside"] for it in told["findings"] if it["state"] == "wrong"] == [
        False,
        False,
        False,
        False,
        True,
    ]
    assert told["exit_code"] == 3
    assert "hushed" not in json.dumps(told)


def test_what_only_the_whole_gateway_shows_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    monkeypatch.setenv("PASSERELLE_CREDENTIALS", "exchange")
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200)
        told = found(run)

    assert told["gateway"] == [
        ("wrong", "PASSERELLE_APPLICATIONS: it must be set for PASSERELLE_CREDENTIALS=exchange")
    ]


def test_an_audit_log_must_have_a_key_and_a_folder_that_can_be_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    told = []
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200)
        for name, key in (("audit", ""), ("file", new_key()), ("audit", new_key())):
            monkeypatch.setenv("PASSERELLE_AUDIT_DIR", str(tmp_path / name))
            monkeypatch.setenv("PASSERELLE_AUDIT_KEY", key)
            told += found(run)["audit"]

    assert told == [
        (
            "wrong",
            "PASSERELLE_AUDIT_KEY_FILE: an audit log needs a key; `passerelle audit new-key > "
            "FILE` makes one",
        ),
        (
            "wrong",
            f"PASSERELLE_AUDIT_DIR: {tmp_path}/file is no folder; name a folder that the "
            "gateway's user may write",
        ),
        ("ok", f"audit log: it has a key, and {tmp_path}/audit can be written"),
    ]
    assert not (tmp_path / "audit").exists()


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Without the rights of root, as whom tests may run."""
    user = os.geteuid()
    os.seteuid(user or NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("closed", ["a file", ".lock"])
def test_an_audit_log_in_which_a_file_is_another_users_is_wrong(closed: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = Writer(folder)
        file = writer.file() if closed == "a file" else folder / closed
        folder.chmod(0o777)
        file.chmod(0)
        settings = Settings(upstream_url=HERE, audit_dir=folder, audit_key=SecretStr(KEYS))
        with as_somebody_else():
            (told,) = inside.audit(settings)

    assert told == misconfigured(
        "audit", f"PASSERELLE_AUDIT_DIR: {file}: Permission denied; is it another user's?"
    )


def test_an_audit_log_that_is_in_use_is_well(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "audit")
    writer.file()
    writer.trail()
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    monkeypatch.setenv("PASSERELLE_AUDIT_DIR", str(writer.path))
    monkeypatch.setenv("PASSERELLE_AUDIT_KEY", KEYS)
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200)
        told = found(run)

    assert told["audit"] == [("ok", f"audit log: it has a key, and {writer.path} can be written")]


def test_a_folder_in_which_no_file_can_be_made_is_not_good_enough(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In /proc not even root can make one."""
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    monkeypatch.setenv("PASSERELLE_DATA_DIR", "/proc/passerelle")
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200)
        told = found(run)

    ((state, says),) = told["store"]
    assert state == "wrong"
    assert says.startswith("PASSERELLE_DATA_DIR: /proc cannot be written: ")


def test_the_page_tells_of_every_check_and_every_exit_code() -> None:
    page = (ROOT / "docs" / "operating" / "check.md").read_text(encoding="utf-8")

    for name in ("settings", "tables", "clock", *CHECKS):
        assert page.count(f"\n| `{name}` | ") == 1
    for state in State:
        assert f"\n| `{state}` | " in page
    for code in (0, *ExitCode):
        assert f"\n| {int(code)} | " in page


def test_on_a_terminal_it_shows_what_it_is_looking_at(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with respx.mock as upstream:
        upstream.get(f"{HERE}/").respond(200)
        result = run("check")

    for name in CHECKS:
        assert f"checking {name}" in result.stderr
    assert "\x1b[32mok\x1b[0m  settings" in result.stdout


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

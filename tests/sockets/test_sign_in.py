"""Signing in on real sockets: legacy keys and passwords in front, the new API's tokens behind."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.credentials.hashes import SecretHash
from proxy.settings.keys import new_key
from tests.sockets.people import RECORDS, legacy_document
from tests.sockets.processes import Process, passerelle
from tests.sockets.wire import Heard, ask, bearer

CHEAP = (2, 1, 1)
"""A cost of hashing that no test has to wait for."""

SECRETS = {"logiciel-medical": "sesame-medical", "logiciel-officine": "sesame-officine"}
BEHIND = {
    "logiciel-medical": ("hospital-software", "hospital-secret"),
    "logiciel-officine": ("pharmacy-software", "pharmacy-secret"),
}
PASSWORD = {"grant_type": "password", "username": "anatole", "password": "anatole-password"}


def key(uid: str, secret: str = "") -> dict[str, str]:
    """A legacy application's key."""
    pair = f"{uid}:{secret or SECRETS[uid]}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def applications(folder: Path) -> Path:
    """The file of the legacy applications."""
    path = folder / "applications.toml"
    rows = [
        f'[applications.{uid}]\nsecret = "{SecretHash.of(secret, CHEAP)}"\n'
        f'client_id = "{BEHIND[uid][0]}"\nclient_secret = "{BEHIND[uid][1]}"\n'
        for uid, secret in SECRETS.items()
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A new API that takes no token but those that it gave out."""
    folder = tmp_path_factory.mktemp("strict")
    with passerelle(folder, "sandbox", "--port", "0", "--strict") as process:
        yield process


@pytest.fixture(scope="module", params=["upstream", "opaque"])
def exchanging(
    strict: Process, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """A gateway that exchanges legacy credentials."""
    folder = tmp_path_factory.mktemp("exchanging")
    with passerelle(
        folder,
        *("serve", "--port", "0"),
        upstream_url=strict.url,
        token_url=f"{strict.url}/realms/professional/protocol/openid-connect/token",
        credentials="exchange",
        applications=str(applications(folder)),
        tokens=request.param,
        keys=new_key(),
    ) as process:
        yield process


def test_an_application_makes_a_record_with_its_key_that_no_other_sees(
    exchanging: Process,
) -> None:
    port = exchanging.port
    made = ask(port, "POST", RECORDS, legacy_document(), key("logiciel-medical"))

    of_one = ask(port, "GET", made.headers["location"], headers=key("logiciel-medical"))
    of_other = ask(port, "GET", made.headers["location"], headers=key("logiciel-officine"))

    assert (made.status, of_one.status, of_other.status) == (201, 200, 404)
    assert of_one.body == made.body


def test_a_wrong_secret_and_an_unknown_application_look_the_same(exchanging: Process) -> None:
    wrong = ask(exchanging.port, "GET", RECORDS, headers=key("logiciel-medical", "no"))
    unknown = ask(exchanging.port, "GET", RECORDS, headers=key("nobody", "no"))
    nothing = ask(exchanging.port, "GET", RECORDS)

    assert wrong.status == 401
    assert wrong.headers["www-authenticate"].startswith('Bearer realm="Doorkeeper"')
    assert without_its_own(wrong) == without_its_own(unknown) == without_its_own(nothing)


@pytest.mark.parametrize("path", ["/oauth/token", "/api/v1/oauth/token"])
@pytest.mark.parametrize("form", [False, True], ids=["JSON", "a form"])
def test_a_patient_signs_in_and_reads(exchanging: Process, path: str, form: bool) -> None:
    body = "&".join(map("=".join, PASSWORD.items())) if form else json.dumps(PASSWORD)

    signed_in = ask(exchanging.port, "POST", path, body.encode(), key("logiciel-medical"))

    assert signed_in.status == 200
    assert list(signed_in.document) == [
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
    ]
    assert signed_in.document["token_type"] == "bearer"
    access = bearer(signed_in.document["access_token"])
    assert ask(exchanging.port, "GET", RECORDS, headers=access).status == 200


def test_a_refresh_token_is_good_once(exchanging: Process) -> None:
    application = key("logiciel-medical")
    first = ask(exchanging.port, "POST", "/oauth/token", PASSWORD, application).document
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    second = ask(exchanging.port, "POST", "/oauth/token", again, application)
    third = ask(exchanging.port, "POST", "/oauth/token", again, application)

    assert second.status == 200
    access = bearer(second.document["access_token"])
    assert ask(exchanging.port, "GET", RECORDS, headers=access).status == 200
    assert (third.status, third.document["error"]) == (401, "invalid_grant")


def test_a_wrong_password_is_refused_as_the_old_api_did(exchanging: Process) -> None:
    wrong = {**PASSWORD, "password": "no"}

    refused = ask(exchanging.port, "POST", "/oauth/token", wrong, key("logiciel-medical"))

    assert refused.status == 401
    assert list(refused.document) == ["error", "error_description"]
    assert refused.document["error"] == "invalid_grant"
    assert 'error="invalid_grant"' in refused.headers["www-authenticate"]


def test_a_token_that_the_new_api_ended_is_fetched_anew(
    exchanging: Process, strict: Process
) -> None:
    before = ask(exchanging.port, "GET", RECORDS, headers=key("logiciel-officine"))
    ask(strict.port, "DELETE", "/_sandbox/tokens")

    after = ask(exchanging.port, "GET", RECORDS, headers=key("logiciel-officine"))

    assert (before.status, after.status) == (200, 200)


def test_no_secret_and_no_token_is_in_the_log(exchanging: Process) -> None:
    signed_in = ask(exchanging.port, "POST", "/oauth/token", PASSWORD, key("logiciel-medical"))
    said = exchanging.out + exchanging.err

    for value in (*SECRETS.values(), "anatole", *map(str, signed_in.document.values())):
        if value not in ("bearer", "7200", "300"):
            assert value not in said


def without_its_own(heard: Heard) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what no two answers share."""
    own = ("date", "x-request-id")
    return heard.status, heard.body, {k: v for k, v in heard.headers.items() if k not in own}

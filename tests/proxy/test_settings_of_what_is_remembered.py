"""What an operator may set of the store, of what is kept, and of whom is believed."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest

from proxy.settings import settings_of_environment
from tests.proxy.test_settings import URL, refusal


@pytest.fixture(autouse=True)
def _of_a_new_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://new.example")


def test_the_store_lies_in_the_state_folder_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    by_xdg = settings_of_environment().data_dir
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    at_home = settings_of_environment().data_dir
    monkeypatch.setenv("PASSERELLE_DATA_DIR", "/data")

    assert by_xdg == Path("/var/state/passerelle")
    assert at_home == Path("/home/somebody/.local/state/passerelle")
    assert settings_of_environment().data_dir == Path("/data")


def test_policies_are_set_field_by_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_SET_ASIDE_FIELDS", "email=drop, ins_c = reject,")

    assert settings_of_environment().set_aside_fields == {"email": "drop", "ins_c": "reject"}
    assert settings_of_environment(set_aside_fields={"email": "keep"}).set_aside_fields == {
        "email": "keep"
    }


@pytest.mark.parametrize("text", ["email", "email=", "email=lose"])
def test_a_policy_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PASSERELLE_SET_ASIDE_FIELDS", text)

    assert refusal().startswith("PASSERELLE_SET_ASIDE_FIELDS: ")


def test_peers_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_TRUSTED_PEERS", "10.0.0.0/8, ::1")

    assert settings_of_environment().trusted_peers == (
        IPv4Network("10.0.0.0/8"),
        IPv6Network("::1/128"),
    )


@pytest.mark.parametrize("text", ["10.0.0.1/8", "a-proxy", "*"])
def test_what_is_no_network_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PASSERELLE_TRUSTED_PEERS", text)

    assert refusal().startswith("PASSERELLE_TRUSTED_PEERS: ")


def test_passwords_go_in_the_clear_to_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_TOKEN_URL", "http://127.0.0.1:9000/token")
    at_home = settings_of_environment().token_url
    monkeypatch.setenv("PASSERELLE_TOKEN_URL", "http://auth.example/token")

    assert at_home == "http://127.0.0.1:9000/token"
    assert refusal() == (
        "PASSERELLE_TOKEN_URL: http:// would carry passwords in the clear; use https://, "
        "or PASSERELLE_UPSTREAM_PLAINTEXT=allow inside a network that you trust"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYS", "k1:AAAAhushed"),
        ("STORE_URL", "postgresql://gateway:hushed@db.example/passerelle"),
    ],
)
def test_no_secret_is_shown_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"PASSERELLE_{name}", value)

    assert "hushed" not in repr(settings_of_environment())

"""What an operator may set, and what is said when it is wrong."""

from pathlib import Path

import pytest

from proxy.errors import ConfigurationError
from proxy.settings import Settings, settings_of_environment

URL = "PASSERELLE_UPSTREAM_URL"


def refusal() -> str:
    """What is said of the environment."""
    with pytest.raises(ConfigurationError) as caught:
        settings_of_environment()
    return str(caught.value)


def test_the_url_of_the_new_api_suffices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://new.example/")

    settings = settings_of_environment()

    assert settings.upstream_url == "https://new.example"
    assert settings.public_url is None
    assert settings.cors_origins == ()
    assert settings.pack == "mappings.mesvaccins"


def test_everything_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "UPSTREAM_URL": "http://new.example:8080/v1",
        "UPSTREAM_PLAINTEXT": "allow",
        "PUBLIC_URL": "https://gw.example/old/",
        "PACK": "another.pack",
        "PACK_OPTIONS": "/etc/options.toml",
        "TABLES": "/etc/tables",
        "CREDENTIALS": "passthrough",
        "MAX_BODY_BYTES": "1",
        "MAX_ANSWER_BYTES": "2",
        "MAX_DEPTH": "3",
        "DEADLINE_SECONDS": "4.5",
        "CONNECT_SECONDS": "0.5",
        "UPSTREAM_CONNECTIONS": "6",
        "CORS_ORIGINS": "https://a.example, https://b.example",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"PASSERELLE_{name}", value)

    settings = settings_of_environment()

    assert settings.model_dump(include={name.lower() for name in given}) == {
        "upstream_url": "http://new.example:8080/v1",
        "upstream_plaintext": "allow",
        "public_url": "https://gw.example/old",
        "pack": "another.pack",
        "pack_options": Path("/etc/options.toml"),
        "tables": Path("/etc/tables"),
        "credentials": "passthrough",
        "max_body_bytes": 1,
        "max_answer_bytes": 2,
        "max_depth": 3,
        "deadline_seconds": 4.5,
        "connect_seconds": 0.5,
        "upstream_connections": 6,
        "cors_origins": ("https://a.example", "https://b.example"),
    }


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://new.example")
    monkeypatch.setenv("PASSERELLE_PUBLIC_URL", "")
    monkeypatch.setenv("PASSERELLE_CORS_ORIGINS", "")

    settings = settings_of_environment()

    assert (settings.public_url, settings.cors_origins) == (None, ())


def test_a_missing_url_is_said_with_the_name_to_set() -> None:
    assert refusal() == "PASSERELLE_UPSTREAM_URL: it must be set"


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_MAX_BODY_BYTES", "many")
    monkeypatch.setenv("PASSERELLE_UPSTREAMURL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_WEATHER", "sunny")

    assert refusal().splitlines() == [
        "PASSERELLE_MAX_BODY_BYTES: Input should be a valid integer, "
        "unable to parse string as an integer",
        "PASSERELLE_UPSTREAMURL: no such setting; is PASSERELLE_UPSTREAM_URL meant?",
        "PASSERELLE_UPSTREAM_URL: it must be set",
        "PASSERELLE_WEATHER: no such setting",
    ]


def test_what_kubernetes_says_of_a_service_called_passerelle_is_no_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(URL, "https://new.example")
    monkeypatch.setenv("PASSERELLE_PORT", "tcp://192.0.2.1:80")
    monkeypatch.setenv("PASSERELLE_PORT_80_TCP_ADDR", "192.0.2.1")
    monkeypatch.setenv("PASSERELLE_SERVICE_HOST", "192.0.2.1")

    assert settings_of_environment().upstream_url == "https://new.example"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("new.example", id="no scheme"),
        pytest.param("ftp://new.example", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://[::1", id="half an address"),
        pytest.param("https://somebody:secret@new.example", id="credentials"),
        pytest.param("https://new.example/?version=2", id="a query"),
        pytest.param("https://new.example/#top", id="a fragment"),
        pytest.param("https://new.example/?", id="an empty query"),
        pytest.param("https://new.example#", id="an empty fragment"),
        pytest.param("https://new.example:99999", id="no such port"),
        pytest.param("https://new.example:http", id="a word for a port"),
        pytest.param("https://new .example", id="a space in the host"),
        pytest.param("https://new.example/a b", id="a space in the path"),
        pytest.param("https://new.example/a\nb", id="a line end in the path"),
    ],
)
@pytest.mark.parametrize("name", [URL, "PASSERELLE_PUBLIC_URL"])
def test_a_url_that_cannot_be_called_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(URL, "https://new.example")
    monkeypatch.setenv(name, url)

    assert refusal().startswith(f"{name}: ")
    assert "secret" not in refusal()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HOSTS", "two words", "expected names such as old.example, without ports"),
        ("HOSTS", "old.example:8080", "expected names such as old.example, without ports"),
        ("HOSTS", "a,,b", "expected names such as old.example, without ports"),
        ("TRUSTED_PEERS", "everybody", "expected addresses or networks such as 10.0.0.0/8"),
        ("TRUSTED_PEERS", "10.0.0.0/33", "expected addresses or networks such as 10.0.0.0/8"),
    ],
)
def test_what_is_in_a_list_is_told_in_one_line_when_it_cannot_be_used(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL, "https://new.example")
    monkeypatch.setenv(f"PASSERELLE_{name}", value)

    assert refusal() == f"PASSERELLE_{name}: {told}"


def test_names_and_addresses_may_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://new.example")
    monkeypatch.setenv("PASSERELLE_HOSTS", "old.example, [::1],10.0.0.1")
    monkeypatch.setenv("PASSERELLE_TRUSTED_PEERS", "10.0.0.0/8,2001:db8::1")

    settings = settings_of_environment()

    assert settings.hosts == ("old.example", "[::1]", "10.0.0.1")
    assert [str(network) for network in settings.trusted_peers] == ["10.0.0.0/8", "2001:db8::1/128"]


def test_a_line_end_after_a_url_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a file of a secret has one."""
    monkeypatch.setenv(URL, "https://new.example\n")

    assert settings_of_environment().upstream_url == "https://new.example"


@pytest.mark.parametrize(
    "url",
    ["http://localhost:3000", "http://127.0.0.1:3000", "http://127.8.0.1", "http://[::1]:3000"],
    ids=["by name", "by address", "by another", "by IPv6"],
)
def test_this_machine_may_be_called_in_the_clear(url: str) -> None:
    assert Settings(upstream_url=url).upstream_url == url


@pytest.mark.parametrize(
    "url",
    ["http://new.example", "http://192.0.2.1", "http://localhost.example", "http://10.0.0.1"],
    ids=["a name", "an address", "a name that looks near", "an inner address"],
)
def test_health_data_leaves_this_machine_in_the_clear_only_where_that_is_allowed(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(URL, url)
    refused = refusal()

    monkeypatch.setenv("PASSERELLE_UPSTREAM_PLAINTEXT", "allow")

    assert refused == (
        "PASSERELLE_UPSTREAM_URL: http:// would carry health data in the clear; use https://, "
        "or PASSERELLE_UPSTREAM_PLAINTEXT=allow inside a network that you trust"
    )
    assert settings_of_environment().upstream_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_BODY_BYTES", "0"),
        ("MAX_ANSWER_BYTES", "-1"),
        ("MAX_DEPTH", "191"),
        ("DEADLINE_SECONDS", "0"),
        ("DEADLINE_SECONDS", "nan"),
        ("CONNECT_SECONDS", "soon"),
        ("UPSTREAM_CONNECTIONS", "0"),
        ("UPSTREAM_PLAINTEXT", "maybe"),
        ("CREDENTIALS", "judge"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(URL, "https://new.example")
    monkeypatch.setenv(f"PASSERELLE_{name}", value)

    assert refusal().startswith(f"PASSERELLE_{name}: Input should be")


def test_every_setting_says_what_it_is_for() -> None:
    said = [info.description for info in Settings.model_fields.values()]

    assert all(sentence and sentence.endswith(".") for sentence in said)

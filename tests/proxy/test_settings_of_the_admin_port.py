"""Whether there is an admin port, and where."""

import pytest

from proxy.errors import ConfigurationError
from proxy.settings import settings_of_environment

PORT = "PASSERELLE_ADMIN_PORT"


@pytest.fixture(autouse=True)
def _upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")


def test_there_is_none_unless_it_is_set_and_then_for_this_machine_alone() -> None:
    settings = settings_of_environment()

    assert (settings.admin_port, settings.admin_host) == (None, "127.0.0.1")


def test_it_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT, "9090")
    monkeypatch.setenv("PASSERELLE_ADMIN_HOST", "0.0.0.0")  # noqa: S104 - as in a container

    settings = settings_of_environment()

    assert (settings.admin_port, settings.admin_host) == (9090, "0.0.0.0")  # noqa: S104 - as above


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("65536", "Input should be less than or equal to 65535"),
        ("-1", "Input should be greater than or equal to 0"),
        ("many", "Input should be a valid integer, unable to parse string as an integer"),
        (
            "tcp://192.0.2.1:80",
            "expected a number; a URL is of Kubernetes, for a service of this name: set "
            "enableServiceLinks: false",
        ),
    ],
)
def test_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, given: str, said: str) -> None:
    monkeypatch.setenv(PORT, given)

    with pytest.raises(ConfigurationError) as caught:
        settings_of_environment()

    assert str(caught.value) == f"{PORT}: {said}"


def test_a_misspelt_port_is_no_word_of_kubernetes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_ADMN_PORT", "9090")

    with pytest.raises(ConfigurationError) as caught:
        settings_of_environment()

    said = "PASSERELLE_ADMN_PORT: no such setting; is PASSERELLE_ADMIN_PORT meant?"
    assert str(caught.value) == said

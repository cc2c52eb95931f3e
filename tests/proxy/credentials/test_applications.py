"""The file of legacy applications: what it holds, and how each mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.credentials.applications import basic, read_applications
from proxy.credentials.hashes import SecretHash
from proxy.errors import ConfigurationError
from tests.proxy.credentials.conftest import APPLICATIONS, CHEAP, HOSPITAL, PHARMACY, SECRETS

CANARY = "Canary7f3a91"
HASH = str(SecretHash.of(CANARY, CHEAP))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "applications.toml"


def table(**changes: str | None) -> str:
    """One application, with what is changed; None leaves a line out."""
    lines = {"secret": HASH, "client_id": "client", "client_secret": CANARY, **changes}
    rows = [f'{name} = "{value}"' for name, value in lines.items() if value is not None]
    return "\n".join(["[applications.some-uid]", *rows])


def test_every_application_has_its_secret_and_its_own_client(path: Path) -> None:
    path.write_text(APPLICATIONS)

    read = read_applications(path)

    assert list(read) == [HOSPITAL, PHARMACY]
    for uid, application in read.items():
        assert application.secret.fits(SECRETS[uid])
        assert application.client.application == uid
    assert read[HOSPITAL].client.authorization == basic(
        "hospital-client", "hospital-uid-modern-secret"
    )
    assert (read[HOSPITAL].client.scope, read[HOSPITAL].certificate) == ("", None)


def test_a_scope_and_a_certificate_may_be_given(path: Path) -> None:
    path.write_text(table(scope="openid", certificate="CN=é"), encoding="utf-8")

    read = read_applications(path)["some-uid"]

    assert (read.client.scope, read.certificate) == ("openid", "CN=é")


def test_a_client_secret_may_lie_in_a_file_of_its_own_beside_it(path: Path) -> None:
    (path.parent / "secret").write_text("from a file\n")
    path.write_text(table(client_secret=None, client_secret_file="secret"))

    read = read_applications(path)["some-uid"]

    assert read.client.authorization == basic("client", "from a file")


def test_a_secret_is_written_for_the_token_endpoint_as_in_a_form() -> None:
    """RFC 6749, section 2.3.1: what stands for itself in HTTP Basic alone is escaped."""
    assert basic("a b", "c:d+é") == "Basic YStiOmMlM0FkJTJCJUMzJUE5"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "applications: Field required"),
        ("[applications]", "applications: Dictionary should have at least 1 item"),
        (table(secret=CANARY), "applications.some-uid.secret: expected a hash, as `passerelle "),
        (table(client_id=""), "applications.some-uid.client_id: String should have at least 1"),
        (table(client_id=None), "applications.some-uid.client_id: Field required"),
        (table(certificate=""), "applications.some-uid.certificate: String should have at least"),
        (table(other=CANARY), "applications.some-uid.other: Extra inputs are not permitted"),
        (
            table(client_secret=None),
            "applications.some-uid: expected client_secret or client_secret_file, one of the two",
        ),
        (
            table(client_secret_file="x"),
            "applications.some-uid: expected client_secret or client_secret_file, one of the two",
        ),
        (
            table().replace("some-uid", '"some:uid"'),
            "applications.some:uid.[key]: expected a uid without a colon",
        ),
        (table() + f"\n= {CANARY}", "not a TOML file in UTF-8"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_a_secret(
    path: Path, text: str, told: str
) -> None:
    path.write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        read_applications(path)

    assert str(caught.value).startswith(f"PASSERELLE_APPLICATIONS: {path}: {told}")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_mistake_is_told_at_once(path: Path) -> None:
    path.write_text(table(client_id=None, secret=None))

    with pytest.raises(ConfigurationError) as caught:
        read_applications(path)

    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_told_by_its_own_name(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"applications\.toml: No such file"):
        read_applications(path)
    path.write_text(table(client_secret=None, client_secret_file="secret"))

    with pytest.raises(ConfigurationError, match=r"/secret: No such file"):
        read_applications(path)


def test_nothing_secret_is_in_what_is_printed_of_an_application(path: Path) -> None:
    path.write_text(table(certificate=CANARY))

    assert CANARY not in repr(read_applications(path))

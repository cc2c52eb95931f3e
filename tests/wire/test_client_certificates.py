"""An application is known by the certificate that it shows to the gateway's own TLS."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.chaos.serving import Gateway, gateway
from proxy.credentials.hashes import SecretHash
from tests.authorities import Authority
from tests.sockets.people import RECORDS
from tests.sockets.processes import passerelle

OURS, CLIENTS = Authority("Ours"), Authority("Clients")
CHEAP = (2, 1, 1)
"""A cost of hashing that no test has to wait for."""

APPLICATION = f"""
[applications.logiciel]
secret = "{SecretHash.of("sesame", CHEAP)}"
client_id = "hospital-software"
client_secret = "hospital-secret"
certificate = "CN=logiciel,O=Éditeur inventé,C=FR"
"""
KEY = {"Authorization": f"Basic {base64.b64encode(b'logiciel:sesame').decode()}"}


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with TLS that exchanges a legacy key and knows a certificate."""
    folder = tmp_path_factory.mktemp("gateway")
    applications = folder / "applications.toml"
    applications.write_text(APPLICATION, encoding="utf-8")
    with passerelle(folder / "sandbox", "sandbox", "--port", "0", "--strict") as sandbox:
        realm = f"{sandbox.url}/realms/professional"
        with gateway(
            sandbox.url,
            credentials="exchange",
            applications=str(applications),
            token_url=f"{realm}/protocol/openid-connect/token",
            tls_certificate=str(OURS.issue().write(folder / "tls.pem")),
            tls_client_ca=str(CLIENTS.write(folder / "clients.pem")),
            certificate_header="X-Client-Subject",
            trusted_peers="192.0.2.0/24",
        ) as process:
            yield process


def status(serving: Gateway, folder: Path, shown: str | None, **fields: str) -> int:
    """Of the answer to an application that shows a certificate of this name, or none."""
    issued = None if shown is None else CLIENTS.issue(shown, purpose="client")
    context: ssl.SSLContext = OURS.client_context(folder, issued)
    connection = http.client.HTTPSConnection("localhost", serving.port, context=context, timeout=10)
    try:
        connection.request("GET", RECORDS, headers={**KEY, **fields})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_certificate_that_it_must_show_lets_it_in(serving: Gateway, tmp_path: Path) -> None:
    assert status(serving, tmp_path, "logiciel") == 200


@pytest.mark.parametrize("shown", [None, "autre", "logiciel2"])
def test_without_that_certificate_it_is_refused(
    serving: Gateway, tmp_path: Path, shown: str | None
) -> None:
    assert status(serving, tmp_path, shown) == 401


@pytest.mark.parametrize("shown", [None, "autre"])
def test_a_header_in_its_place_is_believed_of_nobody_who_is_not_trusted(
    serving: Gateway, tmp_path: Path, shown: str | None
) -> None:
    told = "CN=logiciel,O=Éditeur inventé,C=FR".encode().decode("latin-1")

    assert status(serving, tmp_path, shown, **{"X-Client-Subject": told}) == 401

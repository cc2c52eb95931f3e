"""TLS towards the new API: whom the gateway believes, and what it shows."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest

from proxy.errors import ConfigurationError
from proxy.settings import BehindSettings
from proxy.upstream.tls import client_context
from tests.authorities import DAY, Authority, Issued, handshake, self_signed
from tests.test_floors import MODULES

OURS, OTHERS = Authority("Ours"), Authority("Others")


def context(folder: Path, **settings: Any) -> ssl.SSLContext:
    """The gateway's side, where it believes one authority."""
    of_ours = OURS.write(folder / "ca.pem")
    return client_context(
        BehindSettings(upstream_url="https://localhost", upstream_ca=of_ours, **settings)
    )


def test_a_server_of_the_authority_is_met_over_the_newest_tls_and_http_1_1(tmp_path: Path) -> None:
    server = OURS.server_context(tmp_path)
    server.set_alpn_protocols(["h2", "http/1.1"])

    met, _ = handshake(context(tmp_path), server)

    assert met.version() == "TLSv1.3"
    assert met.selected_alpn_protocol() == "http/1.1"


def test_a_server_may_be_known_by_its_address(tmp_path: Path) -> None:
    met, _ = handshake(context(tmp_path), OURS.server_context(tmp_path), name="127.0.0.1")

    assert met.version() == "TLSv1.3"


BAD: dict[str, tuple[Issued, str]] = {
    "of another authority": (OTHERS.issue(), "unable to get local issuer certificate"),
    "that it signed itself": (self_signed(), "self-signed certificate"),
    "that is over": (OURS.issue(begins=-2 * DAY, ends=-DAY), "certificate has expired"),
    "that has not begun": (OURS.issue(begins=DAY, ends=2 * DAY), "certificate is not yet valid"),
    "of another name": (OURS.issue(names=("other.example",)), "Hostname mismatch"),
    "of a name in its subject alone": (OURS.issue("localhost", names=()), "Hostname mismatch"),
    "of a client": (OURS.issue(purpose="client"), "unsuitable certificate purpose"),
}


@pytest.mark.parametrize(("shown", "reason"), BAD.values(), ids=BAD.keys())
def test_a_server_with_a_certificate_is_refused(tmp_path: Path, shown: Issued, reason: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        handshake(context(tmp_path), OURS.server_context(tmp_path, shown))


def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    made = context(tmp_path)

    assert made.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("apart", [False, True], ids=["in one file", "in two files"])
def test_a_server_that_asks_is_shown_a_certificate(tmp_path: Path, apart: bool) -> None:
    server = OURS.server_context(tmp_path)
    server.load_verify_locations(cadata=OTHERS.itself.pem.decode())
    server.verify_mode = ssl.CERT_REQUIRED
    shown = OTHERS.issue("passerelle", purpose="client")
    settings = {"upstream_certificate": shown.write(tmp_path / "shown.pem")}
    if apart:
        settings["upstream_certificate"].write_bytes(shown.pem)
        settings["upstream_key"] = tmp_path / "shown.key"
        settings["upstream_key"].write_bytes(shown.key_pem())

    _, answering = handshake(context(tmp_path, **settings), server)

    assert answering.getpeercert(binary_form=True) is not None
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        handshake(context(tmp_path), server)


def test_without_an_authority_of_its_own_the_public_ones_are_believed_and_ours_is_not(
    tmp_path: Path,
) -> None:
    public = client_context(BehindSettings(upstream_url="https://localhost"))

    assert public.cert_store_stats()["x509_ca"] > 50
    assert (public.verify_mode, public.check_hostname) == (ssl.CERT_REQUIRED, True)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(public, OURS.server_context(tmp_path))


def test_with_an_authority_of_its_own_no_public_one_is_believed(tmp_path: Path) -> None:
    made = context(tmp_path)

    assert made.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 1}
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_no_variable_of_openssl_changes_whom_the_gateway_believes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(OURS.write(tmp_path / "ca.pem")))

    public = client_context(BehindSettings(upstream_url="https://localhost"))

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(public, OURS.server_context(tmp_path))


def test_nothing_in_the_gateway_turns_verification_off() -> None:
    off = re.compile(r"CERT_NONE|check_hostname\s*=|verify\s*=\s*False|_unverified_context")

    found = [
        str(name)
        for name, path in MODULES.items()
        if name.parts[0] == "proxy" and off.search(path.read_text(encoding="utf-8"))
    ]

    assert found == []


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "upstream_ca",
            "UPSTREAM_CA: absent: No such file or directory; name a file that the gateway can read",
        ),
        (
            "upstream_certificate",
            "UPSTREAM_CERTIFICATE: absent: No such file or directory; name a file that the gateway "
            "can read",
        ),
        (
            "upstream_key",
            "UPSTREAM_CERTIFICATE: it must be set for PASSERELLE_UPSTREAM_KEY; name the PEM file "
            "of the certificate that it was made with",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line_that_names_the_setting(
    setting: str, said: str
) -> None:
    given: dict[str, Any] = {setting: "absent"}

    with pytest.raises(ConfigurationError) as raised:
        client_context(BehindSettings(upstream_url="https://localhost", **given))

    assert str(raised.value) == f"PASSERELLE_{said}"


def test_the_key_of_another_certificate_is_told_too(tmp_path: Path) -> None:
    certificate, key = tmp_path / "shown.pem", tmp_path / "other.key"
    certificate.write_bytes(OURS.issue(purpose="client").pem)
    key.write_bytes(OURS.issue(purpose="client").key_pem())

    with pytest.raises(ConfigurationError) as raised:
        context(tmp_path, upstream_certificate=certificate, upstream_key=key)

    assert str(raised.value) == (
        f"PASSERELLE_UPSTREAM_KEY: {key}: not the key of PASSERELLE_UPSTREAM_CERTIFICATE; name the "
        "one that it was made with"
    )

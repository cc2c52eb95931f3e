"""The gateway's own TLS: what it shows, whom it lets in, and how it gets a new certificate."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric import rsa

from proxy.errors import ConfigurationError
from proxy.front.tls import CHECK_SECONDS, bounding_handshakes, server_context, subject_of
from proxy.settings import FrontSettings
from tests.authorities import Authority, Issued, handshake
from tests.proxy.conftest import LogLines

PUBLIC, CLIENTS, OTHERS = Authority("Public"), Authority("Clients"), Authority("Others")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Shown(asyncio.BaseTransport):
    """A transport of a connection whose TLS is known."""

    def __init__(self, secured: Any) -> None:
        super().__init__({"ssl_object": secured} if secured is not None else {})


class Gateway:
    """The files of a gateway, and the TLS that it makes of them."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.clock = folder, Clock()
        self.certificate = PUBLIC.issue().write(folder / "tls.pem")
        self.authorities = CLIENTS.write(folder / "clients.pem")
        self.settings = FrontSettings(tls_certificate=self.certificate, **settings)
        context = server_context(self.settings, self.clock)
        assert context is not None
        self.context = context

    def later(self) -> None:
        """Let so much time pass that the files are looked at again."""
        self.clock.seconds += CHECK_SECONDS

    def met_by(
        self, shown: Issued | None = None, **others: Any
    ) -> tuple[ssl.SSLObject, ssl.SSLObject]:
        """A handshake with a client that shows a certificate, or none."""
        return handshake(PUBLIC.client_context(self.folder, shown), self.context, **others)

    def serial(self) -> int:
        """Of the certificate that a client is shown."""
        told = self.met_by()[0].getpeercert()
        assert told is not None
        return int(str(told["serialNumber"]), 16)


def serial_of(issued: Issued) -> int:
    return issued.certificate.serial_number


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_without_a_certificate_there_is_no_tls() -> None:
    assert server_context(FrontSettings()) is None


def test_a_client_meets_the_certificate_over_the_newest_tls_and_http_1_1(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    client = PUBLIC.client_context(tmp_path)
    client.set_alpn_protocols(["h2", "http/1.1"])

    met, _ = handshake(client, gateway.context)

    assert met.version() == "TLSv1.3"
    assert met.selected_alpn_protocol() == "http/1.1"


def test_tls_1_2_is_served_and_nothing_older(tmp_path: Path) -> None:
    gateway, client = Gateway(tmp_path), PUBLIC.client_context(tmp_path)
    client.maximum_version = ssl.TLSVersion.TLSv1_2

    met, answering = handshake(client, gateway.context)

    assert met.version() == "TLSv1.2"
    assert answering.context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert answering.context.options & ssl.OP_NO_RENEGOTIATION


def test_the_key_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    issued = PUBLIC.issue()
    settings = FrontSettings(
        tls_certificate=written(tmp_path / "tls.crt", issued.pem),
        tls_key=written(tmp_path / "tls.key", issued.key_pem()),
    )
    context = server_context(settings)
    assert context is not None

    met, _ = handshake(PUBLIC.client_context(tmp_path), context)

    assert met.version() == "TLSv1.3"


def test_where_certificates_are_optional_a_client_shows_a_believed_one_or_none(
    tmp_path: Path,
) -> None:
    gateway = Gateway(tmp_path, tls_client_ca=CLIENTS.write(tmp_path / "clients.pem"))

    _, anonymous = gateway.met_by()
    _, known = gateway.met_by(CLIENTS.issue("logiciel", purpose="client"))

    assert anonymous.getpeercert() is None
    assert known.getpeercert() is not None
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        gateway.met_by(OTHERS.issue("logiciel", purpose="client"))


def test_where_certificates_are_required_a_client_without_one_is_refused(tmp_path: Path) -> None:
    gateway = Gateway(
        tmp_path, tls_client_ca=CLIENTS.write(tmp_path / "clients.pem"), tls_clients="required"
    )

    _, known = gateway.met_by(CLIENTS.issue("logiciel", purpose="client"))

    assert known.getpeercert() is not None
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        gateway.met_by()


def test_a_certificate_of_a_server_is_none_of_a_client(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, tls_client_ca=CLIENTS.write(tmp_path / "clients.pem"))

    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        gateway.met_by(CLIENTS.issue("logiciel", purpose="server"))


def test_the_subject_of_a_client_is_told_as_rfc_4514_writes_it(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, tls_client_ca=CLIENTS.write(tmp_path / "clients.pem"))

    _, known = gateway.met_by(CLIENTS.issue("logiciel, médical", purpose="client"))
    _, anonymous = gateway.met_by()

    assert subject_of(Shown(known)) == "CN=logiciel\\, médical,O=Éditeur inventé,C=FR"
    assert subject_of(Shown(anonymous)) is None
    assert subject_of(Shown(None)) is None


def test_a_subject_that_cannot_be_read_is_nobodys() -> None:
    class Unreadable:
        def getpeercert(self, *, binary_form: bool) -> bytes:
            return b"\x30\x00"

    assert subject_of(Shown(Unreadable())) is None


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_handshake_that_does_not_go_on_is_over_in_time(
    tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    context = Gateway(tmp_path).context

    async def heard() -> bytes:
        server = await asyncio.get_running_loop().create_server(
            asyncio.Protocol, "127.0.0.1", 0, ssl=context
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        said = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        server.close()
        return said

    with asyncio.Runner(loop_factory=lambda: bounding_handshakes(new_loop(), 0.05)) as runner:
        runner.get_loop().set_exception_handler(lambda loop, told: None)

        assert runner.run(heard()) == b""


def test_a_new_certificate_is_shown_without_a_restart(tmp_path: Path, log_lines: LogLines) -> None:
    gateway = Gateway(tmp_path)
    renewed = PUBLIC.issue()
    renewed.write(gateway.certificate)

    at_once = gateway.serial()
    gateway.later()
    later = gateway.serial()
    gateway.later()
    and_later = gateway.serial()

    assert at_once != serial_of(renewed)
    assert later == and_later == serial_of(renewed)
    assert [line["event"] for line in log_lines()] == ["certificate reloaded"]


def test_a_connection_that_was_open_goes_on_with_what_it_met(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    asking, answering = gateway.met_by()

    PUBLIC.issue().write(gateway.certificate)
    gateway.later()
    gateway.met_by()

    assert asking.getpeercert(binary_form=True) is not None
    assert answering.version() == "TLSv1.3"


@pytest.mark.parametrize("half", [b"", b"-----BEGIN CERTIFICATE-----\nMIIB"], ids=["none", "half"])
def test_a_half_written_file_keeps_the_old_certificate_and_is_told_once(
    tmp_path: Path, log_lines: LogLines, half: bytes
) -> None:
    gateway = Gateway(tmp_path)
    before = gateway.serial()

    gateway.certificate.write_bytes(half)
    served = []
    for _ in range(3):
        gateway.later()
        served.append(gateway.serial())

    assert served == [before] * 3
    (line,) = log_lines()
    assert (line["event"], line["level"]) == ("certificate not reloaded", "warning")
    assert line["reason"].startswith("PASSERELLE_TLS_")
    assert "MIIB" not in log_lines.text


def test_a_certificate_whose_key_comes_later_is_shown_once_both_are_there(
    tmp_path: Path, log_lines: LogLines
) -> None:
    old, new = PUBLIC.issue(), PUBLIC.issue()
    certificate = written(tmp_path / "tls.crt", old.pem)
    key = written(tmp_path / "tls.key", old.key_pem())
    gateway = Gateway(tmp_path)
    gateway.settings = FrontSettings(tls_certificate=certificate, tls_key=key)
    context = server_context(gateway.settings, gateway.clock)
    assert context is not None
    gateway.context = context

    certificate.write_bytes(new.pem)
    gateway.later()
    between = gateway.serial()
    key.write_bytes(new.key_pem())
    gateway.later()

    assert between == serial_of(old)
    assert gateway.serial() == serial_of(new)
    assert [line["event"] for line in log_lines()] == [
        "certificate not reloaded",
        "certificate reloaded",
    ]


def test_a_file_that_is_gone_keeps_the_old_certificate(tmp_path: Path, log_lines: LogLines) -> None:
    gateway = Gateway(tmp_path)
    before = gateway.serial()

    gateway.certificate.unlink()
    gateway.later()

    assert gateway.serial() == before
    (line,) = log_lines()
    assert "No such file or directory" in line["reason"]


def test_clients_are_still_asked_for_their_certificates_after_a_reload(tmp_path: Path) -> None:
    gateway = Gateway(
        tmp_path, tls_client_ca=CLIENTS.write(tmp_path / "clients.pem"), tls_clients="required"
    )
    renewed = PUBLIC.issue()
    renewed.write(gateway.certificate)
    gateway.later()

    asking, _ = gateway.met_by(CLIENTS.issue("logiciel", purpose="client"))

    told = asking.getpeercert()
    assert told is not None
    assert int(str(told["serialNumber"]), 16) == serial_of(renewed)
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        gateway.met_by()
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        gateway.met_by(OTHERS.issue("logiciel", purpose="client"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_authority_that_is_believed_no_more_lets_nobody_in_not_even_by_a_session(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    authorities = CLIENTS.write(tmp_path / "clients.pem")
    gateway = Gateway(tmp_path, tls_client_ca=authorities, tls_clients="required")
    client = PUBLIC.client_context(tmp_path, CLIENTS.issue("logiciel", purpose="client"))
    client.maximum_version = version
    asking, answering = handshake(client, gateway.context)
    answering.write(b".")
    asking.read(1)
    resumed, _ = handshake(client, gateway.context, session=asking.session)

    OTHERS.write(authorities)
    gateway.later()

    assert resumed.session_reused
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        handshake(client, gateway.context, session=asking.session)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good files and bad ones."""
    folder = tmp_path_factory.mktemp("files")
    mine, other = PUBLIC.issue(), PUBLIC.issue(key=rsa.generate_private_key(65537, 2048))
    for name, data in {
        "both.pem": mine.pem + mine.key_pem(),
        "mine.crt": mine.pem,
        "mine.key": mine.key_pem(),
        "mine.der": ssl.PEM_cert_to_DER_cert(mine.pem.decode()),
        "cut.pem": mine.pem[:200] + b"\n" + mine.key_pem(),
        "cut.key": mine.key_pem()[:100] + b"\n-----END PRIVATE KEY-----\n",
        "encrypted.key": mine.key_pem("sesame"),
        "another.key": PUBLIC.issue().key_pem(),
        "rsa.key": other.key_pem(),
    }.items():
        (folder / name).write_bytes(data)
    return folder


MINE = {"tls_certificate": "mine.crt"}
BOTH = {"tls_certificate": "both.pem"}
UNREADABLE = "name a file that the gateway can read"
NO_KEY = "no private key in it; name a PEM file, which has a line -----BEGIN PRIVATE KEY-----"
NO_CERTIFICATE = (
    "no certificate in it; name a PEM file, which has a line -----BEGIN CERTIFICATE-----"
)
UNUSABLE = "OpenSSL cannot use it; is it whole, and strong enough?"
OF_ANOTHER = "not the key of PASSERELLE_TLS_CERTIFICATE; name the one that it was made with"
ALONE = "it must be set for PASSERELLE_{}; name the PEM file of the gateway's certificate"

WRONG: dict[str, tuple[dict[str, str], str]] = {
    "a certificate that is not there": (
        {"tls_certificate": "absent"},
        f"TLS_CERTIFICATE: absent: No such file or directory; {UNREADABLE}",
    ),
    "a certificate that cannot be read": (
        {"tls_certificate": "."},
        f"TLS_CERTIFICATE: .: Is a directory; {UNREADABLE}",
    ),
    "a certificate that is not PEM": (
        {"tls_certificate": "mine.der", "tls_key": "mine.key"},
        f"TLS_CERTIFICATE: mine.der: {NO_CERTIFICATE}",
    ),
    "a certificate that is cut": (
        {"tls_certificate": "cut.pem"},
        f"TLS_CERTIFICATE: cut.pem: {UNUSABLE}",
    ),
    "a certificate without a key": (MINE, f"TLS_KEY: mine.crt: {NO_KEY}"),
    "a key that is not there": (
        {**MINE, "tls_key": "absent"},
        f"TLS_KEY: absent: No such file or directory; {UNREADABLE}",
    ),
    "a key that is not PEM": (
        {**MINE, "tls_key": "mine.der"},
        f"TLS_KEY: mine.der: {NO_KEY}",
    ),
    "a key that is cut": ({**MINE, "tls_key": "cut.key"}, f"TLS_KEY: cut.key: {UNUSABLE}"),
    "a key of another certificate": (
        {**MINE, "tls_key": "another.key"},
        f"TLS_KEY: another.key: {OF_ANOTHER}",
    ),
    "a key of another kind": ({**MINE, "tls_key": "rsa.key"}, f"TLS_KEY: rsa.key: {OF_ANOTHER}"),
    "a key that is encrypted": (
        {**MINE, "tls_key": "encrypted.key"},
        "TLS_KEY: encrypted.key: the key is encrypted; `openssl pkey -in encrypted.key -out FILE` "
        "takes that off",
    ),
    "authorities that are not there": (
        {**BOTH, "tls_client_ca": "absent"},
        f"TLS_CLIENT_CA: absent: No such file or directory; {UNREADABLE}",
    ),
    "authorities that are not PEM": (
        {**BOTH, "tls_client_ca": "mine.der"},
        f"TLS_CLIENT_CA: mine.der: {NO_CERTIFICATE}",
    ),
    "authorities that are cut": (
        {**BOTH, "tls_client_ca": "cut.pem"},
        "TLS_CLIENT_CA: cut.pem: OpenSSL cannot read it; is it whole?",
    ),
    "required certificates without authorities": (
        {**BOTH, "tls_clients": "required"},
        "TLS_CLIENT_CA: it must be set for PASSERELLE_TLS_CLIENTS=required; name the PEM file "
        "of the authorities whose clients are let in",
    ),
    "a key alone": ({"tls_key": "mine.key"}, f"TLS_CERTIFICATE: {ALONE.format('TLS_KEY')}"),
    "authorities alone": (
        {"tls_client_ca": "mine.crt"},
        f"TLS_CERTIFICATE: {ALONE.format('TLS_CLIENT_CA')}",
    ),
    "required certificates alone": (
        {"tls_clients": "required"},
        f"TLS_CERTIFICATE: {ALONE.format('TLS_CLIENTS=required')}",
    ),
}


@pytest.mark.parametrize(("settings", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_used_is_told_in_a_line_that_names_the_setting(
    files: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(files)

    with pytest.raises(ConfigurationError) as raised:
        server_context(FrontSettings(**settings))

    assert str(raised.value) == f"PASSERELLE_{said}"

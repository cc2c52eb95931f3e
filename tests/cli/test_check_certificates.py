"""`passerelle check`: certificates, those that the gateway shows and those that it is shown."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import respx

from proxy.cli.checks.certificates import covers
from sandbox import create_app as create_sandbox
from tests.authorities import DAY, Authority, Issued, self_signed
from tests.cli.conftest import Run
from tests.cli.servers import served, taken_port
from tests.cli.test_check import HERE, found

AUTHORITY = Authority()
YEAR = timedelta(days=365)


class _Answering(BaseHTTPRequestHandler):
    """Says that there is nothing, and writes no line about it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves after the handshake is meant to."""


@contextmanager
def secured(folder: Path, issued: Issued) -> Iterator[str]:
    """A new API that shows this certificate."""
    server = _Server(("127.0.0.1", 0), _Answering)
    context = AUTHORITY.server_context(folder, issued)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is believed."""
    monkeypatch.setenv("PASSERELLE_UPSTREAM_CA", str(AUTHORITY.write(tmp_path / "ca.pem")))


@pytest.fixture
def _of_a_new_api_that_is_well(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    with respx.mock(assert_all_called=False) as upstream:
        upstream.get(f"{HERE}/").respond(200)
        yield


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize(
    ("ends", "state", "said"),
    [
        (YEAR, "ok", "the new API shows a certificate that is believed, until 20"),
        (20.5 * DAY, "warning", "its certificate ends in 20 days, on 20"),
    ],
)
def test_the_certificate_of_the_new_api_is_told_by_its_end(
    ends: timedelta,
    state: str,
    said: str,
    *,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with secured(tmp_path, AUTHORITY.issue(ends=ends)) as url:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)
        told = found(run)

    ((found_state, says),) = told["upstream tls"]
    assert found_state == state
    assert said in says
    assert told["upstream"][0][0] == "ok"


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize(
    ("issued", "said"),
    [
        (AUTHORITY.issue(begins=-2 * DAY, ends=-DAY), "certificate has expired"),
        (AUTHORITY.issue(names=("other.example",)), "Hostname mismatch"),
        (self_signed(), "self-signed certificate"),
    ],
    ids=["ended", "another name", "nobody's"],
)
def test_a_certificate_that_is_not_believed_is_told_with_the_reason(
    issued: Issued, said: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secured(tmp_path, issued) as url:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)
        result = run("check")

    assert result.exit_code == 1
    told = f"wrong  PASSERELLE_UPSTREAM_URL: {url}: its certificate is refused: {said}"
    assert told in result.stdout
    assert "unchecked  clock" in result.stdout


def test_a_server_without_tls_where_tls_is_expected_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(create_sandbox(strict=True)) as url:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url.replace("http:", "https:"))
        result = run("check")

    assert result.exit_code == 1
    assert "TLS fails: " in result.stdout


def test_a_server_that_never_shakes_hands_fails_in_time(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_CONNECT_SECONDS", "0.1")
    with taken_port() as port:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", f"https://127.0.0.1:{port}")
        result = run("check")

    assert result.exit_code == 1
    assert "no answer in time" in result.stdout


@pytest.mark.usefixtures("believed")
def test_authorities_that_cannot_be_read_are_told_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://127.0.0.1:9")
    monkeypatch.setenv("PASSERELLE_UPSTREAM_CA", str(tmp_path / "nowhere"))

    told = found(run)

    ((state, says),) = told["upstream tls"]
    assert (state, says.startswith("PASSERELLE_UPSTREAM_CA: ")) == ("wrong", True)
    assert told["gateway"] == [("unchecked", "gateway: until what is wrong above is mended")]
    assert told["upstream"] == [("unchecked", "the new API: until the configuration is right")]


@pytest.mark.usefixtures("believed")
def test_what_the_new_api_is_shown_is_told_by_its_end_too(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = AUTHORITY.issue("gateway", names=(), purpose="client", ends=YEAR)
    monkeypatch.setenv("PASSERELLE_UPSTREAM_CERTIFICATE", str(shown.write(tmp_path / "own.pem")))
    with secured(tmp_path, AUTHORITY.issue(ends=YEAR)) as url:
        monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", url)
        told = found(run)

    assert [state for state, _ in told["upstream tls"]] == ["ok", "ok"]
    assert told["upstream tls"][0][1].startswith("upstream tls: certificate of no host, until 20")


@pytest.mark.usefixtures("_of_a_new_api_that_is_well")
@pytest.mark.parametrize(
    ("begins", "ends", "state", "said"),
    [
        (-DAY, YEAR, "ok", "tls: certificate of localhost, 127.0.0.1, until 20"),
        (-DAY, 3.5 * DAY, "warning", "PASSERELLE_TLS_CERTIFICATE: it ends in 3 days, on 20"),
        (-2 * DAY, -DAY, "wrong", "PASSERELLE_TLS_CERTIFICATE: it ended on 20"),
        (DAY, YEAR, "wrong", "PASSERELLE_TLS_CERTIFICATE: not valid before 20"),
    ],
    ids=["good", "soon", "ended", "not yet"],
)
def test_the_gateways_own_certificate_is_told_by_its_dates(
    begins: timedelta,
    ends: timedelta,
    state: str,
    said: str,
    *,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issued = AUTHORITY.issue(begins=begins, ends=ends)
    monkeypatch.setenv("PASSERELLE_TLS_CERTIFICATE", str(issued.write(tmp_path / "own.pem")))

    ((found_state, says),) = found(run)["tls"]

    assert found_state == state
    assert says.startswith(said)


@pytest.mark.usefixtures("_of_a_new_api_that_is_well")
def test_a_key_that_does_not_fit_is_wrong(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_bytes(AUTHORITY.issue().key_pem())
    issued = AUTHORITY.issue()
    monkeypatch.setenv("PASSERELLE_TLS_CERTIFICATE", str(issued.write(tmp_path / "own.pem")))
    monkeypatch.setenv("PASSERELLE_TLS_KEY", str(tmp_path / "key.pem"))

    ((state, says),) = found(run)["tls"]

    assert state == "wrong"
    assert "not the key of PASSERELLE_TLS_CERTIFICATE" in says


@pytest.mark.usefixtures("_of_a_new_api_that_is_well")
def test_a_host_that_the_certificate_does_not_name_is_a_warning(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = AUTHORITY.issue(names=("*.example",), ends=YEAR)
    monkeypatch.setenv("PASSERELLE_TLS_CERTIFICATE", str(issued.write(tmp_path / "own.pem")))
    monkeypatch.setenv("PASSERELLE_HOSTS", "old.example,very.old.example")
    monkeypatch.setenv("PASSERELLE_PUBLIC_URL", "https://new.test/old")

    _, *told = found(run)["tls"]

    refused = "; applications that come there refuse it"
    assert told == [
        (
            "warning",
            "PASSERELLE_TLS_CERTIFICATE: it does not name very.old.example (PASSERELLE_HOSTS)"
            + refused,
        ),
        (
            "warning",
            "PASSERELLE_TLS_CERTIFICATE: it does not name new.test (PASSERELLE_PUBLIC_URL)"
            + refused,
        ),
    ]


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("OLD.example", True),
        ("a.wild.example", True),
        ("a.b.wild.example", False),
        ("wild.example", False),
        ("[::1]", True),
        ("localhost", False),
    ],
)
def test_a_star_stands_for_one_part_of_a_name(host: str, covered: bool) -> None:
    assert covers(("old.example", "*.wild.example", "::1"), host) is covered

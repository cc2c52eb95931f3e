"""`passerelle serve`: what it hands to the server, and what it says when it cannot."""

import base64
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from proxy.app import now
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store.store import Aside, Store
from tests.cli.conftest import Passerelle, Run
from tests.cli.servers import free_port, taken_port

UPSTREAM = "https://new.example"
LOST_KEY = f"lost:{base64.b64encode(bytes(32)).decode()}"


@dataclass
class Servers:
    """The servers that were run, none of which served."""

    configs: list[uvicorn.Config] = field(default_factory=list)
    addresses: list[Any] = field(default_factory=list)

    def note(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        """Keep what a server was given."""
        self.configs.append(config)
        for listening in sockets:
            self.addresses.append(listening.getsockname()[:2])
            listening.close()


DROPPED = (
    "values that the new API has no place for: dropped and told "
    "(to keep them: PASSERELLE_KEYS_FILE and PASSERELLE_SET_ASIDE)\n"
)
"""What is said once at start where no key is configured."""


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    """Servers that end before they begin."""
    servers = Servers()
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda server, sockets: servers.note(server.config, sockets)
    )
    monkeypatch.setattr(
        Multiprocess, "run", lambda workers: servers.note(workers.config, workers.sockets)
    )
    return servers


@pytest.fixture
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", UPSTREAM)


@pytest.mark.usefixtures("_configured")
def test_the_base_url_of_the_new_api_suffices_to_serve(run: Run, servers: Servers) -> None:
    result = run("serve", "--port", "0")

    assert result.exit_code == 0
    ((host, port),) = servers.addresses
    assert host == "127.0.0.1"
    assert result.stderr == f"passerelle serves on http://127.0.0.1:{port}\n{DROPPED}"
    assert result.stdout == ""


@pytest.mark.usefixtures("_configured")
def test_host_and_port_choose_where_it_listens(run: Run, servers: Servers) -> None:
    port = free_port()

    result = run("serve", "--host", "localhost", "--port", str(port))

    assert result.exit_code == 0
    assert servers.addresses == [("127.0.0.1", port)]
    assert result.stderr == f"passerelle serves on http://127.0.0.1:{port}\n{DROPPED}"


@pytest.mark.usefixtures("_configured")
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_ip_6_is_told_as_a_url(run: Run, servers: Servers) -> None:
    result = run("serve", "--host", "::1", "--port", "0")

    ((_, port),) = servers.addresses
    assert f"http://[::1]:{port}\n" in result.stderr


@pytest.mark.usefixtures("_configured")
def test_the_server_writes_no_line_with_a_url_and_no_name_of_its_own(
    run: Run, servers: Servers
) -> None:
    run("serve", "--port", "0")

    (config,) = servers.configs
    assert not config.access_log
    assert not config.server_header
    assert config.timeout_graceful_shutdown


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize("workers", [1, 2])
def test_each_worker_makes_the_gateway_that_the_environment_describes(
    workers: int, run: Run, servers: Servers
) -> None:
    result = run("serve", "--port", "0", "--workers", str(workers))

    assert result.exit_code == 0
    (config,) = servers.configs
    assert config.workers == workers
    config.load()
    assert config.factory
    assert isinstance(config.app, str)
    module, _, name = config.app.partition(":")
    made = getattr(__import__(module, fromlist=[name]), name)()
    assert isinstance(made, Starlette)


@pytest.mark.usefixtures("_configured")
def test_no_workers_at_all_are_wrong_usage(run: Run) -> None:
    result = run("serve", "--workers", "0")

    assert result.exit_code == 2
    assert "--workers" in result.stderr


def test_without_the_base_url_it_is_wrong_configuration(passerelle: Passerelle) -> None:
    ended = passerelle("serve")

    assert ended.code == 3
    assert ended.err == "passerelle: PASSERELLE_UPSTREAM_URL: it must be set\n"
    assert ended.out == ""


@pytest.mark.usefixtures("_configured")
def test_every_wrong_setting_has_its_line(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_MAX_BODY_BYTES", "much")
    monkeypatch.setenv("PASSERELLE_DEADLIN_SECONDS", "3")

    ended = passerelle("serve")

    assert ended.code == 3
    assert ended.err.splitlines() == [
        "passerelle: PASSERELLE_DEADLIN_SECONDS: no such setting; is "
        "PASSERELLE_DEADLINE_SECONDS meant?",
        "PASSERELLE_MAX_BODY_BYTES: Input should be a valid integer, unable to parse string as an "
        "integer",
    ]


@pytest.mark.usefixtures("_configured")
def test_a_pack_that_cannot_be_had_is_wrong_configuration(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_PACK", "mappings.nowhere")

    ended = passerelle("serve", "--port", "0")

    assert ended.code == 3
    assert ended.err.startswith("passerelle: PASSERELLE_PACK: mappings.nowhere")


@pytest.mark.usefixtures("_configured")
def test_an_address_in_use_is_wrong_configuration(passerelle: Passerelle) -> None:
    with taken_port() as port:
        ended = passerelle("serve", "--port", str(port))

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: cannot listen on 127.0.0.1 port {port}: ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "65536"),
        ("serve", "--port", "-1"),
        ("sandbox", "--port", "65536"),
        ("demo", "--port", "65536", "--sandbox-port", "0"),
        ("demo", "--sandbox-port", "65536", "--port", "0"),
    ],
    ids=" ".join,
)
def test_a_port_that_no_machine_has_is_wrong_usage(arguments: tuple[str, ...], run: Run) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert arguments[1] in result.stderr


def test_a_folder_that_cannot_be_written_is_wrong_configuration(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "a-file" / "state"))

    ended = passerelle("serve", "--port", "0")

    assert ended.code == 3
    assert ended.err == (
        f"passerelle: PASSERELLE_DATA_DIR: {tmp_path}/a-file/state cannot be written: "
        "Not a directory\n"
    )


def test_a_store_that_is_damaged_is_wrong_configuration(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "passerelle.db").write_bytes(b"no database at all" * 100)
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))

    ended = passerelle("serve", "--port", "0")

    assert ended.code == 3
    assert ended.err == "passerelle: PASSERELLE_DATA_DIR: the store failed: SQLITE_NOTADB\n"


def test_a_postgresql_that_is_not_there_is_wrong_configuration(
    passerelle: Passerelle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_STORE_URL", f"postgresql://x:sesame@/x?host={tmp_path}")

    ended = passerelle("serve", "--port", "0")

    assert ended.code == 3
    assert ended.err.startswith("passerelle: PASSERELLE_STORE_URL: the store failed: ")
    assert "sesame" not in ended.err


def test_keys_that_are_configured_are_told_by_what_they_do(
    run: Run, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_KEYS", new_key())

    result = run("serve", "--port", "0")

    assert result.stderr.endswith("has no place for: kept here, sealed\n")


def test_the_fate_of_single_fields_is_told_too(
    run: Run, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_SET_ASIDE_FIELDS", "ins_c=reject")

    result = run("serve", "--port", "0")

    assert result.stderr.endswith("PASSERELLE_SET_ASIDE); ins_c: refused\n")


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize("keys", ["", new_key()], ids=["no key", "another key"])
def test_values_that_no_key_opens_are_no_way_to_start(
    passerelle: Passerelle, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keys: str
) -> None:
    """Else every reading would fail, or show null where something is kept."""
    settings = Settings(upstream_url=UPSTREAM, data_dir=tmp_path, keys=SecretStr(LOST_KEY))
    anyio.run(_keep_something, settings)
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", UPSTREAM)
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PASSERELLE_KEYS", keys)

    ended = passerelle("serve", "--port", "0")
    monkeypatch.setenv("PASSERELLE_SET_ASIDE", "drop")
    let_go = run("serve", "--port", "0")

    assert ended.code == 3
    assert ended.err.startswith(
        "passerelle: PASSERELLE_KEYS_FILE: values are sealed by keys that are not configured: "
        "1 rows by lost; put them back"
    )
    assert let_go.exit_code == 0


async def _keep_something(settings: Settings) -> None:
    store = Store(settings, now)
    await store.keep([Aside(("health_record", "r-1"), "r-1", {"email": "o@example.org"})])
    await store.close()

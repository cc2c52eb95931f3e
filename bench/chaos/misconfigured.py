"""Configurations that are wrong in one place, and the name by which a refusal tells of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from proxy.credentials.hashes import SecretHash
from proxy.settings import PREFIX
from tests.authorities import self_signed

UPSTREAM = "https://new.example"
APPLICATIONS = f"""
[applications.old]
secret = "{SecretHash.of("invented", (2, 1, 1))}"
client_id = "new"
client_secret = "invented"
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """A configuration that is wrong in one place."""

    what: str
    named: str
    """What the refusal must name."""
    settings: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("--port", "0")


@contextmanager
def broken(folder: Path) -> Iterator[list[Broken]]:
    """All of them; their files are in the folder, and one port is taken meanwhile."""
    files = _files(folder)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        good = {"upstream_url": UPSTREAM, "data_dir": str(folder / "good")}
        taken = Broken("the port is taken", f"port {port}", good, ("--port", str(port)))
        rows = [*_values(), *_of_files(files), *_of_credentials(files), *_of_certificates(files)]
        missing = Broken("no upstream", f"{PREFIX}UPSTREAM_URL", {"data_dir": good["data_dir"]})
        yield [
            missing,
            taken,
            *(
                Broken(what, PREFIX + named, good | dict(settings))
                for what, named, settings in rows
            ),
        ]


Row = tuple[str, str, dict[str, str]]
"""What is wrong, which setting is named, and the settings beside the good ones."""


def _values() -> list[Row]:
    return [
        ("another scheme", "UPSTREAM_URL", {"upstream_url": "ftp://new.example"}),
        ("health data in the clear", "UPSTREAM_URL", {"upstream_url": "http://new.example"}),
        ("no such setting", "WEATHER", {"weather": "sunny"}),
        ("a misspelt setting", "DEADLINE_SECONDS meant?", {"deadlin_seconds": "3"}),
        ("a word for a number", "MAX_BODY_BYTES", {"max_body_bytes": "much"}),
        ("a number out of range", "MAX_DEPTH", {"max_depth": "191"}),
        ("no such choice", "UPSTREAM_REUSE", {"upstream_reuse": "nobody"}),
        ("no networks", "TRUSTED_PEERS", {"trusted_peers": "10.0.0.0/8,the-proxy"}),
        ("no host names", "HOSTS", {"hosts": "old.example,two words"}),
        ("no key", "KEYS", {"keys": "k1:c2hvcnQ="}),
        ("no such pack", "PACK", {"pack": "mappings.nowhere"}),
    ]


def _of_files(files: dict[str, str]) -> list[Row]:
    return [
        ("a folder that cannot be made", "DATA_DIR", {"data_dir": f"{files['text']}/state"}),
        ("a damaged store", "DATA_DIR", {"data_dir": files["damaged"]}),
        ("no file of keys", "KEYS_FILE", {"keys_file": files["nowhere"]}),
        ("no folder of tables", "TABLES", {"tables": files["nowhere"]}),
        ("options that are no TOML", "PACK_OPTIONS", {"pack_options": files["text"]}),
        ("no such option", "PACK_OPTIONS", {"pack_options": files["options"]}),
    ]


def _of_credentials(files: dict[str, str]) -> list[Row]:
    exchange = {"credentials": "exchange", "token_url": "https://sign-in.example/token"}
    return [
        ("no applications", "APPLICATIONS", exchange),
        ("applications that are none", "APPLICATIONS", exchange | {"applications": files["text"]}),
        (
            "no token endpoint",
            "TOKEN_URL",
            {"credentials": "exchange", "applications": files["applications"]},
        ),
        (
            "no key for tokens",
            "KEYS_FILE",
            {"token_url": exchange["token_url"], "tokens": "opaque"},
        ),
    ]


def _of_certificates(files: dict[str, str]) -> list[Row]:
    shown = {"tls_certificate": files["certificate"]}
    return [
        ("no certificate", "TLS_CERTIFICATE", {"tls_certificate": files["nowhere"]}),
        ("another's key", "TLS_KEY", shown | {"tls_key": files["key"]}),
        ("no authorities", "UPSTREAM_CA", {"upstream_ca": files["text"]}),
        ("no key to show", "UPSTREAM_KEY", {"upstream_certificate": files["certificate"]}),
    ]


def _files(folder: Path) -> dict[str, str]:
    damaged = folder / "damaged"
    damaged.mkdir()
    (damaged / "passerelle.db").write_bytes(b"no database at all" * 100)
    written = {
        "text": b"no = such = file",
        "options": b"[names]\nweather = 'sunny'\n",
        "applications": APPLICATIONS.encode(),
        "certificate": self_signed().pem,
        "key": self_signed().key_pem(),
    }
    for name, content in written.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in (*written, "damaged", "nowhere")}

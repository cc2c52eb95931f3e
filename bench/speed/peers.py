"""The gateways that are measured: what each needs, and how it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.speed import installing

PREFIX = "PASSERELLE_"
PLAIN = ("create", "read", "list100")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway stands: its own folder, its port, and what it needs to know."""

    folder: Path
    port: int
    upstream: str
    """HOST:PORT of the new API."""
    tables: Path
    """The nomenclature of vaccines and the ids that were given out, for the peers."""
    operator: Path
    """The folder with the operator's tables, for passerelle."""
    translation: str = "records"
    """Which one the peers do, by the name of its file."""

    @property
    def access_log(self) -> Path:
        """Where it writes a line for each request."""
        return self.folder / "access.log"

    @property
    def environment(self) -> dict[str, str]:
        """What every peer is told."""
        return {
            "PORT": str(self.port),
            "UPSTREAM": f"http://{self.upstream}",
            "TABLES": str(self.tables),
            "ACCESS_LOG": str(self.access_log),
            "TRANSLATION": self.translation,
        }


Command = tuple[Sequence[str | Path], Mapping[str, str]]
"""A command, and what its environment has beside the usual."""

Start = Callable[[Place], Command]


@dataclass(frozen=True, slots=True)
class Peer:
    """One gateway."""

    name: str
    what: str
    install: Callable[[], object]
    start: Start
    works: tuple[str, ...] = PLAIN
    translates: bool = True
    row: str = field(default="")
    """Under which name its figures stand, where that is another."""


def passerelle(workers: int = 1, **settings: str) -> Start:
    """The gateway of this checkout, with these settings."""

    def start(place: Place) -> Command:
        program = Path(sys.executable).with_name("passerelle")
        own = {
            "UPSTREAM_URL": f"http://{place.upstream}",
            "TABLES": str(place.operator),
            "DATA_DIR": str(place.folder),
            **settings,
        }
        env = {f"{PREFIX}{name}": value for name, value in own.items()}
        command: list[str | Path] = [program, "serve", "--port", str(place.port)]
        return [*command, "--workers", str(workers)], env

    return start


def nginx_user() -> str:
    """Root's nginx gives its worker away, who could not read a folder of this run."""
    return "user root;" if os.geteuid() == 0 else ""


def _nginx(name: str) -> Start:
    def start(place: Place) -> Command:
        template = (installing.PEERS / name / "nginx.conf").read_text()
        config = place.folder / "nginx.conf"
        config.write_text(
            template.format(
                user=nginx_user(),
                folder=place.folder,
                log=place.access_log,
                port=place.port,
                upstream=place.upstream,
                modules=installing.MODULES,
                peers=installing.PEERS,
                translation=place.translation,
            )
        )
        command: list[str | Path] = ["nginx", "-e", place.folder / "error.log", "-c", config]
        return command, place.environment

    return start


def _go(place: Place) -> Command:
    return [installing.cache() / "go-gateway"], {**place.environment, "GOMAXPROCS": "1"}


def _node(name: str) -> Start:
    def start(place: Place) -> Command:
        env = {**place.environment, "NODE_ENV": "production", "TZ": "Europe/Paris"}
        return ["node", installing.cache() / "node" / f"with-{name}.js"], env

    return start


def _fastapi(place: Place) -> Command:
    program, here = installing.cache() / "fastapi/bin/uvicorn", installing.PEERS / "python"
    # Its access log, one line a request, goes to standard output and so into the log.
    command: list[str | Path] = [program, f"fastapi_{place.translation}:app", "--app-dir", here]
    return [*command, "--port", str(place.port)], place.environment


def _mitmproxy(place: Place) -> Command:
    here = installing.PEERS / "python"
    command = [installing.cache() / "mitmproxy/bin/python", here / "mitmproxy_gateway.py"]
    return command, place.environment


def _there() -> None:
    """Nothing is needed: it is what runs the bench."""


PEERS = (
    Peer(
        "passerelle",
        "this gateway; creations are not remembered",
        _there,
        passerelle(INTENT_MINUTES="0"),
    ),
    Peer(
        "passerelle-kept",
        "this gateway as it comes; creations are remembered in SQLite",
        _there,
        passerelle(),
        works=("create-kept",),
        row="passerelle",
    ),
    Peer(
        "nginx",
        "nginx, plain proxy_pass: the limit, it carries bodies on unread",
        installing.nginx,
        _nginx("nginx"),
        translates=False,
    ),
    Peer(
        "nginx-lua",
        "nginx with Debian's Lua module and lua-cjson",
        installing.nginx_lua,
        _nginx("nginx-lua"),
    ),
    Peer("go", "Go, httputil.ReverseProxy with typed structs", installing.go, _go),
    Peer("node", "Node, fastify and undici", installing.node, _node("fastify")),
    Peer("express", "Node, Express and http-proxy-middleware", installing.node, _node("express")),
    Peer(
        "fastapi",
        "FastAPI and httpx as most people write it, models both ways",
        lambda: installing.python("fastapi"),
        _fastapi,
    ),
    Peer(
        "mitmproxy",
        "mitmproxy as a library, with an addon",
        lambda: installing.python("mitmproxy"),
        _mitmproxy,
    ),
)

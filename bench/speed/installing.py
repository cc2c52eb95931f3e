"""What the peers need, put into folders of their own; what cannot be had is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PEERS = Path(__file__).parent.parent / "peers"
MODULES = Path("/usr/lib/nginx/modules")


class MissingError(Exception):
    """Something cannot be had here; the text says what and why."""


def cache() -> Path:
    """Where all that is kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "passerelle-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tell(sentence: str) -> None:
    """Say on stderr what goes on."""
    print(sentence, file=sys.stderr, flush=True)


def debian(*packages: str, have: str) -> None:
    """Install Debian packages unless their program, or the file at this path, is there."""
    if shutil.which(have) or Path(have).is_file():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingError(f"{' '.join(packages)}: not installed, and only root with apt-get may")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    try:
        _run(install, env=env)
    except MissingError:
        # A machine that never looked knows of no package.
        _run(["apt-get", "update", "-qq"], env=env)
        _run(install, env=env)


def python(name: str) -> Path:
    """The programs of a venv with a peer's pinned requirements, of the Python that runs here."""
    wanted = PEERS / "python" / f"{name}.txt"
    folder = cache() / name
    stamp = folder / "stamp"
    text = f"{sys.version}\n{wanted.read_text()}"
    if not stamp.exists() or stamp.read_text() != text:
        base = getattr(sys, "_base_executable", sys.executable)
        _run([base, "-m", "venv", "--clear", str(folder)])
        _run([str(folder / "bin/pip"), "install", "-qq", "-r", str(wanted)])
        stamp.write_text(text)
    return folder / "bin"


def node() -> Path:
    """The peers of Node with what their lock file holds, in a folder of its own."""
    debian("nodejs", have="node")
    debian("npm", have="npm")
    source, folder = PEERS / "node", cache() / "node"
    lock = (source / "package-lock.json").read_text()
    stamp = folder / "stamp"
    fresh = not stamp.exists() or stamp.read_text() != lock
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if fresh:
        _run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder)
        stamp.write_text(lock)
    return folder


def go() -> Path:
    """The peer of Go, built."""
    debian("golang-go", have="go")
    program = cache() / "go-gateway"
    _run(["go", "build", "-o", str(program), "."], cwd=PEERS / "go")
    return program


def nginx() -> None:
    """Nginx alone."""
    debian("nginx-light", have="nginx")


def nginx_lua() -> None:
    """Nginx's Lua module and the JSON library."""
    nginx()
    debian("libnginx-mod-http-lua", "lua-cjson", have=f"{MODULES}/ngx_http_lua_module.so")


def _run(
    command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> None:
    tell(f"  {' '.join(command[:6])} ...")
    try:
        ended = subprocess.run(  # noqa: S603 - the commands stand above
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
            cwd=cwd,
        )
    except OSError as error:
        raise MissingError(f"{command[0]}: {error.strerror}") from error
    if ended.returncode:
        last = (ended.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise MissingError(f"{' '.join(command[:4])}: {last}")

"""A reader's shell: a page's blocks, one after the other, in a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.docs import environment
from tests.docs.pages import ROOT

SECONDS = 240
"""No page takes a tenth of it on a machine that does nothing else."""
PORTS = re.compile(r"(?<![\d.])(8000|8080|8100|9000|9090|9100)(?!\d)")
SERVER = re.compile(
    r"(?s)(?P<command>(?:[A-Z_]+=\S+[ \\\n]+)*"
    r"(?:passerelle (?P<what>serve|sandbox|demo)|scripts/(?P<script>serve|demo)|uvicorn)\b"
    r"(?:(?!--once|--help)[^&|;#])*?)\s*&?\s*(?:#.*)?"
)
OWN_PORT = {"sandbox": "9000", "serve": "8080", "demo": "8080"}

# A server stays until another one takes its port, as when a reader ends it by Ctrl-C before.
PRELUDE = """
set -eu -o pipefail
declare -A served=()
end() { [ -z "${served[$1]-}" ] || { kill "${served[$1]}" 2>/dev/null || true; \
wait "${served[$1]}" || true; }; unset "served[$1]"; }
answers() {
    for _ in {1..600}; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && grep -q "$3" "$out"
        then served[$2]=$1; return; fi
        kill -0 "$1" 2>/dev/null || break
        sleep 0.05
    done
    echo "nothing serves on port $2" >&2; exit 99
}
trap 'for port in "${!served[@]}"; do end "$port"; done' EXIT
"""


@dataclass(frozen=True)
class Session:
    """What came of the blocks: the exit code of them all, and what each of them printed."""

    code: int | str
    printed: tuple[str, ...]


class Shell:
    """One copy of the tree, with ports of its own for what the pages serve on fixed ones."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.template = template
        self.folder = folder
        self.tree = folder / "tree"
        # Times are kept, so that what was compiled in the template counts here too.
        shutil.copytree(template, self.tree, symlinks=True)
        environment.make(self.tree / ".venv")
        with ExitStack() as held:
            taken = [held.enter_context(socket.socket()) for _ in range(6)]
            for one in taken:
                one.bind(("127.0.0.1", 0))
            free = [str(one.getsockname()[1]) for one in taken]
        fixed = ("8000", "8080", "8100", "9000", "9090", "9100")
        self.ports = dict(zip(fixed, free, strict=True))

    def run(self, blocks: Sequence[Sequence[str]]) -> Session:
        """Run these blocks, each a list of commands, until one of them fails."""
        outs = [self.folder / f"{number}.out" for number in range(len(blocks))]
        script = PRELUDE
        for commands, out in zip(blocks, outs, strict=True):
            script += f"out={out}; exec >$out 2>&1\n" + "".join(self._line(one) for one in commands)
        code = self._bash(script)
        shown = [out.read_text("utf-8") if out.exists() else "" for out in outs]
        return Session(code, tuple(self._as_written(text) for text in shown))

    def _bash(self, script: str) -> int | str:
        bash = subprocess.Popen(
            ["bash", "-c", script],  # noqa: S607 - whichever bash is here
            cwd=self.tree,
            env=environment.variables(self.tree, self.folder),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return bash.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(bash.pid, signal.SIGKILL)
            bash.wait()
            return f"not over after {SECONDS} s"

    def _line(self, command: str) -> str:
        served = SERVER.fullmatch(command)
        if served is None:
            return self._own_ports(command) + "\n"
        line = served["command"].rstrip()
        what = served["what"] or served["script"] or ""
        if "--port" not in line:
            line += f" --port {OWN_PORT[what]}"
        port = re.findall(r"--port (\d+)", line)[-1]
        also, says = port, ""
        if what == "demo":
            also, says = "9000", "Ctrl-C ends both"
            line += " --sandbox-port 9000"
        return self._own_ports(
            f"end {port}; end {also}\n{line} &\n"
            f"answers $! {also} '{says}'; answers $! {port} '{says}'\n"
        )

    def _own_ports(self, text: str) -> str:
        text = text.replace("git clone ADDRESS", f"git clone -q {self.template}")
        return PORTS.sub(lambda match: self.ports[match[0]], text)

    def _as_written(self, text: str) -> str:
        for fixed, own in self.ports.items():
            text = text.replace(f":{own}", f":{fixed}")
        return text


def template(folder: Path) -> Path:
    """A copy of what is or will be committed, compiled once for all."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607 - whichever git is here
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    tree = folder / "template"
    for file in listed.stdout.splitlines():
        source = ROOT / file
        if source.is_file():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, tree / file)
    as_somebody = ("-c", "user.name=A reader", "-c", "user.email=reader@example.org")
    for words in (["init", "-q"], ["add", "-A"], [*as_somebody, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *words], cwd=tree, check=True)  # noqa: S607 - whichever git is here
    packages = ("mappings", "proxy", "sandbox")
    subprocess.run(
        [sys.executable, "-m", "compileall", "-qq", *packages],
        cwd=tree,
        # What cannot be compiled is told where it is used.
        check=False,
    )
    return tree

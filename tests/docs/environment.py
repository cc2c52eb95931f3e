"""What stands for `.venv` in a copy of the tree: this Python's packages, with the copy's code."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

TOOLS = ("coverage", "mkdocs", "mypy", "pytest", "ruff", "uvicorn")


def make(venv: Path) -> None:
    """Make it there, without a registry; `pip` has nothing to do in it."""
    bin_folder = venv / "bin"
    bin_folder.mkdir(parents=True, exist_ok=True)
    tree = venv.resolve().parent
    files = {
        "python": f"#!/bin/sh\nPYTHONPATH={tree}${{PYTHONPATH:+:$PYTHONPATH}} exec "
        f'{sys.executable} "$@"\n',
        "pip": "#!/bin/sh\n",
        "activate": f"PATH={bin_folder.resolve()}:$PATH\n",
        "passerelle": f"#!/bin/sh\nexec {bin_folder.resolve()}/python -c "
        "'import sys; from proxy.program import main; sys.argv[0] = \"passerelle\"; main()' "
        '"$@"\n',
    }
    for tool in TOOLS:
        files[tool] = f'#!/bin/sh\nexec {bin_folder.resolve()}/python -m {tool} "$@"\n'
    for name, text in files.items():
        (bin_folder / name).write_text(text, encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    (venv / "stamp").write_text(_stamp(tree), encoding="utf-8")


def variables(tree: Path, folder: Path) -> dict[str, str]:
    """A shell that has been told `. .venv/bin/activate`, and nothing else of this machine."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    python = folder / "python"
    # scripts/install makes .venv by it, in whatever folder a reader has cloned to.
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -m ] || exec {sys.executable} "$@"\n'
        f"exec {sys.executable} {shlex.quote(__file__)}\n",
        encoding="utf-8",
    )
    python.chmod(0o755)
    return {
        "PATH": f"{tree / '.venv/bin'}:{os.defpath}",
        "HOME": str(home),
        "PYTHON": str(python),
        "COLUMNS": "100",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


def _stamp(tree: Path) -> str:
    """What scripts/install compares, so that it finds nothing to do."""
    told = subprocess.run(
        ["sh", "-c", "pwd -P && cksum pyproject.toml requirements/dev.txt"],  # noqa: S607 - any sh
        cwd=tree,
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout


if __name__ == "__main__":
    make(Path(".venv"))

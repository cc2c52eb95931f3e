"""The tools that judge what is deployed: those of scripts/tools, else this machine's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tool(name: str) -> str | None:
    """Where a tool is, if it is here."""
    ours = ROOT / ".venv/tools/bin"
    return shutil.which(name, path=os.pathsep.join([str(ours), os.environ.get("PATH", "")]))

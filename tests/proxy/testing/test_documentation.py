"""The tests that docs/testing.md shows are tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

from tests.proxy.testing.test_as_installed import ROOT, run

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IMPORTS = "from datetime import UTC, datetime\nfrom pathlib import Path\n\nimport pytest\n\n\n"


def test_what_the_page_shows_passes(tmp_path: Path) -> None:
    shown = PYTHON.findall((ROOT / "docs" / "testing.md").read_text("utf-8"))
    code = [block for block in shown if "def " in block]
    (tmp_path / "test_shown.py").write_text(IMPORTS + "\n\n".join(code), "utf-8")
    (tmp_path / "options.toml").write_text("", "utf-8")

    ended = run(tmp_path)

    assert "2 passed" in ended.stdout, ended.stdout

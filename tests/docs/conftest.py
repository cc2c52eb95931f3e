"""One copy of the tree for all pages; each page then has its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import shell


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it will be committed, in a repository that can be cloned."""
    return shell.template(tmp_path_factory.mktemp("docs"))

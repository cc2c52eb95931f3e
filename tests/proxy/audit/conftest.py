"""A folder of an audit log."""

from pathlib import Path

import pytest

from tests.proxy.audit.written import Writer


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """Writes files into a folder of the test's own."""
    return Writer(tmp_path / "audit")

"""The plugin in a project of its own, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

FAILING = '''
"""Tests that are wrong, each in its own way."""

import pytest

PATH = "/api/v1/records/0b1c2d3e-4f50-4a61-8b72-9c83ad94be05.json"


def test_without_a_route(sync_legacy_client, new_api):
    sync_legacy_client.get(PATH)


def test_with_a_route_that_nothing_calls(sync_legacy_client, new_api):
    new_api.lists([])


def test_with_two_new_apis(new_api, new_api_sandbox):
    pass
'''


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    """What pytest says of the tests in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "proxy.testing", "-p", "no:cacheprovider"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_example_of_a_legacy_application_passes() -> None:
    ended = run(ROOT / "examples" / "legacy-client")

    assert ended.returncode == 0, ended.stdout
    assert "5 passed" in ended.stdout


def test_what_a_test_forgot_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text(FAILING, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", "utf-8")

    ended = run(tmp_path)

    assert "2 passed, 3 errors" in ended.stdout
    assert "give new_api a route for it, or use new_api_sandbox" in ended.stdout
    assert "RESPX: some routes were not called!" in ended.stdout
    assert "a test has one new API: new_api or new_api_sandbox, and not both" in ended.stdout

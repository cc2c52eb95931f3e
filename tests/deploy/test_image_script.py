"""Where scripts/image cannot build, it says so; what it makes is shown by running it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/image"


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder of commands that are found before this machine's own."""
    folder = tmp_path / "commands"
    folder.mkdir()
    return folder


def says(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    file.chmod(0o755)


def image(commands: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(SCRIPT), *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "PATH": path},
        text=True,
    )


def test_without_the_rights_it_fails_and_says_what_it_needs(commands: Path) -> None:
    says(commands, "id", "echo 1000")

    ran = image(commands)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "Run it as root: it mounts, and it makes namespaces.\n"


def test_without_the_rights_it_is_skipped_aloud_in_ci(commands: Path) -> None:
    says(commands, "id", "echo 1000")

    ran = image(commands, "--ci")

    assert ran.returncode == 0
    assert ran.stderr.startswith("scripts/image: SKIPPED, THE IMAGE WAS NOT BUILT: Run it as root")


def test_where_no_namespace_can_be_made_it_is_skipped_aloud_in_ci(commands: Path) -> None:
    says(commands, "id", "echo 0")
    for tool in ("buildah", "ip", "mmdebstrap", "nsenter"):
        says(commands, tool, "exit 1")
    says(commands, "unshare", "exit 1")

    ran = image(commands, "--ci")

    assert ran.returncode == 0
    assert "SKIPPED, THE IMAGE WAS NOT BUILT: No namespace can be made here." in ran.stderr


@pytest.mark.parametrize("arguments", [["--quick"], ["--push"]])
def test_what_it_does_not_know_is_wrong_usage(commands: Path, arguments: list[str]) -> None:
    says(commands, "id", "echo 1000")

    ran = image(commands, *arguments)

    assert ran.returncode == 2
    assert "--push" in ran.stderr

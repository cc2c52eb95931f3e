"""What the cluster mounts for the PostgreSQL is what the gateway reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from tests.deploy.kustomize import KUBERNETES
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

PATCH = yaml.safe_load((KUBERNETES / "postgresql/deployment.yaml").read_text("utf-8"))
CONTAINERS = PATCH["spec"]["template"]["spec"]["containers"]
VARIABLES = {entry["name"]: entry["value"] for entry in CONTAINERS[0]["env"]}


@pytest.fixture
def service_file(postgresql_url: str, tmp_path: Path) -> Path:
    """A secret's file as docs/operating/kubernetes.md shows it."""
    file = tmp_path / "pg_service.conf"
    parts = conninfo_to_dict(postgresql_url)
    lines = "".join(f"{name}={value}\n" for name, value in parts.items())
    file.write_text(f"[passerelle]\n{lines}", "utf-8")
    return file


def passerelle(*args: str, service_file: Path) -> subprocess.CompletedProcess[str]:
    """A command in the environment of a pod."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("passerelle")), *args],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], **VARIABLES, "PGSERVICEFILE": str(service_file)},
        text=True,
    )


def test_the_store_is_the_one_that_the_secret_names(service_file: Path) -> None:
    upgraded = passerelle("store", "upgrade", service_file=service_file)
    status = passerelle("store", "status", service_file=service_file)

    assert (upgraded.returncode, upgraded.stdout) == (0, "revision 0001\n")
    assert "database: PostgreSQL" in status.stdout


def test_without_the_secret_there_is_no_store_and_no_other_one_is_made(tmp_path: Path) -> None:
    failed = passerelle("store", "upgrade", service_file=tmp_path / "missing.conf")

    assert failed.returncode != 0
    assert list(tmp_path.iterdir()) == []

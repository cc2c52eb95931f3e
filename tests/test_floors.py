"""The floors of the house: imports point down only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    path.relative_to(ROOT): path
    for wing in ("mappings", "proxy", "sandbox")
    for path in sorted((ROOT / wing).rglob("*.py"))
}
PURE = {
    "asyncio",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "socket",
    "ssl",
    "subprocess",
    "time",
}
STANDARD = sys.stdlib_module_names
# msgspec is a parser: it reads bytes that it is given, and does no I/O.
OUTSIDE_OF_CORE = {"msgspec", "pydantic", "pydantic_core"}


ROOMS = (
    *("program", "cli", "testing", "app", "audit", "front", "journey", "credentials", "store"),
    *("observe", "upstream", "settings", "packs", "legacy_request", "strict_json", "errors"),
)
"""Those of the proxy, from the top down."""
UP = {
    ("proxy/credentials/credentials.py", "journey"),
    ("proxy/credentials/sign_in.py", "journey"),
    ("proxy/observe/snapshot.py", "journey"),
}
"""The arrows that point up nevertheless; none may be added."""


def imported(path: Path) -> set[str]:
    """The dotted names that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(str(node.module))
    return names


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def under(*folders: str) -> list[Path]:
    return [path for name, path in MODULES.items() if str(name).startswith(folders)]


def importers(package: str) -> set[str]:
    return {str(name) for name, path in MODULES.items() if package in tops(path)}


@pytest.mark.parametrize("path", under("mappings"), ids=lambda path: path.name)
def test_mappings_imports_nothing_from_above_and_does_no_io(path: Path) -> None:
    found = tops(path)

    assert not found & {"proxy", "sandbox", "starlette", "httpx", "uvicorn", "typer", "structlog"}
    assert not found & PURE


@pytest.mark.parametrize("path", under("mappings/core"), ids=lambda path: path.name)
def test_the_core_knows_no_pack_and_pydantic_alone(path: Path) -> None:
    found = imported(path)

    assert not any(name.startswith("mappings.mesvaccins") for name in found)
    outside = {name for name in tops(path) if name not in STANDARD and name != "mappings"}
    assert outside <= OUTSIDE_OF_CORE


@pytest.mark.parametrize("path", under("mappings"), ids=lambda path: path.name)
def test_mappings_reads_no_clock(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for call in (".today()", ".now(", "utcnow", "time.time", "os.environ"):
        assert call not in text


@pytest.mark.parametrize("path", under("proxy"), ids=lambda path: path.name)
def test_the_proxy_imports_no_pack_but_by_its_name(path: Path) -> None:
    assert not any(name.startswith("mappings.mesvaccins") for name in imported(path))


def test_the_proxy_knows_no_field_and_no_path_of_any_api() -> None:
    legacy = ("birth_name", "ins_c", "zip_code", "caption", "sharing_status", "health_profile")
    modern = ("customary_name", "vaccination_acts", "validator_ids", "health_records")

    for path in under("proxy"):
        text = path.read_text(encoding="utf-8")
        for word in (*legacy, *modern, "birth_date", "/records", "first_name"):
            assert word not in text, f"{path.name} knows {word}"


def test_rooms_of_the_proxy_know_those_below_them_alone() -> None:
    up = set()
    for name, path in MODULES.items():
        if name.parts[0] == "proxy" and len(name.parts) > 1 and name.stem != "__init__":
            room = ROOMS.index(name.parts[1].removesuffix(".py"))
            known = {found.split(".")[1] for found in imported(path) if found.startswith("proxy.")}
            up |= {(str(name), it) for it in known & {*ROOMS[:room]}}

    assert up == UP


def test_each_library_has_its_own_room() -> None:
    assert all(
        name.startswith(("proxy/upstream/", "proxy/testing/")) for name in importers("httpx")
    )
    for_tests = importers("pytest") | importers("respx")
    assert all(name.startswith("proxy/testing/") for name in for_tests)
    assert all(name.startswith("proxy/cli/") for name in importers("typer"))
    assert all(name.startswith("proxy/cli/") for name in importers("rich"))
    assert all(
        name.startswith("proxy/store/") for name in importers("sqlalchemy") | importers("alembic")
    )
    assert importers("psycopg") == {"proxy/store/postgresql.py"}
    assert importers("prometheus_client") == {"proxy/observe/exposition.py"}
    assert importers("structlog") == {"proxy/observe/logs.py"}
    assert importers("requests") == {"proxy/observe/trace_export.py"}
    assert importers("opentelemetry") == {
        "proxy/observe/trace_export.py",
        "proxy/observe/trace_spans.py",
    }


def test_the_sandbox_imports_neither_wing_and_only_commands_and_test_fixtures_know_it() -> None:
    assert all(not tops(path) & {"mappings", "proxy"} for path in under("sandbox"))
    outside = {name for name in importers("sandbox") if not name.startswith("sandbox/")}
    assert all(name.startswith(("proxy/cli/", "proxy/testing/__init__.py")) for name in outside)


def test_the_upstream_knows_nothing_of_translation() -> None:
    for path in under("proxy/upstream"):
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("proxy.")}
        assert rooms <= {"errors", "settings", "upstream"}

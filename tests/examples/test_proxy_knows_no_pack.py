"""Nothing in the gateway knows a pack: no import of one, and none of its fields or paths."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mappings.core.pack import Pack
from mappings.core.rules import Paired
from mappings.mesvaccins import PACK as MESVACCINS
from tests.examples.conftest import LIBRARY

ROOT = LIBRARY.parents[1]
PROXY = sorted((ROOT / "proxy").rglob("*.py"))
PACKS = ("mappings.mesvaccins", "lending")
BY_DEFAULT = ROOT / "proxy" / "settings" / "remembered.py"
"""The one place that names a pack: the default of a setting."""

OF_THE_STORE = {"owner_id"}
"""Columns of the store that are called as a field of a pack is, by chance."""

LOADED = """
import sys
from proxy.app import create_app
from proxy.settings import settings_of_environment
create_app(settings_of_environment(upstream_url="https://new.example"))
print(*sorted(it for it in sys.modules if it.startswith(("mappings.", "lending", "sandbox"))))
"""


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def texts(path: Path) -> set[str]:
    """The texts in a file, docstrings left aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said
    }


def words_of(pack: Pack) -> set[str]:
    """The words that are surely a pack's own: fields, kinds and parts of paths of two words."""
    models = [
        model
        for mapping in pack.mappings.values()
        for rule in mapping.rules
        for record in (
            mapping,
            *([rule.record] if isinstance(rule, Paired) and rule.record else []),
        )
        for model in (record.legacy, record.modern)
    ]
    fields = {name for model in models for name in model.model_fields}
    paths = {part for row in pack.endpoints for part in row.path.split("/")}
    return {word for word in fields | pack.kinds | paths if "_" in word} - OF_THE_STORE


@pytest.mark.parametrize("path", PROXY, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_imports_a_pack(path: Path) -> None:
    assert not [name for name in imported(path) if name.startswith(PACKS)]


def test_no_text_is_a_field_a_kind_or_a_path_of_a_pack() -> None:
    lending = importlib.import_module("lending").PACK
    words = words_of(MESVACCINS) | words_of(lending)

    found = {str(path.relative_to(ROOT)): texts(path) & words for path in PROXY}

    assert {path: said for path, said in found.items() if said} == {}


def test_the_default_of_one_setting_alone_names_a_pack() -> None:
    named = [path for path in PROXY if any("mesvaccins" in text.lower() for text in texts(path))]

    assert named == [BY_DEFAULT]


def test_a_gateway_for_another_pack_never_loads_the_first(tmp_path: Path) -> None:
    environment = {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{LIBRARY}",
        "PASSERELLE_PACK": "lending",
        "PASSERELLE_DATA_DIR": str(tmp_path),
    }

    ended = subprocess.run(
        [sys.executable, "-c", LOADED],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    loaded = ended.stdout.split()
    assert "lending.borrower" in loaded
    assert {it.split(".")[1] for it in loaded if it.startswith("mappings.")} == {"core"}
    assert not [it for it in loaded if it.startswith("sandbox")]

"""The sandbox has its own opinion of the new API: it takes nothing from the gateway."""

import ast
from pathlib import Path

import pytest

import sandbox

SOURCES = sorted(Path(sandbox.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_module_imports_the_gateway_or_its_mappings(source: Path) -> None:
    tree = ast.parse(source.read_text("utf-8"))

    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported.isdisjoint({"proxy", "mappings"})

"""The folders of manifests that the tests look at, as they would be applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.kustomize import KUBERNETES, Manifest, rendered
from tests.deploy.manifests import STORES, overlay


@pytest.fixture(scope="module", params=[*STORES, *(f"{store}+keys" for store in STORES)])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's folder, as it is and with the component for keys."""
    name: str = request.param
    store, _, component = name.partition("+")
    if not component:
        return KUBERNETES / store
    return overlay(tmp_path_factory.mktemp("overlay"), [store], [component])


@pytest.fixture(scope="module")
def manifests(folder: Path) -> list[Manifest]:
    """What would be applied."""
    return rendered(folder)

"""The manifests of a kustomize folder, by kubectl where it is there, else by a merge of our own."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.deploy.tools import tool

KUBERNETES = Path(__file__).parents[2] / "deploy/kubernetes"
KUBECTL = tool("kubectl")

Manifest: TypeAlias = dict[str, Any]

MERGED_BY = {
    "containers": "name",
    "env": "name",
    "initContainers": "name",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""The lists that a patch merges entry by entry, and what tells which; it replaces the others."""


def rendered(folder: Path) -> list[Manifest]:
    """The manifests as they would be applied; a test that is skipped says which way."""
    return by_kubectl(folder) if KUBECTL else merged(folder)


def by_kubectl(folder: Path) -> list[Manifest]:
    """What the real kustomize makes of a folder; raises `ValueError` with its reason."""
    ran = subprocess.run(
        [KUBECTL or "kubectl", "kustomize", str(folder)],
        capture_output=True,
        check=False,
        text=True,
    )
    if ran.returncode:
        raise ValueError(ran.stderr)
    return list(yaml.safe_load_all(ran.stdout))


def merged(folder: Path) -> list[Manifest]:
    """The same by our own merge, which knows what these folders use and refuses all else."""
    return _merged(folder, [])


def _merged(folder: Path, manifests: list[Manifest]) -> list[Manifest]:
    """The manifests of a folder after those given, which a component changes."""
    what: Manifest = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    del what["apiVersion"], what["kind"]
    for name in what.pop("resources", ()):
        path = folder / name
        manifests += merged(path) if path.is_dir() else _read(path)
    for generated in what.pop("configMapGenerator", ()):
        manifests.append(_config_map(folder, generated))
    for patch in what.pop("patches", ()):
        for change in _read(folder / patch["path"]):
            changed = _only(found for found in manifests if _key(found) == _key(change))
            changed.update(_patched(changed, change))
    for name in what.pop("components", ()):
        manifests = _merged(folder / name, manifests)
    for labels in what.pop("labels", ()):
        _label(manifests, labels["pairs"])
    for image in what.pop("images", ()):
        _tag(manifests, image)
    if namespace := what.pop("namespace", None):
        for manifest in manifests:
            manifest["metadata"]["namespace"] = namespace
    if what:
        raise ValueError(f"{folder.name}: the merge of the tests does not know {', '.join(what)}")
    return manifests


def _read(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def _key(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def _only(manifests: Iterable[Manifest]) -> Manifest:
    (one,) = manifests
    return one


def _config_map(folder: Path, generated: Manifest) -> Manifest:
    lines = [
        line
        for name in generated["envs"]
        for line in (folder / name).read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": generated["name"]},
        "data": dict(line.split("=", 1) for line in lines),
    }


def _patched(value: Any, change: Any, name: str = "") -> Any:
    """A strategic merge."""
    if isinstance(value, dict) and isinstance(change, dict):
        both = {
            key: _patched(value[key], new, key) if key in value else copy.deepcopy(new)
            for key, new in change.items()
        }
        return {**value, **both}
    if isinstance(value, list) and name in MERGED_BY:
        key = MERGED_BY[name]
        old, new = ({entry[key]: entry for entry in entries} for entries in (value, change))
        # As kustomize: what a patch adds comes first.
        added = [copy.deepcopy(entry) for at, entry in new.items() if at not in old]
        return added + [_patched(old[at], new.get(at, {})) for at in old]
    return copy.deepcopy(change)


def _label(manifests: list[Manifest], pairs: dict[str, str]) -> None:
    for manifest in manifests:
        manifest["metadata"].setdefault("labels", {}).update(pairs)
        if manifest["kind"] == "Deployment":
            spec = manifest["spec"]
            spec["selector"] = {"matchLabels": dict(pairs)}
            spec["template"].setdefault("metadata", {})["labels"] = dict(pairs)
        elif manifest["kind"] == "Service":
            manifest["spec"]["selector"] = dict(pairs)


def _tag(manifests: list[Manifest], image: Manifest) -> None:
    for manifest in manifests:
        pod = manifest["spec"]["template"]["spec"] if manifest["kind"] == "Deployment" else {}
        for container in pod.get("initContainers", []) + pod.get("containers", []):
            if container["image"] == image["name"]:
                container["image"] += f":{image['newTag']}"

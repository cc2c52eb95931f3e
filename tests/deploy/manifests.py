"""What a test looks for in manifests, and a folder of an operator's own."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from tests.deploy.kustomize import KUBERNETES, Manifest

STORES = ("sqlite", "postgresql")


def overlay(folder: Path, stores: list[str], components: list[str]) -> Path:
    """A folder of an operator's own, which builds on ours."""
    relative = {name: os.path.relpath(KUBERNETES / name, folder) for name in stores + components}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [relative[name] for name in stores],
        "components": [relative[name] for name in components],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")
    return folder


def one(manifests: list[Manifest], kind: str) -> Manifest:
    """The only manifest of a kind."""
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


def pod(manifests: list[Manifest]) -> Manifest:
    """What the deployment says of a pod."""
    found: Manifest = one(manifests, "Deployment")["spec"]["template"]["spec"]
    return found


def gateway(manifests: list[Manifest]) -> Manifest:
    """The one container that stays."""
    (found,) = pod(manifests)["containers"]
    return dict(found)


def variables(container: Manifest) -> dict[str, str]:
    """What is set in a container, beside the map of settings."""
    return {entry["name"]: entry["value"] for entry in container["env"]}

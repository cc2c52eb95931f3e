"""The manifests are valid, and never run several gateways on one SQLite file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import kustomize
from tests.deploy.kustomize import KUBERNETES, Manifest
from tests.deploy.manifests import STORES, gateway, one, overlay, pod, variables
from tests.deploy.tools import tool

ROOT = KUBERNETES.parents[1]
# The first with a preStop that only sleeps, by default; and the newest that is known.
VERSIONS = ("1.30", "1.37")
CHECKOV = tool("checkov")
DIGEST = f"sha256:{'a' * 64}"
NOT_OURS = {
    "CKV_K8S_15": "a version never moves, and a node whose registry is down must still start one",
    "CKV_K8S_43": "the digest is known once the image is in the operator's registry",
}


def without_digest_of_settings(manifests: list[Manifest]) -> Any:
    """Without what kustomize hangs on the name of the settings, and without an order."""
    text = re.sub(r"passerelle-settings-\w+", "passerelle-settings", yaml.safe_dump(manifests))
    return sorted(
        yaml.safe_load(text), key=lambda found: (found["kind"], found["metadata"]["name"])
    )


@pytest.mark.skipif(
    kustomize.KUBECTL is None,
    reason="NO KUBECTL HERE (scripts/tools brings it): all that follows is about the merge of "
    "the tests alone",
)
def test_the_merge_of_the_tests_gives_what_kubectl_gives(folder: Path) -> None:
    ours, theirs = kustomize.merged(folder), kustomize.by_kubectl(folder)

    assert without_digest_of_settings(ours) == without_digest_of_settings(theirs)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_fits_the_schema_of_its_kind(
    version: str, manifests: list[Manifest], tmp_path: Path
) -> None:
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(manifests), "utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version, str(file)],
        capture_output=True,
        check=False,
        text=True,
    )

    assert (ran.returncode, ran.stdout.count("passed")) == (0, len(manifests)), ran.stdout


@pytest.mark.skipif(
    CHECKOV is None,
    reason="NO CHECKOV HERE: scripts/tools brings it",
)
def test_checkov_finds_nothing_but_what_is_the_operators(
    manifests: list[Manifest], tmp_path: Path
) -> None:
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(manifests), "utf-8")

    ran = subprocess.run(
        [
            *(str(CHECKOV), "--framework", "kubernetes", "--skip-download", "--compact", "--quiet"),
            *("--skip-check", ",".join(NOT_OURS), "--file", str(file)),
        ],
        capture_output=True,
        check=False,
        text=True,
    )

    assert "Failed checks: 0" in ran.stdout, ran.stdout + ran.stderr


def test_no_volume_is_shared_by_two_gateways(manifests: list[Manifest]) -> None:
    """SQLite means: one pod by the claim, one by the number, the old one gone first, no scaling."""
    deployment = one(manifests, "Deployment")["spec"]
    claims = [found for found in manifests if found["kind"] == "PersistentVolumeClaim"]
    kinds = {found["kind"] for found in manifests}
    url = variables(gateway(manifests)).get("PASSERELLE_STORE_URL", "")

    if claims:
        assert deployment["replicas"] == 1
        assert deployment["strategy"] == {"type": "Recreate"}
        assert [claim["spec"]["accessModes"] for claim in claims] == [["ReadWriteOncePod"]]
        assert not kinds & {"HorizontalPodAutoscaler", "PodDisruptionBudget"}
        assert url == ""
    else:
        assert url.startswith("postgresql://")
        assert kinds >= {"HorizontalPodAutoscaler", "PodDisruptionBudget"}


@pytest.mark.skipif(
    kustomize.KUBECTL is None, reason="NO KUBECTL HERE to refuse it: scripts/tools brings it"
)
def test_both_stores_at_once_are_refused(tmp_path: Path) -> None:
    both = overlay(tmp_path, list(STORES), [])

    with pytest.raises(ValueError, match="already registered"):
        kustomize.by_kubectl(both)


@pytest.mark.skipif(
    kustomize.KUBECTL is None, reason="NO KUBECTL HERE to build it: scripts/tools brings it"
)
def test_the_folder_that_the_docs_show_builds_and_names_the_operators_image(tmp_path: Path) -> None:
    docs = (ROOT / "docs/operating/kubernetes.md").read_text("utf-8")
    shown = docs.partition("```yaml\n")[2].partition("```")[0].replace("sha256:...", DIGEST)
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    own = tmp_path / "own"
    own.mkdir()
    (own / "kustomization.yaml").write_text(shown, "utf-8")

    manifests = kustomize.by_kubectl(own)

    containers = pod(manifests)["containers"] + pod(manifests)["initContainers"]
    image = f"images.example.org/passerelle@{DIGEST}"
    assert [container["image"] for container in containers] == [image, image]
    assert one(manifests, "ConfigMap")["data"] == {
        "PASSERELLE_UPSTREAM_URL": "https://health.example.org"
    }
    assert "PASSERELLE_KEYS_FILE" in variables(gateway(manifests))


@pytest.mark.parametrize("store", STORES)
def test_the_store_is_no_setting_that_an_operator_edits(store: str) -> None:
    text = (KUBERNETES / store / "settings.env").read_text("utf-8")

    assert not re.search(r"^PASSERELLE_(STORE_URL|DATA_DIR)", text, re.MULTILINE)


def test_the_base_alone_starts_nothing() -> None:
    """Its settings are in a map that only a store's folder makes."""
    base = kustomize.rendered(KUBERNETES / "base")

    assert gateway(base)["envFrom"] == [{"configMapRef": {"name": "passerelle-settings"}}]
    assert "ConfigMap" not in {found["kind"] for found in base}

"""For operators: the image, the manifests, several replicas, and where it all comes from."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

from bench.tour.bullet import Bullet
from bench.tour.stage import ROOT, NotHereError, Stage, demand, figure, passed
from tests.deploy.tools import tool

IMAGE_TOOLS = ("buildah", "ip", "mmdebstrap", "nsenter", "unshare")
IMAGE_SECONDS = 420
STORES = ("sqlite", "postgresql")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", re.M)


def container(stage: Stage) -> str:
    """The Dockerfile builds, and the image runs without root on a root that is read-only."""
    missing = [name for name in IMAGE_TOOLS if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        reason = f"no {', '.join(missing)}" if missing else "not root"
        raise NotHereError(
            f"{reason}; as root: apt-get install --no-install-recommends buildah iproute2 "
            "mmdebstrap util-linux, then scripts/image"
        )
    ran = stage.must(ROOT / "scripts/image", seconds=IMAGE_SECONDS)
    said = [
        line for line in ran.err.splitlines() if line.startswith(("NO IMAGE", "Built", "Healthy"))
    ]
    demand(f"no health: {ran.said}", holds=any(line.startswith("Healthy") for line in said))
    return " ".join([*said, ran.said])


def dockerfile(stage: Stage) -> str:
    """The Dockerfile is clean by hadolint."""
    stage.must(Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile")
    return "hadolint finds nothing"


def compose(stage: Stage) -> str:
    """The compose file fits its specification, in an order in which its services can start."""
    return passed(stage, "tests/deploy/test_compose.py")


def kubernetes(stage: Stage) -> str:
    """Both stores render by kubectl, and every manifest fits the schema of its kind."""
    kubectl = tool("kubectl")
    if kubectl is None:
        raise NotHereError("no kubectl; scripts/tools brings one")
    told = []
    for store in STORES:
        rendered = stage.must(kubectl, "kustomize", ROOT / "deploy/kubernetes" / store).out
        file = stage.folder / f"{store}.yaml"
        file.write_text(rendered, "utf-8")
        stage.python("-m", "kubernetes_validate", "--strict", file)
        told.append(f"{store}: {rendered.count('kind: ')} kinds valid")
    return ", ".join(told)


def checkov(stage: Stage) -> str:
    """Checkov finds nothing in the manifests but what is the operator's to decide."""
    return passed(stage, "tests/deploy/test_kubernetes.py", "-k", "checkov")


def wrong_pair(stage: Stage) -> str:
    """No manifest runs several replicas on one SQLite file."""
    return passed(stage, "tests/deploy/test_kubernetes.py", "-k", "no_volume_is_shared")


def replicas(stage: Stage) -> str:
    """Three gateways on one PostgreSQL, one killed at work: nothing is lost or made twice."""
    return figure(stage, "replicas")


def bill_of_materials(stage: Stage) -> str:
    """The bill of materials names exactly what the lock pins, and comes out the same again."""
    first, second = (stage.folder / name for name in ("sbom.json", "sbom-again.json"))
    for file in (first, second):
        stage.must(ROOT / "scripts/sbom", file)
    told = json.loads(first.read_text("utf-8"))
    named = {it["name"].lower().replace("_", "-") for it in told["components"]}
    lock = (ROOT / "requirements/runtime.txt").read_text("utf-8")
    pinned = {name.lower().replace("_", "-") for name in PINNED.findall(lock)}
    apart = sorted(named ^ pinned)
    demand(f"the lock and the bill differ: {', '.join(apart)}", holds=not apart)
    demand("it is not the same again", holds=first.read_bytes() == second.read_bytes())
    return f"CycloneDX {told['specVersion']}, {len(named)} components, the same bytes again"


def supply(stage: Stage) -> str:
    """Workflows call the same scripts with pinned actions; licence, policy and threats are told."""
    return passed(stage, "tests/test_supply_chain.py")


BULLETS = (
    Bullet("container", "scripts/image", container),
    Bullet("dockerfile", "hadolint Dockerfile", dockerfile),
    Bullet("compose", "pytest tests/deploy/test_compose.py", compose),
    Bullet(
        "kubernetes", "kubectl kustomize deploy/kubernetes/STORE | kubernetes-validate", kubernetes
    ),
    Bullet("checkov", "pytest tests/deploy/test_kubernetes.py -k checkov", checkov),
    Bullet("wrong-pair", "pytest tests/deploy/test_kubernetes.py", wrong_pair),
    Bullet("replicas", "scripts/chaos replicas --quick", replicas),
    Bullet("bill-of-materials", "scripts/sbom FILE", bill_of_materials),
    Bullet("supply-chain", "pytest tests/test_supply_chain.py", supply),
)

"""For operators: the image, the manifests, several replicas, and where it all comes from."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

from bench.tour.bullet import Bullet
from bench.tour.stage import ROOT, NotHereError, Stage, demand
from tests.deploy.tools import tool

IMAGE_TOOLS = ("buildah", "ip", "mmdebstrap", "nsenter", "unshare")
IMAGE_SECONDS = 420
STORES = ("sqlite", "postgresql")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", re.M)


def figure(stage: Stage, name: str) -> str:
    """Take a small figure of scripts/chaos; says its counts."""
    file = stage.folder / f"figure-{name}.json"
    stage.python("-m", "bench.chaos", name, "--quick", "--json", file)
    (taken,) = json.loads(file.read_text("utf-8"))["figures"]
    held = [demanded["what"] for demanded in taken["demands"] if demanded["held"]]
    demand(f"{name} does not hold", holds=taken["held"] and bool(held))
    counts = ", ".join(f"{what} {count}" for what, count in list(taken["counts"].items())[:6])
    return f"{len(held)} demands held; {counts}"


def passed(stage: Stage, *arguments: str) -> str:
    """Run some of the tests; says how many passed. One that is skipped was not seen to hold."""
    ran = stage.run(sys.executable, "-m", "pytest", "-q", "-rsf", *arguments)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", ran.out, re.M)
    demand(f"{ran.said}: {', '.join(failed[:5])}", holds=ran.code == 0)
    if skipped := re.findall(r"SKIPPED \[\d+\] [^ ]+ (.+)", ran.out):
        raise NotHereError(f"{ran.said}; skipped: {'; '.join(dict.fromkeys(skipped))}")
    return ran.said


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
    """The compose file is valid, and starts gateway, PostgreSQL and stand-in."""
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

"""The gateway's pods have few rights, enough time, and nothing secret written down."""

from __future__ import annotations

import tomllib

from proxy.settings import Settings
from tests.deploy.kustomize import KUBERNETES, Manifest
from tests.deploy.manifests import gateway, one, pod, variables

ROOT = KUBERNETES.parents[1]


def test_a_pod_has_the_rights_of_nobody(manifests: list[Manifest]) -> None:
    spec = pod(manifests)

    assert spec["automountServiceAccountToken"] is False
    assert one(manifests, "ServiceAccount")["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 10_000
    assert spec["securityContext"]["runAsGroup"] > 10_000
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"] + spec.get("initContainers", []):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        }
        assert container["resources"].keys() == {"limits", "requests"}


def test_a_pod_has_time_to_end_what_it_began(manifests: list[Manifest]) -> None:
    container, given = gateway(manifests), variables(gateway(manifests))
    drain = int(given["PASSERELLE_DRAIN_SECONDS"])
    grace = int(given["PASSERELLE_GRACE_SECONDS"])
    asleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    ready = container["readinessProbe"]

    # Whoever asks for /readyz has heard no before the port closes; and SIGKILL is never needed.
    assert drain > ready["periodSeconds"] * ready["failureThreshold"]
    assert pod(manifests)["terminationGracePeriodSeconds"] >= asleep + drain + grace + 5


def test_probes_ask_what_the_gateway_answers(manifests: list[Manifest]) -> None:
    container = gateway(manifests)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    asked = {
        name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")
    }

    assert ports == {"admin": 9090, "http": 8080}
    assert {name: probe["path"] for name, probe in asked.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in asked.values()} == {"http"}


def test_the_admin_port_is_for_what_scrapes_and_for_nobody_else(
    manifests: list[Manifest],
) -> None:
    ports = {port["name"]: str(port["containerPort"]) for port in gateway(manifests)["ports"]}
    annotations = one(manifests, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    rules = [
        (rule["from"][0]["namespaceSelector"]["matchLabels"], rule["ports"])
        for policy in manifests
        if policy["kind"] == "NetworkPolicy"
        for rule in policy["spec"].get("ingress", [])
    ]

    assert variables(gateway(manifests))["PASSERELLE_ADMIN_PORT"] == ports["admin"]
    assert annotations["prometheus.io/port"] == ports["admin"]
    assert rules == [
        ({"passerelle/clients": "allowed"}, [{"protocol": "TCP", "port": "http"}]),
        ({"passerelle/metrics": "allowed"}, [{"protocol": "TCP", "port": "admin"}]),
    ]
    assert [port["targetPort"] for port in one(manifests, "Service")["spec"]["ports"]] == ["http"]


def test_every_variable_is_a_setting(manifests: list[Manifest]) -> None:
    known = {f"PASSERELLE_{name}".upper() for name in Settings.model_fields} | {"PGSERVICEFILE"}
    containers = pod(manifests)["containers"] + pod(manifests).get("initContainers", [])

    named = {name for container in containers for name in variables(container)}

    assert named | one(manifests, "ConfigMap")["data"].keys() <= known


def test_no_secret_is_in_the_manifests(manifests: list[Manifest]) -> None:
    volumes = {volume["name"]: volume for volume in pod(manifests)["volumes"]}
    secret = {name for name, volume in volumes.items() if "secret" in volume}

    assert "Secret" not in {found["kind"] for found in manifests}
    assert {f"passerelle-{name}" for name in secret} == {
        volumes[name]["secret"]["secretName"] for name in secret
    }
    assert {volumes[name]["secret"]["defaultMode"] for name in secret} <= {0o440}


def test_every_container_runs_this_version(manifests: list[Manifest]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    containers = pod(manifests)["containers"] + pod(manifests).get("initContainers", [])

    assert {container["image"] for container in containers} == {f"passerelle:{version}"}


def test_network_policies_and_budgets_select_the_gateway(manifests: list[Manifest]) -> None:
    labels = one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    policies = [found["spec"] for found in manifests if found["kind"] == "NetworkPolicy"]
    budgets = [found["spec"] for found in manifests if found["kind"] == "PodDisruptionBudget"]

    selected = [policy["podSelector"] for policy in policies]
    selected += [budget["selector"] for budget in budgets]

    assert {"Ingress", "Egress"} == {kind for policy in policies for kind in policy["policyTypes"]}
    assert selected == [{"matchLabels": labels}] * len(selected)

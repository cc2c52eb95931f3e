"""The compose file is one, and starts its services in an order that works."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from proxy.cli import MODULES
from proxy.settings import FrontSettings, Settings
from tests.deploy.kustomize import KUBERNETES

FILE = KUBERNETES.parent / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_the_file_fits_the_compose_specification() -> None:
    # The reader does not know YAML's merge keys, which compose does: they are merged before.
    compose = PyCompose.from_json(json.dumps(COMPOSE))

    compose.validate()
    assert sorted(compose.service_names()) == ["gateway", "postgresql", "sandbox", "upgrade"]


def test_the_tables_are_made_before_the_gateway_starts() -> None:
    assert SERVICES["upgrade"]["command"] == ["store", "upgrade"]
    assert SERVICES["upgrade"]["depends_on"] == {"postgresql": {"condition": "service_healthy"}}
    assert SERVICES["gateway"]["depends_on"] == {
        "upgrade": {"condition": "service_completed_successfully"},
        "sandbox": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_who_is_waited_for_says_that_it_is_well() -> None:
    waited_for = {
        name
        for service in SERVICES.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }

    assert waited_for == {
        name for name in SERVICES if "test" in SERVICES[name].get("healthcheck", {})
    }


def test_every_command_is_one_of_the_programs() -> None:
    given = {name: SERVICES[name].get("command", ["serve"])[0] for name in SERVICES}
    del given["postgresql"]

    assert {*given.values()} <= MODULES.keys()


def test_every_variable_is_a_setting() -> None:
    known = {f"PASSERELLE_{name}".upper() for name in Settings.model_fields}
    ours = [SERVICES[name].get("environment", {}) for name in ("gateway", "upgrade", "sandbox")]

    assert {name for environment in ours for name in environment} <= known


def test_the_store_is_the_postgresql_that_is_started() -> None:
    urls = {
        SERVICES[name]["environment"]["PASSERELLE_STORE_URL"] for name in ("gateway", "upgrade")
    }
    made = SERVICES["postgresql"]["environment"]

    assert urls == {f"postgresql://{made['POSTGRES_USER']}@postgresql/{made['POSTGRES_DB']}"}


def test_nobody_but_the_gateway_reaches_the_database_or_the_new_api() -> None:
    members = {
        network: {name for name, service in SERVICES.items() if network in service["networks"]}
        for network in COMPOSE["networks"]
    }

    assert members == {
        "front": {"gateway"},
        "store": {"gateway", "upgrade", "postgresql"},
        "upstream": {"gateway", "sandbox"},
    }
    assert COMPOSE["networks"]["store"] == COMPOSE["networks"]["upstream"] == {"internal": True}


def test_only_this_machine_is_served() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert ports == {"gateway": ["127.0.0.1:8080:8080", "127.0.0.1:9090:9090"]}


def test_the_admin_port_is_the_one_that_is_led_to() -> None:
    environment = SERVICES["gateway"]["environment"]

    assert environment["PASSERELLE_ADMIN_HOST"] == "0.0.0.0"  # noqa: S104 - within a container
    assert SERVICES["gateway"]["ports"][1].endswith(f":{environment['PASSERELLE_ADMIN_PORT']}")


def test_the_gateway_has_time_to_end_what_it_began() -> None:
    grace = FrontSettings.model_fields["grace_seconds"].default
    drain = FrontSettings.model_fields["drain_seconds"].default

    assert seconds(SERVICES["gateway"]["stop_grace_period"]) > grace + drain

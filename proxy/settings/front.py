"""What is taken from legacy applications, how much of it, and how long it may take."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from proxy.settings.kinds import Hosts, Listed, Networks, Url


class FrontSettings(BaseSettings):
    """What stands before the journey of a request."""

    public_url: Url | None = Field(
        None, description="Base URL under which legacy applications see the gateway."
    )
    hosts: Hosts = Field(
        (),
        description="Names, with commas between, that a request's Host may have; any by default.",
    )
    tls_certificate: Path | None = Field(
        None, description="PEM file of the gateway's own certificate, with its chain: https then."
    )
    tls_key: Path | None = Field(
        None, description="PEM file of its key, where the certificate's file does not hold it."
    )
    tls_client_ca: Path | None = Field(
        None, description="PEM file of the authorities whose client certificates are accepted."
    )
    tls_clients: Literal["optional", "required"] = Field(
        "optional", description="Whether a client must show such a certificate."
    )
    certificate_header: str | None = Field(
        None,
        description="Header in which a proxy in front tells the subject of a client certificate.",
    )
    trusted_peers: Networks = Field(
        (), description="Addresses or networks, with commas between, whose such header is believed."
    )
    cors_origins: Listed = Field(
        (), description="Origins, with commas between, whose web pages may call; none by default."
    )
    max_fields: int = Field(100, gt=0, description="How many header fields a request may have.")
    max_head_bytes: int = Field(
        32 * 1024, gt=0, description="The largest head of a request, its fields together."
    )
    max_target_bytes: int = Field(
        8 * 1024, gt=0, description="The longest target of a request, its path and query."
    )
    max_body_bytes: int = Field(2 * 1024**2, gt=0, description="The largest body that is read.")
    max_held_bytes: int = Field(
        64 * 1024**2, gt=0, description="The bodies that are held at one time, all together."
    )
    max_depth: int = Field(64, gt=0, le=190, description="How deep JSON may be nested.")
    head_seconds: float = Field(10, gt=0, description="How long the head of a request may take.")
    body_seconds: float = Field(
        30, gt=0, description="How long a request may take to arrive whole, its body included."
    )
    idle_seconds: int = Field(
        5, gt=0, description="How long a connection without a request is kept open."
    )
    deadline_seconds: float = Field(
        10,
        gt=0,
        description="How long a request that has arrived may take, every call of the new API "
        "included.",
    )
    max_requests: int = Field(100, gt=0, description="Requests that are worked on at one time.")
    max_waiting: int = Field(
        50, ge=0, description="Requests that may wait for their turn; the next one is refused."
    )
    wait_seconds: float = Field(1, gt=0, description="How long one may wait for its turn.")
    drain_seconds: float = Field(
        0,
        ge=0,
        description="How long /readyz says no, after SIGTERM, before no connection is taken.",
    )
    grace_seconds: int = Field(
        10, gt=0, description="How long requests under way may then take to end."
    )

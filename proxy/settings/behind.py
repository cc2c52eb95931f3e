"""How the new API is reached, how long it may take, and what happens when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from proxy.settings.kinds import Url


class BehindSettings(BaseSettings):
    """What stands behind the journey of a request."""

    upstream_url: Url = Field(description="Base URL of the new API.")
    upstream_plaintext: Literal["refuse", "allow"] = Field(
        "refuse", description="Whether an http:// upstream beyond this machine is accepted."
    )
    upstream_ca: Path | None = Field(
        None, description="PEM file of the authorities that vouch for it; public ones by default."
    )
    upstream_certificate: Path | None = Field(
        None, description="PEM file of the certificate that the gateway shows to it."
    )
    upstream_key: Path | None = Field(
        None, description="PEM file of its key, where the certificate's file does not hold it."
    )
    connect_seconds: float = Field(2, gt=0, description="How long connecting to it may take.")
    first_byte_seconds: float = Field(
        10, gt=0, description="How long it may take to begin its answer."
    )
    upstream_connections: int = Field(100, gt=0, description="Calls of the new API at one time.")
    upstream_idle_seconds: float = Field(
        4,
        gt=0,
        description="How long a connection to it is kept without a call; less than it keeps them.",
    )
    upstream_age_seconds: float = Field(
        300, gt=0, description="How long a connection to it is used at all."
    )
    upstream_reuse: Literal["caller", "any"] = Field(
        "caller",
        description="Whose call may follow on a connection: the same caller's alone, so that no "
        "stray answer can reach another one, or any caller's.",
    )
    max_answer_bytes: int = Field(
        16 * 1024**2, gt=0, description="The largest answer of the new API that is read."
    )
    max_pages: int = Field(
        100, gt=0, description="How many pages of a list of the new API are followed."
    )
    retry_ratio: float = Field(
        0.2,
        ge=0,
        le=1,
        description="How many reads that failed may be tried once more, for each call; 0 for none.",
    )
    breaker_ratio: float = Field(
        0.5,
        gt=0,
        le=1,
        description="From which part of calls that fail on no more of the kind are made for a "
        "while; 1 only when every one fails.",
    )
    breaker_seconds: float = Field(
        1, gt=0, description="For how long, before one call tries whether the new API is back."
    )

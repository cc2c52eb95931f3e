"""Where operators ask how the gateway fares."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from proxy.settings.kinds import Port


class AdminSettings(BaseSettings):
    """The admin port."""

    admin_port: Port | None = Field(
        None,
        description="Port for operators (/healthz, /readyz, /metrics, /version, /reference), 0 for "
        "any free one; by default there is none.",
    )
    admin_host: str = Field(
        "127.0.0.1",
        description="Address of the admin port; it asks nobody who they are, so never a public "
        "one.",
    )

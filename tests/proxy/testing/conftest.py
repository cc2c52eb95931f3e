"""The fixtures as whoever installs the gateway has them, in place of those of its own tests."""

from proxy.testing import (
    _gateway,
    gateway_clock,
    gateway_settings,
    legacy_client,
    new_api,
    new_api_sandbox,
    sync_legacy_client,
)

__all__ = [
    "_gateway",
    "gateway_clock",
    "gateway_settings",
    "legacy_client",
    "new_api",
    "new_api_sandbox",
    "sync_legacy_client",
]

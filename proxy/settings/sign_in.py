"""Whose request it is, and what the new API is shown of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from proxy.settings.kinds import Url


class SignInSettings(BaseSettings):
    """Whose request it is, and what the new API is shown of it."""

    credentials: Literal["passthrough", "exchange"] = Field(
        "passthrough",
        description="What becomes of the client's credential: it goes on as it is, or a legacy "
        "application's key is exchanged for a token of the new API.",
    )
    applications: Path | None = Field(
        None, description="TOML file with the legacy applications, for exchange."
    )
    token_url: Url | None = Field(
        None, description="The new API's token endpoint (OpenID Connect), for sign-in."
    )
    tokens: Literal["upstream", "opaque"] = Field(
        "upstream",
        description="What /oauth/token gives out: the new API's tokens, or the gateway's own of 64 "
        "hexadecimal digits as the old API did.",
    )

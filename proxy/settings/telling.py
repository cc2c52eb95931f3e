"""What the gateway writes of each request, and where its spans go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from proxy.settings.kinds import Url


class TellingSettings(BaseSettings):
    """Log lines and traces."""

    logs: Literal["auto", "json", "text"] = Field(
        "auto",
        description="Form of the log on standard error: JSON, short lines of text, or by itself "
        "text on a terminal and JSON elsewhere.",
    )
    traces_url: Url | None = Field(
        None,
        description="OpenTelemetry collector that spans are sent to by OTLP over HTTP, such as "
        "http://collector:4318; by default there are no spans.",
    )
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0,
        description="Part of the traces begun here that is sent, from 0 to 1; of a trace begun "
        "elsewhere, that one decides.",
    )

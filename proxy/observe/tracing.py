"""Whether there are spans: nothing of OpenTelemetry is loaded where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, Settings

if TYPE_CHECKING:
    from proxy.observe.trace_spans import Spans

PATH = "/v1/traces"
"""Where a collector takes spans (OTLP/HTTP), below a URL that names no path of its own."""


def tracing(settings: Settings, pack: str) -> Spans | None:
    """What makes the spans of this process, where they go anywhere; `ConfigurationError`."""
    url = settings.traces_url
    if url is None:
        return None
    try:
        from proxy.observe.trace_export import exporter  # noqa: PLC0415 - see the module
        from proxy.observe.trace_spans import Spans  # noqa: PLC0415 - see the module
    except ImportError as error:
        raise ConfigurationError(
            f"{PREFIX}TRACES_URL: OpenTelemetry is not installed; pip install passerelle[tracing]"
        ) from error
    to = exporter(url if urlsplit(url).path else url + PATH)
    return Spans(to, ratio=settings.traces_ratio, pack=pack)

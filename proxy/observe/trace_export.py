"""How spans leave: in batches, by a thread, to a collector that may be down."""

from __future__ import annotations

from collections.abc import Sequence

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from proxy.observe.logs import log


def exporter(url: str) -> SpanExporter:
    """What sends batches to this URL; its other options are OpenTelemetry's own variables."""
    session = requests.Session()
    # As for the calls of the new API: no proxy and no password of the machine is picked up.
    session.trust_env = False
    return OTLPSpanExporter(endpoint=url, session=session)


class Counted(SpanExporter):
    """Hands batches on, counts what arrives, and says once when nothing does any more."""

    def __init__(self, to: SpanExporter) -> None:
        self._to = to
        self._arrives = True
        self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch; what does not arrive is gone."""
        result = self._to.export(spans)
        arrives = result is SpanExportResult.SUCCESS
        if arrives:
            self.sent += len(spans)
        elif self._arrives:
            # Not why: what the library says of it has the address of the collector in it.
            log.warning("spans do not arrive")
        self._arrives = arrives
        return result

    def shutdown(self) -> None:
        """Let go of the connection."""
        self._to.shutdown()

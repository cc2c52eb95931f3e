"""Both sides of a pack as OpenAPI 3.1: what the gateway serves, and what it asks for."""

from __future__ import annotations

from mappings.core.openapi.legacy import legacy_document
from mappings.core.openapi.modern import modern_document

__all__ = ["legacy_document", "modern_document"]

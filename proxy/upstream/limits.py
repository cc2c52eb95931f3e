"""How many connections the transport keeps, how long a call may take, how much of it is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """The bounds of one `Transport`; a request's `timeout` extension overrides the first three."""

    connect_seconds: float = 2
    """For DNS, TCP and TLS together."""
    first_byte_seconds: float = 10
    """From the writing of the request to the answer's first byte."""
    total_seconds: float = 10
    """For one call, from asking for a connection to the answer's last byte."""
    connections: int = 100
    idle_seconds: float = 4
    age_seconds: float = 300
    fields: int = 200
    head_bytes: int = 64 * 1024
    body_bytes: int = 16 * 1024**2
    interim: int = 10
    """How many 1xx answers may come before the one that counts."""

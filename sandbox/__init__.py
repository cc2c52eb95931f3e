"""A stand-in for the new API, in memory, to try the gateway and to test against."""

from sandbox.app import create_app

__all__ = ["create_app"]

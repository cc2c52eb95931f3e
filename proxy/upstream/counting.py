"""How somebody is told that something happened, who counts it."""

from __future__ import annotations

from collections.abc import Callable

Count = Callable[[str, str], None]
"""Told a name and a label, both from closed sets."""


def uncounted(name: str, label: str) -> None:
    """Nobody wants to know."""

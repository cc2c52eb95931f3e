"""Keys that an operator gives: what they look like, and how a fresh one is made."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from proxy.errors import ConfigurationError

KEY_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NEXT_STEP = "expected NAME:BASE64 with 32 bytes; `{}` makes one"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys by name. The first one seals; all of them open."""

    by_name: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str, source: str, made_by: str) -> Keys:
        """
        The keys in a text that came from a `source`; raises `ConfigurationError`, which says where
        and how one is made, but never shows one.
        """
        step = NEXT_STEP.format(made_by)
        by_name: dict[str, bytes] = {}
        for position, entry in enumerate(re.split(r"[\s,]+", text.strip(" \t\r\n,")), start=1):
            name, _, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not NAME.fullmatch(name) or len(key) != KEY_BYTES:
                # Without a cause: its text could show a part of the key.
                raise ConfigurationError(f"{source}: key {position}: {step}") from None
            if name in by_name:
                raise ConfigurationError(f"{source}: key {position}: its name was given before")
            by_name[name] = key
        return cls(by_name)

    @property
    def sealing(self) -> str:
        """The name of the key that seals."""
        return next(iter(self.by_name))


def new_key() -> str:
    """A fresh key, as the settings take it."""
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return f"k{secrets.token_hex(3)}:{key}"

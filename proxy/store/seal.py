"""Values set aside and tokens at rest: sealed for one row, by keys that an operator gives."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.core.context import Json
from proxy import strict_json
from proxy.errors import ConfigurationError, StoreError
from proxy.settings import PREFIX, StoreSettings

VERSION = 1
"""Which way of sealing a row was sealed in."""

KEY_BYTES = 32
NONCE_BYTES = 12
MAX_DEPTH = 200

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NEXT_STEP = "expected NAME:BASE64 with 32 bytes; `passerelle {} new-key` makes one"


class SealError(StoreError):
    """A sealed row cannot be opened: another key, another row's, or changed."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys by name. The first one seals; all of them open."""

    by_name: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str, source: str = f"{PREFIX}KEYS", command: str = "store") -> Keys:
        """
        The keys in a text, such as a `command` makes; raises `ConfigurationError`, which says where
        but never shows one.
        """
        step = NEXT_STEP.format(command)
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


def keys_of(settings: StoreSettings) -> Keys | None:
    """The keys that an operator configured, if any; raises `ConfigurationError`."""
    if settings.keys is not None and settings.keys_file is not None:
        raise ConfigurationError(f"{PREFIX}KEYS, {PREFIX}KEYS_FILE: set one of the two")
    if settings.keys is not None:
        return Keys.parse(settings.keys.get_secret_value())
    if settings.keys_file is None:
        return None
    source = f"{PREFIX}KEYS_FILE"
    try:
        text = settings.keys_file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{source}: {settings.keys_file} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError:
        raise ConfigurationError(f"{source}: {NEXT_STEP.format('store')}") from None
    return Keys.parse(text, source)


def new_key() -> str:
    """A fresh key, as the settings take it."""
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return f"k{secrets.token_hex(3)}:{key}"


class Seal:
    """Seals JSON objects, each for one place, and opens them there only."""

    def __init__(self, keys: Keys) -> None:
        # Large, and loaded only where a key is configured.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

        self._sealing = keys.sealing
        # A row that was cut short has no whole nonce or tag, which is a ValueError.
        self._refusals = (InvalidTag, ValueError)
        self._ciphers = {name: AESGCM(key) for name, key in keys.by_name.items()}

    @property
    def sealing(self) -> str:
        """The name of the key that seals."""
        return self._sealing

    def seal(self, document: Mapping[str, Json], *place: str) -> tuple[str, bytes]:
        """The name of the key, and the sealed document: its nonce, then what AES-256-GCM gives."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = strict_json.dump(dict(document))
        cipher = self._ciphers[self._sealing]
        return self._sealing, nonce + cipher.encrypt(nonce, plain, _bound(self._sealing, place))

    def open(self, key_id: str, sealed: bytes, *place: str) -> dict[str, Json]:
        """The document that was sealed for this place; raises `SealError`."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealError(f"a row is sealed by the key {key_id}, which is not configured")
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            plain = cipher.decrypt(nonce, rest, _bound(key_id, place))
        except self._refusals as error:
            raise SealError("a sealed row was changed, moved, or sealed by another key") from error
        document: dict[str, Json] = strict_json.parse(plain, MAX_DEPTH)
        return document


def _bound(key_id: str, place: tuple[str, ...]) -> bytes:
    """What the ciphertext is bound to, as JSON: no two places are written alike."""
    return strict_json.dump([VERSION, key_id, *place])

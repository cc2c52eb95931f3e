"""Values set aside and tokens at rest: sealed for one row, by keys that an operator gives."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from mappings.core.context import Json
from proxy import strict_json
from proxy.errors import StoreError
from proxy.settings import StoreSettings
from proxy.settings.keys import Keys
from proxy.settings.secrets import secret_of

VERSION = 1
"""Which way of sealing a row was sealed in."""

NONCE_BYTES = 12
MAX_DEPTH = 200

MADE_BY = "passerelle store new-key"


class SealError(StoreError):
    """A sealed row cannot be opened: another key, another row's, or changed."""


def keys_of(settings: StoreSettings) -> Keys | None:
    """The keys that an operator configured, if any; raises `ConfigurationError`."""
    found = secret_of(settings, "keys")
    return None if found is None else Keys.parse(*found, MADE_BY)


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

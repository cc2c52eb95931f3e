"""The keys of an audit log: what makes its hashes, and pseudonyms in the place of ids."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Literal

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, AuditSettings
from proxy.settings.keys import Keys
from proxy.settings.secrets import secret_of

SETTING = f"{PREFIX}AUDIT_KEY"
MADE_BY = "passerelle audit new-key"
DIGEST = "sha256"
PSEUDONYM_BYTES = 16


class AuditKey:
    """
    One key. Whoever does not have it can neither write a line that fits nor try which id a
    pseudonym stands for.
    """

    __slots__ = ("_chain", "_pseudonyms", "name")

    def __init__(self, name: str, secret: bytes) -> None:
        self.name = name
        self._chain = hmac.digest(secret, b"chain", DIGEST)
        self._pseudonyms = hmac.digest(secret, b"pseudonym", DIGEST)

    def hash(self, before: str, content: bytes) -> str:
        """The hash of a line, over the hash of the line before and its own content."""
        return hmac.digest(self._chain, before.encode() + content, DIGEST).hex()

    def pseudonym(self, what: Literal["credential", "record"], value: str) -> str:
        """What stands in a line for a value: always the same, and it leads nowhere."""
        said = f"{what} {value}".encode()
        return hmac.digest(self._pseudonyms, said, DIGEST)[:PSEUDONYM_BYTES].hex()


def audit_keys(settings: AuditSettings) -> Mapping[str, AuditKey]:
    """The keys by name, the one that writes first; raises `ConfigurationError`."""
    found = secret_of(settings, "audit_key")
    if found is None:
        raise ConfigurationError(
            f"{SETTING}_FILE: an audit log needs a key; `{MADE_BY} > FILE` makes one"
        )
    keys = Keys.parse(*found, MADE_BY)
    return {name: AuditKey(name, key) for name, key in keys.by_name.items()}

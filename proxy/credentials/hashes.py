"""Secrets of legacy applications as their file has them: `scrypt$n$r$p$salt$hash`."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import dataclass, field

COST = (2**15, 8, 1)
"""What scrypt is given: 32 MiB and some 60 milliseconds for each hash."""

MAX_MEMORY = 256 * 1024**2
SALT_BYTES = 16
HASH_BYTES = 32
FORM = re.compile(
    r"scrypt\$([1-9][0-9]{0,8})\$([1-9][0-9]?)\$([1-9][0-9]?)\$([^$]+)\$([^$]+)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class SecretHash:
    """The hash of a secret, and what it takes to make it again."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str, cost: tuple[int, int, int] = COST) -> SecretHash:
        """The hash of a secret, with a salt of its own."""
        salt, (n, r, p) = secrets.token_bytes(SALT_BYTES), cost
        return cls(n, r, p, salt, _scrypt(secret, salt, cost))

    @classmethod
    def parse(cls, text: str) -> SecretHash:
        """A hash as it is written down; raises `ValueError`, which never shows it."""
        found = FORM.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            n, r, p = (int(found[part]) for part in (1, 2, 3))
            salt, made = (base64.b64decode(found[part], validate=True) for part in (4, 5))
        except (ValueError, binascii.Error):
            raise ValueError(
                "expected a hash, as `passerelle applications hash` makes it"
            ) from None
        if n < 2 or n & (n - 1) or 128 * n * r * p > MAX_MEMORY or len(made) != HASH_BYTES:
            raise ValueError("expected a hash that takes a power of two and 256 MiB at most")
        return cls(n, r, p, salt, made)

    def __str__(self) -> str:
        salt, made = (base64.b64encode(part).decode() for part in (self.salt, self.hash))
        return f"scrypt${self.n}${self.r}${self.p}${salt}${made}"

    @property
    def cost(self) -> tuple[int, int, int]:
        """What scrypt is given."""
        return self.n, self.r, self.p

    def fits(self, secret: str) -> bool:
        """Whether it is the hash of this secret; takes its time, the same for every secret."""
        return hmac.compare_digest(_scrypt(secret, self.salt, self.cost), self.hash)


def _scrypt(secret: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    # It takes 7 MB of a worker, and is asked only where applications have secrets.
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - see above

    n, r, p = cost
    return Scrypt(salt=salt, length=HASH_BYTES, n=n, r=r, p=p).derive(secret.encode())

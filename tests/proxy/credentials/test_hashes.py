"""Hashes of secrets: what fits, what is read, and that nothing is shown."""

from __future__ import annotations

import base64

import pytest

from proxy.credentials.hashes import COST, SecretHash
from tests.proxy.credentials.conftest import CHEAP

SECRET = "Canary7f3a91 é"
PART = base64.b64encode(bytes(32)).decode()


def test_a_hash_fits_its_own_secret_and_no_other() -> None:
    made = SecretHash.parse(str(SecretHash.of(SECRET, CHEAP)))

    assert made.fits(SECRET)
    assert not made.fits(SECRET + " ")
    assert not made.fits("")


def test_the_same_secret_never_has_the_same_hash_twice() -> None:
    assert str(SecretHash.of(SECRET, CHEAP)) != str(SecretHash.of(SECRET, CHEAP))


def test_a_hash_says_what_scrypt_was_given() -> None:
    written = str(SecretHash.of(SECRET))

    assert written.startswith("scrypt$32768$8$1$")
    assert SecretHash.parse(written).cost == COST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Canary7f3a91",
        f"bcrypt$16$8$1${PART}${PART}",
        f"scrypt$16$8$1${PART}",
        f"scrypt$16$8$1${PART}$*",
        f"scrypt$0$8$1${PART}${PART}",
        f"scrypt$1$8$1${PART}${PART}",
        f"scrypt$17$8$1${PART}${PART}",
        f"scrypt$16$8$1${PART}$AAAA",
        f"scrypt$16777216$8$1${PART}${PART}",
    ],
)
def test_what_is_no_hash_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a hash") as caught:
        SecretHash.parse(text)

    assert "Canary7f3a91" not in str(caught.value)
    assert PART not in str(caught.value)


def test_neither_salt_nor_hash_is_in_what_is_printed_of_it() -> None:
    made = SecretHash.of(SECRET, CHEAP)

    assert repr(made) == "SecretHash(n=16, r=8, p=1)"

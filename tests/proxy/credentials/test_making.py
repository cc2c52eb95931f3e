"""Credentials that cannot be made say so at start, with the next step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mappings.mesvaccins import PACK
from proxy.credentials import make_credentials
from proxy.errors import ConfigurationError, NotFoundError
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store.store import Store
from tests.proxy.conftest import UPSTREAM
from tests.proxy.credentials.conftest import (
    APPLICATIONS,
    HOSPITAL,
    TOKEN_URL,
    Clock,
    Maker,
    key_of,
    signed_in,
)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"credentials": "exchange", "token_url": None},
            "PASSERELLE_TOKEN_URL: it must be set for PASSERELLE_CREDENTIALS=exchange",
        ),
        (
            {"tokens": "opaque", "token_url": None},
            "PASSERELLE_TOKEN_URL: it must be set for PASSERELLE_TOKENS=opaque",
        ),
        (
            {"tokens": "opaque", "keys": None},
            "PASSERELLE_KEYS_FILE: no key to seal the tokens behind the gateway's own; "
            "`passerelle store new-key` makes one",
        ),
        (
            {
                "credentials": "exchange",
                "applications": APPLICATIONS + '\ncertificate = "CN=pharmacy"\n',
            },
            "PASSERELLE_TLS_CLIENT_CA: it must be set, or PASSERELLE_CERTIFICATE_HEADER, for an "
            "application has a certificate",
        ),
    ],
)
async def test_a_setting_that_is_missing_is_named(
    make: Maker, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(**settings)

    assert str(caught.value) == told


def test_an_exchange_needs_applications(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(
        upstream_url=UPSTREAM, credentials="exchange", token_url=TOKEN_URL, data_dir=tmp_path
    )

    with pytest.raises(ConfigurationError) as caught:
        make_credentials(settings, Store(settings, clock), PACK, clock)

    assert str(caught.value) == (
        "PASSERELLE_APPLICATIONS: it must be set for PASSERELLE_CREDENTIALS=exchange"
    )


async def test_a_pack_without_sign_in_has_no_tokens_to_give(tmp_path: Path, clock: Clock) -> None:
    pack = replace(PACK, oauth=None)
    settings = Settings(
        upstream_url=UPSTREAM, token_url=TOKEN_URL, keys=new_key(), data_dir=tmp_path
    )
    store = Store(settings, clock)
    credentials = make_credentials(settings, store, pack, clock)

    with pytest.raises(NotFoundError):
        await signed_in(credentials, key_of(HOSPITAL), grant_type="password")
    with pytest.raises(ConfigurationError, match=r"^PASSERELLE_TOKENS: opaque: pack mesvaccins"):
        make_credentials(settings.model_copy(update={"tokens": "opaque"}), store, pack, clock)
    await credentials.close()

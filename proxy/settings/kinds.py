"""The kinds of values that settings have, beside the plain ones."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode


def _url(text: str) -> str:
    """An http or https URL with a host and perhaps a path, without a slash at its end."""
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL such as https://api.example.org")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("expected a URL without credentials, query or fragment")
    if re.search(r"[\s?#\x00-\x1f\x7f]", text):
        raise ValueError("expected a URL without spaces, and without ? or # at its end")
    parts.port  # noqa: B018 - raises ValueError for what is no port
    return text.rstrip("/")


def _listed(value: object) -> object:
    """`one,other` as a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _pairs(value: object) -> object:
    """`one=drop,other=reject` as a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): policy.strip() for name, _, policy in pairs}


Url = Annotated[str, AfterValidator(_url)]
Network = IPv4Network | IPv6Network
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_listed)]
Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Fates = Annotated[dict[str, Literal["keep", "drop", "reject"]], NoDecode, BeforeValidator(_pairs)]

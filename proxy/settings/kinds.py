"""The kinds of values that settings have, beside the plain ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Takes:
    """What is written for a value of a kind, in words for the docs."""

    words: str


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


def _network(value: object) -> object:
    """One line for what is neither, instead of one for each version."""
    try:
        return ip_network(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("expected addresses or networks such as 10.0.0.0/8") from None


def _host(name: str) -> str:
    """A name or an address as a Host has it, without a port, which could never match."""
    if not HOST.fullmatch(name):
        raise ValueError("expected names such as old.example, without ports")
    return name


def _not_of_kubernetes(value: object) -> object:
    """Kubernetes gives what ends with _PORT a URL, for a service of that name."""
    if isinstance(value, str) and "://" in value:
        raise ValueError(
            "expected a number; a URL is of Kubernetes, for a service of this name: set "
            "enableServiceLinks: false"
        )
    return value


def _pairs(value: object) -> object:
    """`one=drop,other=reject` as a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): policy.strip() for name, _, policy in pairs}


Url = Annotated[str, AfterValidator(_url), Takes("a URL, http or https")]
Port = Annotated[
    int, Field(ge=0, le=65535), BeforeValidator(_not_of_kubernetes), Takes("a port, 0 to 65535")
]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Networks = Annotated[
    tuple[Network, ...], NoDecode, BeforeValidator(_listed), Takes("networks, `10.0.0.0/8,::1`")
]
Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_host)], ...],
    NoDecode,
    BeforeValidator(_listed),
    Takes("names, `one.example,other.example`"),
]
Listed = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_listed), Takes("a list, `one,other`")
]
Fates = Annotated[
    dict[str, Literal["keep", "drop", "reject"]],
    NoDecode,
    BeforeValidator(_pairs),
    Takes("pairs, `one=keep,other=drop`"),
]

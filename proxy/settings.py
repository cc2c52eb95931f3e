"""What an operator may set: environment variables that begin with PASSERELLE_."""

from __future__ import annotations

import difflib
import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from proxy.errors import ConfigurationError

PREFIX = "PASSERELLE_"

S = TypeVar("S", bound="PackSettings")


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
    return [origin.strip() for origin in value.split(",")] if isinstance(value, str) else value


def _pairs(value: object) -> object:
    """`one=drop,other=reject` as a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): policy.strip() for name, _, policy in pairs}


def _state_folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    # A user without a home keeps the tilde: then the folder is relative, and named where it fails.
    return Path(os.path.expanduser(state)) / "passerelle"


Url = Annotated[str, AfterValidator(_url)]
Network = IPv4Network | IPv6Network
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_listed)]


class PackSettings(BaseSettings):
    """Which pair of APIs is served, with which choices; all that the pure commands read."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    pack: str = Field("mappings.mesvaccins", description="The package of the API pair.")
    pack_options: Path | None = Field(None, description="TOML file with the pack's options.")
    tables: Path | None = Field(
        None, description="Folder with the pack's tables, NAME.csv or NAME.json each."
    )


class StoreSettings(PackSettings):
    """What is remembered, where, and for how long; all that the store's commands read."""

    data_dir: Path = Field(
        default_factory=_state_folder,
        description="Folder of the SQLite store; by default passerelle in the XDG state folder.",
    )
    store_url: SecretStr | None = Field(
        None, description="PostgreSQL URL of a store that several replicas share."
    )
    keys: SecretStr | None = Field(
        None,
        description="Keys for values set aside, NAME:BASE64 with commas or line breaks between; "
        "the first one seals (passerelle store new-key makes one).",
    )
    keys_file: Path | None = Field(None, description="The same keys, from a file.")
    set_aside: Literal["keep", "drop", "reject"] | None = Field(
        None,
        description="What becomes of values that the new API has no place for: keep seals them "
        "here (the default with a key), drop loses and tells them (the default without), reject "
        "is a 422.",
    )
    set_aside_fields: Annotated[
        dict[str, Literal["keep", "drop", "reject"]], NoDecode, BeforeValidator(_pairs)
    ] = Field({}, description="The same by legacy field, FIELD=POLICY with commas between.")
    set_aside_days: int | None = Field(
        None, gt=0, description="After so many days without a write, values set aside are erased."
    )
    intent_minutes: float = Field(
        10,
        ge=0,
        description="For so long, the same creation by the same caller is the same record.",
    )


class Settings(StoreSettings):
    """The gateway's settings; `PASSERELLE_UPSTREAM_URL` alone suffices."""

    upstream_url: Url = Field(description="Base URL of the new API.")
    upstream_plaintext: Literal["refuse", "allow"] = Field(
        "refuse", description="Whether an http:// upstream beyond this machine is accepted."
    )
    public_url: Url | None = Field(
        None, description="Base URL under which legacy applications see the gateway."
    )
    credentials: Literal["passthrough", "exchange"] = Field(
        "passthrough",
        description="What becomes of the client's credential: it goes on as it is, or a legacy "
        "application's key is exchanged for a token of the new API.",
    )
    applications: Path | None = Field(
        None, description="TOML file with the legacy applications, for exchange."
    )
    token_url: Url | None = Field(
        None, description="The new API's token endpoint (OpenID Connect), for sign-in."
    )
    tokens: Literal["upstream", "opaque"] = Field(
        "upstream",
        description="What /oauth/token gives out: the new API's tokens, or the gateway's own of 64 "
        "hexadecimal digits as the old API did.",
    )
    certificate_header: str | None = Field(
        None,
        description="Header in which a proxy in front tells the subject of a client certificate.",
    )
    trusted_peers: Networks = Field(
        (), description="Addresses or networks, with commas between, whose such header is believed."
    )
    max_pages: int = Field(
        100, gt=0, description="How many pages of a list of the new API are followed."
    )
    max_body_bytes: int = Field(2 * 1024**2, gt=0, description="The largest body that is read.")
    max_answer_bytes: int = Field(
        64 * 1024**2, gt=0, description="The largest answer of the new API that is read."
    )
    max_depth: int = Field(64, gt=0, le=190, description="How deep JSON may be nested.")
    deadline_seconds: float = Field(
        10, gt=0, description="How long one call of the new API may take, the waiting included."
    )
    connect_seconds: float = Field(2, gt=0, description="How long connecting to it may take.")
    upstream_connections: int = Field(100, gt=0, description="Calls of the new API at one time.")
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (), description="Origins, with commas between, whose web pages may call; none by default."
    )

    @model_validator(mode="after")
    def _no_plaintext(self) -> Self:
        for name, url, carried in (
            ("UPSTREAM_URL", self.upstream_url, "health data"),
            ("TOKEN_URL", self.token_url or "", "passwords"),
        ):
            parts = urlsplit(url)
            trusted = self.upstream_plaintext == "allow" or _is_loopback(parts.hostname or "")
            if parts.scheme == "http" and not trusted:
                raise ValueError(
                    f"{PREFIX}{name}: http:// would carry {carried} in the clear; use https://, "
                    f"or {PREFIX}UPSTREAM_PLAINTEXT=allow inside a network that you trust"
                )
        return self


def settings_of_environment(**given: Any) -> Settings:
    """
    The settings that the environment gives; those that are `given` stand whatever it says.

    Raises `ConfigurationError`, with a line for each setting that is missing, unknown or wrong.
    """
    return _read(Settings, given)


def store_settings_of_environment() -> StoreSettings:
    """The settings of the store's commands, read in the same way."""
    return _read(StoreSettings, {})


def pack_settings_of_environment() -> PackSettings:
    """The settings of the pure commands, read in the same way."""
    return _read(PackSettings, {})


def _read(model: type[S], given: dict[str, Any]) -> S:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    wrong = [
        _unknown(name, known)
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not _of_kubernetes(name)
    ]
    try:
        settings = model(**given)
    except ValidationError as error:
        wrong += [
            ": ".join((*_variable(found["loc"]), _sentence(found["msg"])))
            for found in error.errors(include_url=False, include_input=False)
        ]
    if wrong:
        raise ConfigurationError("\n".join(sorted(wrong)))
    return settings


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_kubernetes(name: str) -> bool:
    """The names that Kubernetes makes of a service called passerelle."""
    return "_SERVICE_" in name or "_PORT" in name


def _unknown(name: str, known: set[str]) -> str:
    bare = [setting.removeprefix(PREFIX) for setting in known]
    close = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1)
    return f"{name}: no such setting" + (f"; is {PREFIX}{close[0]} meant?" if close else "")


def _variable(place: tuple[int | str, ...]) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{name}".upper() for name in place[:1])


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Field required", "it must be set")

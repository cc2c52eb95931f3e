"""What an operator may set: environment variables that begin with PASSERELLE_."""

from __future__ import annotations

import difflib
import os
from ipaddress import ip_address
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError, model_validator

from proxy.errors import ConfigurationError
from proxy.settings.admin import AdminSettings
from proxy.settings.audit import AuditSettings
from proxy.settings.behind import BehindSettings
from proxy.settings.front import FrontSettings
from proxy.settings.kinds import Networks
from proxy.settings.remembered import PREFIX, PackSettings, StoreSettings
from proxy.settings.secrets import secrets_in_files
from proxy.settings.sign_in import SignInSettings
from proxy.settings.telling import TellingSettings

__all__ = [
    "PREFIX",
    "AdminSettings",
    "AuditSettings",
    "BehindSettings",
    "FrontSettings",
    "Networks",
    "PackSettings",
    "Settings",
    "SignInSettings",
    "StoreSettings",
    "TellingSettings",
    "audit_settings_of_environment",
    "pack_settings_of_environment",
    "settings_of_environment",
    "store_settings_of_environment",
]

S = TypeVar("S", bound=PackSettings)


class Settings(
    AdminSettings,
    AuditSettings,
    BehindSettings,
    FrontSettings,
    SignInSettings,
    TellingSettings,
    # The last one: its configuration, with the prefix, stands.
    StoreSettings,
):
    """The gateway's settings; `PASSERELLE_UPSTREAM_URL` alone suffices."""

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


def audit_settings_of_environment() -> AuditSettings:
    """The settings of the audit log's commands, read in the same way."""
    return _read(AuditSettings, {})


def pack_settings_of_environment() -> PackSettings:
    """The settings of the pure commands, read in the same way."""
    return _read(PackSettings, {})


def _read(model: type[S], given: dict[str, Any]) -> S:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    found, wrong = secrets_in_files(model, Settings, given)
    wrong += [
        _unknown(name, known)
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not _of_kubernetes(name)
    ]
    try:
        settings = model(**{**found, **given})
    except ValidationError as error:
        wrong += [
            ": ".join((*_variable(told["loc"]), _sentence(told["msg"])))
            for told in error.errors(include_url=False, include_input=False)
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
    """The names that Kubernetes makes of a service called passerelle, or passerelle-something."""
    url = name.endswith("_PORT") and "://" in os.environ[name]
    return url or "_SERVICE_" in name or "_PORT_" in name


def _unknown(name: str, known: set[str]) -> str:
    bare = [setting.removeprefix(PREFIX) for setting in known]
    close = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1)
    return f"{name}: no such setting" + (f"; is {PREFIX}{close[0]} meant?" if close else "")


def _variable(place: tuple[int | str, ...]) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{name}".upper() for name in place[:1])


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Field required", "it must be set")

"""The legacy applications that may call, and the client of the new API behind each of them."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote_plus

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic import model_validator as whole

from proxy.credentials.hashes import SecretHash
from proxy.errors import ConfigurationError
from proxy.settings import PREFIX

SOURCE = f"{PREFIX}APPLICATIONS"


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the new API, on whose behalf tokens are asked for."""

    application: str
    """The uid of the legacy application that it stands behind."""
    authorization: str = field(repr=False)
    """How it tells the token endpoint who it is."""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One legacy application."""

    secret: SecretHash
    client: Client
    certificate: str | None = field(default=None, repr=False)
    """The subject of the client certificate that it must show."""


def basic(name: str, secret: str) -> str:
    """HTTP Basic for a token endpoint: both parts written as in a form (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def read_applications(path: Path) -> dict[str, Application]:
    """The applications of a TOML file, by uid; raises `ConfigurationError`, without a secret."""
    try:
        file = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        return {uid: _application(uid, row, path.parent) for uid, row in file.applications.items()}
    except OSError as error:
        raise ConfigurationError(f"{SOURCE}: {error.filename}: {error.strerror}") from error
    except ValidationError as error:
        wrong = [
            f"{SOURCE}: {path}: {'.'.join(map(str, found['loc']))}: "
            f"{found['msg'].removeprefix('Value error, ')}"
            for found in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise ConfigurationError("\n".join(wrong)) from None
    except ValueError:
        # Without a cause: its text could show a part of a secret.
        raise ConfigurationError(f"{SOURCE}: {path}: not a TOML file in UTF-8") from None


def _hash(text: str) -> str:
    SecretHash.parse(text)
    return text


def _uid(text: str) -> str:
    if not text or ":" in text:
        raise ValueError("expected a uid without a colon: HTTP Basic could not carry it")
    return text


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret: Annotated[str, AfterValidator(_hash)]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    scope: str = ""
    certificate: Annotated[str, Field(min_length=1)] | None = None

    @whole(mode="after")
    def _one_secret(self) -> Self:
        if (self.client_secret is None) == (self.client_secret_file is None):
            raise ValueError("expected client_secret or client_secret_file, one of the two")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    applications: Annotated[
        Mapping[Annotated[str, AfterValidator(_uid)], _Table], Field(min_length=1)
    ]


def _application(uid: str, row: _Table, folder: Path) -> Application:
    if row.client_secret is not None:
        secret = row.client_secret.get_secret_value()
    else:
        assert row.client_secret_file is not None  # noqa: S101 - the model lets no other case through
        secret = (folder / row.client_secret_file).read_text(encoding="utf-8").rstrip("\r\n")
    client = Client(uid, basic(row.client_id, secret), row.scope)
    return Application(SecretHash.parse(row.secret), client, row.certificate)

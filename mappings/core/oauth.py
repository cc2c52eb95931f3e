"""How the old API signed people in: its words for what is wrong, and how long a token was good."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mappings.core.context import Document

SignInError = Literal[
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_resource_owner",
    "unsupported_grant_type",
]


@dataclass(frozen=True, slots=True)
class OAuthForm:
    """The form of the old API's token endpoint."""

    realm: str
    sentences: Mapping[SignInError, str]
    """What is said beside each error; without quotation marks."""
    bad_password: SignInError
    """The error for a name and password that do not fit."""
    unknown_refresh: SignInError
    """The error for a refresh token that is not known, or another application's."""
    lifetime_seconds: int
    """How long an access token is good."""

    def error(self, error: SignInError) -> Document:
        """The body that tells an error."""
        return {"error": error, "error_description": self.sentences[error]}

    def headers(self, error: SignInError) -> Mapping[str, str]:
        """The headers that tell it; ASCII alone is allowed there (RFC 6750, section 3)."""
        told = unicodedata.normalize("NFKD", self.sentences[error]).encode("ascii", "ignore")
        return {
            "WWW-Authenticate": f'Bearer realm="{self.realm}", error="{error}", '
            f'error_description="{told.decode()}"'
        }

"""
Accounts: every bearer token is one, and so is the absence of any.

An access token that the sandbox itself gave out stands for the client or the user who got it. An
account that reads `rpps-` and 11 digits is a professional with that RPPS number.
"""

import re
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from sandbox.tokens import Tokens

STRICT_TOKENS: Final = frozenset({"sandbox-token-1", "sandbox-token-2"})
ANONYMOUS: Final = ""


@dataclass(frozen=True)
class Accounts:
    """Who may ask; strict ones are those of known tokens only."""

    tokens: Tokens
    strict: bool

    def of(self, headers: Headers) -> str:
        """Say whose request it is; refuse who does not show a bearer token that is known."""
        if "authorization" not in headers and not self.strict:
            return ANONYMOUS
        scheme, _, token = headers.get("authorization", "").partition(" ")
        account = self.tokens.account_of(token)
        known = account is not None or token in STRICT_TOKENS
        if scheme.lower() != "bearer" or not token or (self.strict and not known):
            raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer realm="sandbox"'})
        return token if account is None else account


def account_id(account: str) -> str:
    """Give the UUID of an account, always the same."""
    return str(uuid5(NAMESPACE_URL, account))


def rpps_of(account: str) -> str | None:
    """Give the RPPS number of an account that is a professional."""
    found = re.fullmatch(r"rpps-([0-9]{11})", account)
    return found and found[1]

"""Accounts: every bearer token is one, and so is the absence of any."""

from typing import Final
from uuid import NAMESPACE_URL, uuid5

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

STRICT_TOKENS: Final = frozenset({"sandbox-token-1", "sandbox-token-2"})
ANONYMOUS: Final = ""


def account_of(headers: Headers, *, strict: bool) -> str:
    """Say whose request it is; refuse who does not show a bearer token that is known."""
    if "authorization" not in headers and not strict:
        return ANONYMOUS
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or (strict and token not in STRICT_TOKENS):
        raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer realm="sandbox"'})
    return token


def owner_id(account: str) -> str:
    """Give the UUID of an account, always the same."""
    return str(uuid5(NAMESPACE_URL, account))

"""Tokens: who is given some, all invented, and which of them are good."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sandbox.people import RPPS

CLIENTS: Final[Mapping[str, str]] = {
    "hospital-software": "hospital-secret",
    "pharmacy-software": "pharmacy-secret",
}
"""The secret of each client."""

USERS: Final[Mapping[str, str]] = {
    "anatole": "anatole-password",
    f"rpps-{RPPS}": "professional-password",
}
"""The password of each user; the second is a professional, by the rule of `accounts.py`."""

ACCESS_SECONDS: Final = 300
REFRESH_SECONDS: Final = 1800
SCOPE: Final = "profile email"


@dataclass(frozen=True)
class Grant:
    """What stands behind a token: whose it is, which client got it, and how long it is good."""

    account: str
    client: str
    ends_at: datetime


class Tokens:
    """The tokens that were given out; one that nobody can use any more is forgotten."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}

    def issue_to_client(self, client: str) -> dict[str, Any]:
        """Give a client a token of its own, as Keycloak tells it."""
        return {
            "access_token": _keep(self._access, client, client, self._now(), ACCESS_SECONDS),
            "expires_in": ACCESS_SECONDS,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "scope": SCOPE,
        }

    def issue_to_user(self, user: str, client: str) -> dict[str, Any]:
        """Give a user a pair of tokens, by a client."""
        now = self._now()
        return {
            "access_token": _keep(self._access, user, client, now, ACCESS_SECONDS),
            "expires_in": ACCESS_SECONDS,
            "refresh_expires_in": REFRESH_SECONDS,
            "refresh_token": _keep(self._refresh, user, client, now, REFRESH_SECONDS),
            "token_type": "Bearer",
            "scope": SCOPE,
        }

    def refresh(self, token: str, client: str) -> dict[str, Any] | None:
        """Give a new pair for a refresh token of this client, which is then used up."""
        grant = self._refresh.get(token)
        if grant is None or grant.client != client or grant.ends_at <= self._now():
            return None
        del self._refresh[token]
        return self.issue_to_user(grant.account, client)

    def account_of(self, token: str) -> str | None:
        """Say whose an access token is, while it is good."""
        grant = self._access.get(token)
        # The clock is looked at for tokens that were given out only.
        return grant.account if grant and self._now() < grant.ends_at else None

    def revoke_all(self) -> None:
        """Make every token worthless."""
        self._access.clear()
        self._refresh.clear()


def _keep(grants: dict[str, Grant], account: str, client: str, now: datetime, seconds: int) -> str:
    for token in [token for token, grant in grants.items() if grant.ends_at <= now]:
        del grants[token]
    token = uuid4().hex
    grants[token] = Grant(account, client, now + timedelta(seconds=seconds))
    return token

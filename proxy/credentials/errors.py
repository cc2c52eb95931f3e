"""
What can go wrong with signing in; all the rest is in `proxy.errors`.

* SignInRefusedError: the client is told so in the words of the old API's token endpoint
* GrantRefusedError: the new API's token endpoint refused; where that is not the client's fault, 502
"""

from __future__ import annotations

from mappings.core.oauth import SignInError
from proxy.errors import LegacyRequestError, UpstreamStatusError
from proxy.upstream import policy


class SignInRefusedError(LegacyRequestError):
    """Nobody is signed in by this request."""

    status = 401

    def __init__(self, error: SignInError) -> None:
        self.error: SignInError = error
        super().__init__(error)


class GrantRefusedError(UpstreamStatusError):
    """The new API's token endpoint gives no token for this."""

    def __init__(self, upstream_status: int, error: str = "", retry_after: str | None = None):
        status = 503 if policy.legacy_status(upstream_status) == 503 else policy.BAD_ANSWER
        super().__init__(status, upstream_status, policy.retry_after(retry_after))
        self.error = error
        """One of the words that are known, or nothing."""

    @property
    def of_grant(self) -> bool:
        """Whether the password or the refresh token is not good."""
        return self.error == "invalid_grant"

    @property
    def of_client(self) -> bool:
        """Whether the client is not known, or not with this secret."""
        return self.error in ("invalid_client", "unauthorized_client")

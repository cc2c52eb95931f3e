"""
What can go wrong with a request, or before the first one.

* ConfigurationError: a setting, an option or a table cannot be used; nothing is served
* ProxyError: has the status that the legacy client sees
  + LegacyRequestError: the client is at fault
    - MalformedError, UnauthorizedError, NotFoundError, MethodNotAllowedError, ConflictError,
      UnknownOutcomeError, PreconditionFailedError, TooLargeError, UnsupportedMediaError,
      LoopError
    - NotServedError: the new API has no counterpart
    - InvalidDocumentError: has the problems, as pointers into the client's document
  + UpstreamError: the new API is at fault, or refuses
    - UpstreamStatusError: it answered with a status that is no success
    - UpstreamTimeoutError: it did not answer in time
    - UpstreamUnreachableError: no answer could be had
    - UpstreamContractError: its answer is not what the new API is known to give
    - ListTooLongError: more pages of a list than are followed
    - SuspendedError: it failed so often that it is not asked for a while
  + OverloadedError: more is asked at one time than is worked on, held or may wait
  + PartialError: a record within was not carried over; those before it were
  + StoreError: what the gateway remembers cannot be read or written
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from mappings.core.errors import Problem


class ConfigurationError(Exception):
    """A setting, an option or a table cannot be used; one line, with the next step."""


class ProxyError(Exception):
    """Something is wrong with one request."""

    status: int = 500
    sent: bool = True
    """Whether the new API may have carried the request out."""
    reason: str = ""
    """A word for which the legacy side has a sentence of its own; else the status has one."""

    @property
    def headers(self) -> dict[str, str]:
        """What the answer must carry beside its body."""
        return {}


class LegacyRequestError(ProxyError):
    """The client's request cannot be accepted."""


class MalformedError(LegacyRequestError):
    """The body is not what it claims to be."""

    status = 400


class UnauthorizedError(LegacyRequestError):
    """The caller is not who it must be."""

    status = 401


class NotFoundError(LegacyRequestError):
    """No such path or record."""

    status = 404


class MethodNotAllowedError(LegacyRequestError):
    """The path is there, the method is not."""

    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"allowed: {', '.join(allowed)}")

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.allowed)}


class ConflictError(LegacyRequestError):
    """The record was changed after the client had read it."""

    status = 409


class UnknownOutcomeError(LegacyRequestError):
    """The same creation came before, and nobody knows whether it was made."""

    status = 409
    reason = "unknown_outcome"


class PreconditionFailedError(LegacyRequestError):
    """The record is not in the state that the client's If-Match asks for."""

    status = 412


class TooLargeError(LegacyRequestError):
    """The body is larger than the gateway takes."""

    status = 413


class UnsupportedMediaError(LegacyRequestError):
    """The body comes in a format, a charset or an encoding that is not read."""

    status = 415


class LoopError(LegacyRequestError):
    """The request came through this gateway before."""

    status = 508


class NotServedError(LegacyRequestError):
    """What the new API has no counterpart for."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"status {status}")


class InvalidDocumentError(LegacyRequestError):
    """The client's document cannot be carried over."""

    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problems")


class PartialError(ProxyError):
    """A record within was not carried over; those before it were, and stay."""

    def __init__(self, cause: ProxyError, pointer: str) -> None:
        self.status = cause.status
        self.reason = cause.reason
        self.pointer = pointer
        """Where it stands in the client's document."""
        self._headers = cause.headers
        super().__init__(f"{pointer}: {type(cause).__name__}")

    @property
    def headers(self) -> dict[str, str]:
        return self._headers


class OverloadedError(ProxyError):
    """More is asked at one time than is worked on, held or may wait, or the server ends."""

    status = 503
    sent = False

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class StoreError(ProxyError):
    """What the gateway remembers cannot be read or written now."""

    status = 503

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class UpstreamError(ProxyError):
    """The new API is at fault, or refuses."""

    status = 502


class UpstreamStatusError(UpstreamError):
    """The new API answered with a status that is no success."""

    DEFAULT_RETRY: ClassVar[str] = "5"

    def __init__(self, status: int, upstream_status: int, retry_after: str | None = None) -> None:
        self.status = status
        self.upstream_status = upstream_status
        self.retry_after = retry_after
        super().__init__(f"upstream status {upstream_status}")

    @property
    def headers(self) -> dict[str, str]:
        if self.status != 503:
            return {}
        return {"Retry-After": self.retry_after or self.DEFAULT_RETRY}


class UpstreamTimeoutError(UpstreamError):
    """The new API did not answer in time."""

    status = 504

    def __init__(self, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__("no answer in time")


class UpstreamUnreachableError(UpstreamError):
    """No answer could be had from the new API."""

    def __init__(self, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__("no answer")


class SuspendedError(UpstreamError):
    """The new API failed so often that it is not asked for a while."""

    status = 503
    sent = False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__("not asked for a while")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(math.ceil(self.seconds))}


class ListTooLongError(UpstreamError):
    """A list of the new API has more pages than are followed."""

    reason = "too_long"


class UpstreamContractError(UpstreamError):
    """The new API's answer is not what it is known to give; has the places, without values."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in problems))

"""Refusals, told as problem documents (RFC 9457)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

UNPROCESSABLE = 422

Thing = TypeVar("Thing")


@dataclass(frozen=True, order=True)
class Problem:
    """Where a document is wrong (JSON Pointer, RFC 6901), and what was expected there."""

    pointer: str
    detail: str


class InvalidDocumentError(HTTPException):
    """A document is JSON and does not fit."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(UNPROCESSABLE)
        self.problems = tuple(problems)


def found(thing: Thing | None) -> Thing:
    """Give what was looked for; refuse when there is no such thing, or none that may be seen."""
    if thing is None:
        raise HTTPException(404)
    return thing


async def problem_response(_request: Request, error: Any) -> JSONResponse:
    """Answer a starlette HTTPException, which the framework hands over untyped."""
    status = error.status_code
    document: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status}
    if isinstance(error, InvalidDocumentError):
        document["errors"] = [asdict(problem) for problem in error.problems]
    return JSONResponse(document, status, error.headers, media_type="application/problem+json")


def _title(status: int) -> str:
    # RFC 9110 renamed it; Python's table follows from 3.13 on.
    return "Unprocessable Content" if status == UNPROCESSABLE else HTTPStatus(status).phrase

"""Conditional requests: the versions that a client names (RFC 9110, section 13)."""

import re
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from sandbox.calls import Call


def expect_version(call: Call, etag: str) -> None:
    """Refuse a write that If-Match forbids: a weak tag never matches."""
    conditional = "if-match" in call.headers
    if conditional and not _lists(call.headers, "if-match", etag, r'(?:W/)?"[^"]*"'):
        raise HTTPException(412)


def show(call: Call, document: Any, etag: str) -> Response:
    """Answer with a document, unless If-None-Match names this version, by a weak tag or not."""
    if _lists(call.headers, "if-none-match", etag, r'"[^"]*"'):
        return Response(status_code=304, headers={"ETag": etag})
    return JSONResponse(document, headers={"ETag": etag})


def _lists(headers: Headers, header: str, etag: str, form: str) -> bool:
    value = ", ".join(headers.getlist(header))
    return value.strip() == "*" or etag in re.findall(form, value)

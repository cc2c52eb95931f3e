"""Conditional requests: the versions that a client names (RFC 9110, section 13)."""

import re

from starlette.datastructures import Headers


def may_write(headers: Headers, etag: str) -> bool:
    """Say whether If-Match lets a write happen: a weak tag never does."""
    return "if-match" not in headers or _lists(headers, "if-match", etag, r'(?:W/)?"[^"]*"')


def is_known(headers: Headers, etag: str) -> bool:
    """Say whether If-None-Match names this version, by a weak tag or a strong one."""
    return _lists(headers, "if-none-match", etag, r'"[^"]*"')


def _lists(headers: Headers, header: str, etag: str, form: str) -> bool:
    value = ", ".join(headers.getlist(header))
    return value.strip() == "*" or etag in re.findall(form, value)

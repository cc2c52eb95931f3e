"""Urlencoded forms as Rails reads them: `thing[name]=Ana&thing[ids][]=1`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

MAX_FIELDS = 1000
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){0,8})")


class NotAFormError(ValueError):
    """The text is not a form, or names one place twice."""


def parse(text: str, charset: str) -> dict[str, Any]:
    """
    The form as a document in which every value is a text, or a list or document of them.

    Raises `NotAFormError`.
    """
    try:
        pairs = parse_qsl(
            "&".join(part for part in text.split("&") if part),
            keep_blank_values=True,
            strict_parsing=bool(text),
            encoding=charset,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise NotAFormError("not a form") from error
    document: dict[str, Any] = {}
    for name, value in pairs:
        found = NAME.fullmatch(name)
        if found is None or "\0" in name + value:
            raise NotAFormError("a name that cannot be read")
        _put(document, [found[1], *found[2][1:-1].split("][")] if found[2] else [found[1]], value)
    return document


def _put(document: dict[str, Any], path: list[str], value: str) -> None:
    """Lay a value at its place; `[]` at the end of a name adds to a list."""
    *way, last = path
    if not last and way:
        *way, last = way
        values: list[str] = _inside(document, way).setdefault(last, [])
        if not isinstance(values, list):
            raise NotAFormError("a place that is a list and something else")
        values.append(value)
        return
    place = _inside(document, way)
    if last in place:
        raise NotAFormError("a place that is named twice")
    place[last] = value


def _inside(document: dict[str, Any], way: list[str]) -> dict[str, Any]:
    for part in way:
        document = document.setdefault(part, {})
        if not isinstance(document, dict):
            raise NotAFormError("a place that is a value and holds others")
    return document

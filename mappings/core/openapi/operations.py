"""What the operations of both documents have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mappings.core.openapi.schemas import Schema

PARAMETER = re.compile(r"{(\w+)}")
WORD = re.compile(r"\w+")

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

VERSION = "1"
"""Neither API tells a version of its documents, and OpenAPI asks for one."""


def document(title: str, description: str) -> Schema:
    """The head of a document; its paths and components follow."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": description},
    }


def operation_id(method: str, path: str) -> str:
    """The name of an operation: `get_books_id` for GET /books/{id}."""
    return "_".join([method.lower(), *WORD.findall(path)])


def path_parameters(path: str, schemas: Mapping[str, Schema]) -> list[Schema]:
    """The parameters in a path; a text, unless there is a schema for it."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **schemas.get(name, {})},
        }
        for name in PARAMETER.findall(path)
    ]


def header(name: str, sentence: str) -> Schema:
    """A header that a request may have."""
    return {"name": name, "in": "header", "description": sentence, "schema": {"type": "string"}}


def named(kind: str, names: Iterable[str]) -> list[Schema]:
    """References to components of a kind."""
    return [{"$ref": f"#/components/{kind}/{name}"} for name in names]


def content(schema: Schema, *kinds: str) -> Schema:
    """A body of this schema, in JSON unless other kinds are named."""
    return {kind: {"schema": schema} for kind in kinds or (JSON,)}

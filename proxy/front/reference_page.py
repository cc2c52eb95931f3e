"""The reference page of the admin port: both sides as plain HTML, from their OpenAPI documents."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

Document = Mapping[str, Any]

STYLE = """
body { font: 16px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
code, h3 { font-family: monospace }
h3 { border-top: 1px solid; margin-top: 2rem; padding-top: 1rem }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #8888; padding: .2rem .5rem; text-align: left }
"""

HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode('ascii')}'",
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""With these a browser runs no script of the page and asks nobody else for anything."""

METHODS = ("get", "post", "put", "patch", "delete")


class Html(str):
    """Markup. Any other text that is put into an element is escaped."""

    __slots__ = ()


def element(name: str, *inside: str, **attributes: str) -> Html:
    """One element with what is in it."""
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>{_joined(inside)}</{name}>")


def whole(title: str, *inside: str) -> str:
    """A page with this title."""
    style = element("style", Html(STYLE))
    head = element("head", element("title", title), Html('<meta charset="utf-8">'), style)
    body = element("body", element("h1", title), *inside)
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def reference_page(documents: Mapping[str, Document]) -> str:
    """Every operation and every schema of the documents, by side; it needs no script."""
    sides = (part for side, document in documents.items() for part in _side(side, document))
    return whole("Reference", *sides)


def _side(side: str, document: Document) -> Iterable[Html]:
    about, source = document["info"], f"openapi/{side}.json"
    yield element("h2", about["title"], id=side)
    yield element("p", about.get("description", ""))
    yield element("p", "The same for machines: ", element("a", source, href=source))
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield from _operation(side, document, f"{method.upper()} {path}", item, method)
    for name, schema in document["components"]["schemas"].items():
        yield element("h3", name, id=f"{side}-{name}")
        yield element("p", schema.get("description", ""))
        yield _properties(side, schema)


def _operation(
    side: str, document: Document, title: str, item: Document, method: str
) -> Iterable[Html]:
    operation = item[method]
    evidence = operation.get("x-evidence")
    yield element("h3", title)
    yield element("p", operation.get("summary", ""), f" ({evidence})" if evidence else "")
    parameters = [
        _resolved(document, found)
        for found in (*item.get("parameters", ()), *operation.get("parameters", ()))
    ]
    if parameters:
        rows = (
            (element("code", found["name"]), found["in"], found.get("description", ""))
            for found in parameters
        )
        yield _table(("parameter", "in", ""), rows)
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        yield element("p", f"Takes {media}: ", _words(side, body["schema"]))
    answers = (
        (status, found["description"], _answer(side, found))
        for status, told in operation["responses"].items()
        for found in (_resolved(document, told),)
    )
    yield _table(("status", "", "answers with"), answers)


def _answer(side: str, response: Document) -> Html:
    told = {_words(side, body["schema"]): None for body in response.get("content", {}).values()}
    return _among(told, " or ")


def _properties(side: str, schema: Document) -> Html:
    required = schema.get("required", ())
    rows = (
        (
            element("code", name),
            _words(side, found),
            found.get("description", ""),
            ", ".join(
                word
                for word, holds in (
                    ("required", name in required),
                    ("read only", found.get("readOnly")),
                )
                if holds
            ),
        )
        for name, found in schema.get("properties", {}).items()
    )
    return _table(("member", "is", "", ""), rows)


def _words(side: str, schema: Document) -> Html:
    """A schema in a few words; what has a name of its own is a link to it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return element("a", name, href=f"#{side}-{name}")
    if "anyOf" in schema:
        return _among((_words(side, found) for found in schema["anyOf"]), " or ")
    kinds = schema.get("type", "anything")
    told = Html(escape(kinds if isinstance(kinds, str) else " or ".join(kinds)))
    if "items" in schema:
        told = Html(f"{told} of {_words(side, schema['items'])}")
    if "properties" in schema:
        members = (
            Html(f"{element('code', name)}: {_words(side, found)}")
            for name, found in schema["properties"].items()
        )
        told = Html(f"{told} with {_among(members, ', ')}")
    return Html(f"{told}, {escape(schema['format'])}") if "format" in schema else told


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    head = element("tr", *(element("th", name) for name in names))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    return element("table", head, *body)


def _among(parts: Iterable[Html], between: str) -> Html:
    return Html(between.join(parts))


def _joined(parts: Iterable[str]) -> str:
    return "".join(part if isinstance(part, Html) else escape(part) for part in parts)


def _resolved(document: Document, found: Document) -> Document:
    """What stands there, or what it refers to within the document."""
    if "$ref" not in found:
        return found
    for name in found["$ref"].removeprefix("#/").split("/"):
        document = document[name]
    return document

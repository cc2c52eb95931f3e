"""How the old desk says that something went wrong: a number, and a sentence for each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from mappings.core import pointer as pointers
from mappings.core.context import Document
from mappings.core.errors import Problem

REASONS = {
    "blank": "must be given",
    "date": "must be a date, DD/MM/YYYY",
    "inclusion": "must be one of the codes in the handbook",
    "mismatch": "must be the number in the address",
    "not_a_list": "must be a list",
    "not_a_number": "must be a number",
    "not_a_text": "must be a text",
    "not_an_object": "must be an object",
    "refused": "was refused",
    "unknown": "is not known",
}
"""The sentence by reason; for a reason that is not here, see `OTHERWISE`."""

OTHERWISE = "cannot be used"

OCCASIONS = {
    "too_long": "The list is too long",
    "unknown_outcome": "This may have been done already",
}


@dataclass(frozen=True, slots=True)
class DeskErrors:
    """`{"code": 404, "message": "Not Found"}`, with `fields` for a document with problems."""

    def error(self, status: int, reason: str = "") -> Document:
        """The body for a status, or for its reason."""
        return {"code": status, "message": OCCASIONS.get(reason) or HTTPStatus(status).phrase}

    def partial(self, status: int, pointer: str, reason: str = "") -> Document:
        """The same, for what concerns one place of the client's document."""
        return {**self.error(status, reason), "fields": [{"field": pointers.path(pointer)}]}

    def invalid(self, problems: Sequence[Problem]) -> Document:
        """The body for a document with problems: every place and its sentence."""
        fields = [
            {
                "field": pointers.path(problem.pointer),
                "problem": REASONS.get(problem.reason, OTHERWISE),
            }
            for problem in problems
        ]
        return {**self.error(422), "fields": fields}

    def headers(self, status: int) -> Mapping[str, str]:
        """The headers that the old desk sent with a status."""
        return {"WWW-Authenticate": 'Basic realm="desk"'} if status == 401 else {}

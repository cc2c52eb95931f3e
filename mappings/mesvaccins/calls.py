"""The calls of the new API as options: each path, method and status of success."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mappings.core.endpoint import ID, PATH_PATTERN, UpstreamCall
from mappings.core.evidence import guess, inferred
from mappings.core.options import Section, option


def _path(text: str) -> str:
    if not PATH_PATTERN.fullmatch(text) or text.count(ID) > 1:
        raise ValueError(f'expected a path such as "/health_records/{ID}", with {ID} once at most')
    return text


def _path_with_id(text: str) -> str:
    if ID not in _path(text):
        raise ValueError(f"expected {ID} where the record's id stands")
    return text


def _path_without_id(text: str) -> str:
    if ID in _path(text):
        raise ValueError(f"{ID} has no meaning here: no record is named")
    return text


def _with_body(statuses: tuple[int, ...]) -> tuple[int, ...]:
    if {204, 205} & set(statuses):
        raise ValueError("expected statuses that come with the record: 204 and 205 do not")
    return statuses


Status = Annotated[int, Field(ge=200, le=299)]
Successes = Annotated[tuple[Status, ...], Field(min_length=1)]
WithBody = Annotated[Successes, AfterValidator(_with_body)]


class _Call(Section):
    """One call of the new API; its methods and paths are checked at start."""

    method: str
    path: str
    success: Successes

    def call(self) -> UpstreamCall:
        """The call as endpoints hold it."""
        return UpstreamCall(self.method, self.path, frozenset(self.success))


def _success(default: tuple[int, ...], name: str) -> tuple[int, ...]:
    success: tuple[int, ...] = option(
        default,
        "The statuses that mean success.",
        guess(
            "2.3",
            question="With which statuses does the new API say that a call succeeded?",
            option=f"upstream.{name}.success",
        ),
    )
    return success


def _where(default: str, name: str) -> str:
    path: str = option(
        default,
        "The path below the base URL.",
        guess(
            "2.3",
            question=f"Under which path does the new API {name} health records?",
            option=f"upstream.{name}.path",
        ),
    )
    return path


class ListCall(_Call):
    """Listing the records."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_without_id)] = _where("/health_records", "list")
    success: WithBody = _success((200,), "list")
    key: str | None = option(
        None,
        "The name under which the list stands in the answer; none: the answer is the list.",
        guess(
            "2.3",
            question="Is a list of records a bare array, and does it come in pages?",
            option="upstream.list.key",
        ),
    )


class ReadCall(_Call):
    """Reading one record."""

    method: Literal["GET"] = option("GET", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_with_id)] = _where("/health_records/{id}", "read")
    success: WithBody = _success((200,), "read")


class CreateCall(_Call):
    """Making a record."""

    method: Literal["POST"] = option("POST", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_without_id)] = _where("/health_records", "create")
    success: WithBody = _success((201, 200), "create")


class UpdateCall(_Call):
    """Changing a record."""

    method: Literal["PATCH", "PUT"] = option(
        "PATCH",
        "PATCH sends the changed fields alone; PUT sends the stored record with the changes.",
        guess(
            "2.3",
            question="Is a record changed by PATCH or by PUT?",
            option="upstream.update.method",
        ),
    )
    path: Annotated[str, AfterValidator(_path_with_id)] = _where("/health_records/{id}", "update")
    success: Successes = _success((200, 204), "update")


class DeleteCall(_Call):
    """Deleting a record."""

    method: Literal["DELETE"] = option("DELETE", "The method.", inferred("2.3"))
    path: Annotated[str, AfterValidator(_path_with_id)] = _where("/health_records/{id}", "delete")
    success: Successes = _success((200, 204), "delete")


class Upstream(Section):
    """The new API's calls."""

    list: ListCall = ListCall()
    read: ReadCall = ReadCall()
    create: CreateCall = CreateCall()
    update: UpdateCall = UpdateCall()
    delete: DeleteCall = DeleteCall()
